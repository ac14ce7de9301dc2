"""Compaction, both ways: a summary is made by the service where the model has that, else asked for in words.

A block that the service has signed goes back before all other messages, in place of what it summarizes. What the user
wrote before it, and the client has kept, follows it. Any other summary becomes text of the user's.
https://platform.claude.com/docs/en/build-with-claude/compaction
"""

from collections.abc import Sequence

from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.adjustment import Action, Adjustment
from claude_code_proxy.errors import UpstreamBroke
from claude_code_proxy.messages.content import NO_JSON
from claude_code_proxy.models.model import Model

BETA = "compact-2026-09-04"
_INSTRUCTIONS = (
    "Summarize this conversation now, so that it can be continued from the summary alone. Call no tools. State what "
    "the user asked for, in their own words where these matter; what was done and found, with the names of files and "
    "commands; decisions and their reasons; errors and how they were solved; the present state; and what is to be done "
    "next. Leave nothing out that is needed to go on. Answer with the summary alone."
)
_EARLIER = "The user's messages up to here, which the summary covers:"
_OPEN, _CLOSE = "<summary_of_earlier_conversation>\n", "\n</summary_of_earlier_conversation>"
_GO_ON = messages.Text("Go on from the summary.")
_UserBlock = messages.Text | messages.Image | messages.Document


def is_used(request: messages.MessagesRequest) -> bool:
    """Tell whether a summary is asked for, or the conversation has one. Those of context management are not meant."""
    if request.compaction is not None:
        return True
    if not request.context_management:
        for turn in request.messages:
            if turn.role == "assistant" and turn.content and type(turn.content[0]) is messages.Compaction:
                return True
    return False


def normalize_compaction(
    request: messages.MessagesRequest, model: Model, *, notes: list[Adjustment]
) -> tuple[messages.MessagesRequest, bool]:
    """Return the request as the model takes it, and whether its answer will be the text of a summary."""
    request = replace(request, messages=_with_summary(request.messages, model))
    summarize = request.compaction
    if summarize is None:
        return request, False
    request = replace(request, output_config=_without_format(request.output_config), context_management=NO_JSON)
    if model.summarizes:
        return request, False
    notes.append(Adjustment("compaction", Action.EMULATED, "the model is asked for a summary"))
    ask = messages.InputMessage("user", (messages.Text(summarize.instructions or _INSTRUCTIONS),))
    choice = messages.ChooseNone() if request.tools else None
    return replace(request, compaction=None, messages=(*request.messages, ask), tool_choice=choice), True


def _without_format(config: messages.OutputConfig | None) -> messages.OutputConfig | None:
    if config is None or config.format is None:
        return config
    return messages.OutputConfig(config.effort) if config.effort else None


def _with_summary(turns: Sequence[messages.InputMessage], model: Model) -> tuple[messages.InputMessage, ...]:
    """Return the turns from the last summary on, with what the user wrote before it."""
    at = max((index for index, turn in enumerate(turns) if _summary_of(turn) is not None), default=-1)
    summary = _summary_of(turns[at]) if at >= 0 else None
    if summary is None:
        return tuple(turn for turn in map(_without_failed, turns) if turn.content)
    kept = [block for turn in turns[:at] if turn.role == "user" for block in turn.content]
    own = [block for block in kept if isinstance(block, _UserBlock)]
    rest = turns[at].content[1:]
    later = (*((messages.InputMessage("assistant", rest),) if rest else ()), *turns[at + 1 :])
    if not (model.summarizes and summary.signature):
        text = messages.Text(f"{_OPEN}{summary.content}{_CLOSE}")
        return (messages.InputMessage("user", (*own, text)), *later)
    following = (messages.Text(_EARLIER), *own) if own else ()
    if not following and not (later and later[0].role == "user"):
        following = (_GO_ON,)
    begin = [messages.InputMessage("assistant", (summary,)), messages.InputMessage("user", following)]
    return (*begin[: 1 + bool(following)], *later)


def _summary_of(turn: messages.InputMessage) -> messages.Compaction | None:
    """Return the summary that a turn begins with. One without content is that of a failed compaction."""
    first = turn.content[0] if turn.content else None
    return first if isinstance(first, messages.Compaction) and first.content else None


def _without_failed(turn: messages.InputMessage) -> messages.InputMessage:
    content = tuple(block for block in turn.content if not isinstance(block, messages.Compaction))
    return turn if len(content) == len(turn.content) else replace(turn, content=content)


class SummaryAnswer:
    """The reply filter that makes a compaction of a text: thinking and calls beside it are left out."""

    def __init__(self) -> None:
        self._answer = messages.Accumulator()

    def message(self, message: messages.Message) -> messages.Message:
        text = "\n".join(block.text for block in message.content if isinstance(block, messages.Text)).strip()
        if not text or message.stop_reason == "refusal":
            raise UpstreamBroke("The conversation could not be summarized: the model answered without a summary.")
        return replace(message, content=(messages.Compaction(text),), stop_reason="compaction")

    def feed(self, event: messages.Event) -> Sequence[messages.Event]:
        self._answer.feed(event)
        match event:
            case messages.MessageStart() | messages.Ping():
                return (event,)
            case messages.MessageStop():
                return tuple(messages.as_events(self.message(self._answer.message())))[1:]
            case _:
                return ()

    def close(self) -> Sequence[messages.Event]:
        return ()
