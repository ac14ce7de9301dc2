"""A forced tool on a model that refuses forcing -> a strict tool, one instruction, and an answer that is held to it.

Nothing but calls of the right tool is passed on, so a caller sees what a forced model would have given it.
"""

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.adaptation.reply import Unmet
from claude_code_proxy.adjustment import Adjustment
from claude_code_proxy.models.model import Model

_PARAM = "tool_choice"
_JUDGED = frozenset({"end_turn", "tool_use", "stop_sequence", None})


class Forced(Struct, frozen=True):
    """The tool that must be called, by the name that is sent; None: any."""

    name: str | None

    def allows(self, block: messages.Block) -> bool:
        return isinstance(block, messages.ToolUse) and (self.name is None or block.name == self.name)


def settle_forcing(
    request: messages.MessagesRequest, model: Model, *, notes: list[Adjustment]
) -> tuple[messages.MessagesRequest, Forced | None]:
    """Native where the model has it. Tools must be settled; what is added to the conversation is not in place yet."""
    choice = request.tool_choice
    if not isinstance(choice, messages.ChooseAny | messages.ChooseTool) or _is_native(model):
        return request, None
    name = choice.name if isinstance(choice, messages.ChooseTool) else None
    notes.append(
        Adjustment(_PARAM, "emulated", "this model cannot be forced: by an instruction; the answer is checked")
    )
    wanted = f"the tool `{name}`" if name else "at least one of the tools"
    words = f"Answer with a call of {wanted} now, and with no other text."
    changed = replace(
        request,
        tools=tuple(_strict(tool, name) for tool in request.tools) if name else request.tools,
        tool_choice=messages.ChooseAuto(choice.disable_parallel_tool_use),
        messages=(*request.messages, messages.InputMessage("system", (messages.Text(words),))),
    )
    return changed, Forced(name)


def _is_native(model: Model) -> bool:
    """A model that always thinks, and does not let itself be forced while it does, cannot be forced at all."""
    can_think_off = model.thinking_default == "off" or model.thinking_off is not None
    return model.forced_tool_choice and (model.forced_with_adaptive or can_think_off)


def _strict(tool: messages.Tool | messages.HostedTool, name: str) -> messages.Tool | messages.HostedTool:
    if isinstance(tool, messages.Tool) and tool.name == name:
        return replace(tool, strict=True)
    return tool


def judge(forced: Forced, message: messages.Message, *, request: messages.MessagesRequest) -> Unmet | None:
    """Whether the answer calls the tool; if not, what to ask for once more. `request` is what was sent."""
    if message.stop_reason not in _JUDGED or any(map(forced.allows, message.content)):
        return None
    wanted = f"`{forced.name}`" if forced.name else "a tool"
    again = f"That was not a call of {wanted}, and only such a call can be used. Call {wanted} now."
    given = messages.InputMessage("assistant", message.content)
    asked = messages.InputMessage("user", (messages.Text(again),))
    return Unmet(
        f"The model did not call {wanted}, as 'tool_choice' asks for.",
        param=_PARAM,
        code="tool_choice_not_met",
        repair=replace(request, messages=(*request.messages, given, asked)),
    )


class CallsOnly:
    """The reply filter that passes on no text before the first call that is allowed, and no other calls.

    Until then it holds everything back; an answer without such a call is a refusal or was cut short, and passes whole.
    """

    def __init__(self, forced: Forced) -> None:
        self._forced = forced
        self._held: list[messages.Event] | None = []
        self._places: dict[int, int] | None = {}  # of the blocks that are passed on; None: all stay where they are

    def message(self, message: messages.Message) -> messages.Message:
        first = next((at for at, block in enumerate(message.content) if self._forced.allows(block)), None)
        if first is None:
            return message
        kept = (block for at, block in enumerate(message.content) if self._is_kept(block, begun=at >= first))
        return replace(message, content=tuple(kept))

    def feed(self, event: messages.Event) -> Sequence[messages.Event]:
        if self._held is None:
            return self._placed(event, begun=True)
        match event:
            case messages.ContentBlockStart(content_block=block) if self._forced.allows(block):
                return self._begin(event)
            case messages.MessageDelta():
                held, self._held, self._places = self._held, None, None
                return (*held, event)
            case messages.Ping():
                return ()
            case _:
                self._held.append(event)
                return ()

    def close(self) -> Sequence[messages.Event]:
        return ()

    def _begin(self, event: messages.Event) -> Sequence[messages.Event]:
        held, self._held = self._held or [], None
        before = [out for earlier in held for out in self._placed(earlier, begun=False)]
        return (*before, *self._placed(event, begun=True))

    def _placed(self, event: messages.Event, *, begun: bool) -> Sequence[messages.Event]:
        """The event with its block's place among those that are passed on; nothing for one that is not."""
        if self._places is None:
            return (event,)
        match event:
            case messages.ContentBlockStart(index=index, content_block=block):
                if not self._is_kept(block, begun=begun):
                    return ()
                self._places[index] = len(self._places)
            case messages.ContentBlockDelta(index=index) | messages.ContentBlockStop(index=index):
                pass
            case _:
                return (event,)
        return (replace(event, index=self._places[index]),) if index in self._places else ()

    def _is_kept(self, block: messages.Block, *, begun: bool) -> bool:
        if isinstance(block, messages.ToolUse):
            return self._forced.allows(block)
        return begun or not isinstance(block, messages.Text)
