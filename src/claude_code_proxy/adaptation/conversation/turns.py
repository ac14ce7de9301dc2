"""Input messages in any order -> turns that the service takes: user first, alternating, every tool call answered.

Which blocks a role can hold is decided in `blocks`, calls and results in `pairing`, late system messages in `system`.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.adaptation import thinking
from claude_code_proxy.adaptation.conversation import blocks, pairing, system
from claude_code_proxy.adjustment import Action, Adjustment
from claude_code_proxy.errors import InvalidRequest
from claude_code_proxy.models.model import Model

MOST_MESSAGES = 100_000
_EMPTY_TURN = (messages.Text("(no content)"),)
_UNSAID = Adjustment("messages", Action.INSERTED, "an empty user message is sent as (no content)")
_FIRST_TURN = messages.InputMessage("user", (messages.Text("(the conversation begins)"),))
_CONTINUE = messages.InputMessage("user", (messages.Text("Continue."),))


def normalize_turns(
    request: messages.MessagesRequest, model: Model, *, may_prefill: bool, notes: list[Adjustment]
) -> messages.MessagesRequest:
    """Return the request with a conversation that can be sent; itself when it already has one.

    `may_prefill`: whether an answer that only goes on with the last assistant turn is of use.
    """
    request = _with_messages(system.without_blanks(request, notes=notes), notes=notes)
    turns = _turns(request.messages, model, notes=notes)
    if not pairing.is_paired(turns):
        turns = _merged(pairing.paired(turns, notes=notes), notes=None)
        turns = _well_placed(turns, model, notes=notes)
    if not turns:
        turns.append(messages.InputMessage("user", _EMPTY_TURN))
        notes.append(_UNSAID)
    if turns[0].role != "user" and type(turns[0].content[0]) is not messages.Compaction:
        turns.insert(0, _FIRST_TURN)
        notes.append(Adjustment("messages", Action.INSERTED, "the first turn must be the user's"))
    if turns[-1].role == "assistant":
        _end(turns, can_prefill=may_prefill and _can_prefill(request, model), notes=notes)
    normalized = tuple(turns)
    return request if normalized == request.messages else replace(request, messages=normalized)


def _with_messages(request: messages.MessagesRequest, *, notes: list[Adjustment]) -> messages.MessagesRequest:
    """Return the request with at least one message: system text alone becomes the user's."""
    if len(request.messages) > MOST_MESSAGES:
        raise InvalidRequest(f"A conversation can have at most {MOST_MESSAGES:,} messages.", path="messages")
    if request.messages:
        return request
    if not request.system:
        raise InvalidRequest("At least one message is required.", path="messages")
    notes.append(Adjustment("messages", Action.MAPPED, "system messages alone are asked as the user's"))
    return replace(request, system=(), messages=(messages.InputMessage("user", request.system),))


def _turns(
    conversation: Sequence[messages.InputMessage], model: Model, *, notes: list[Adjustment]
) -> list[messages.InputMessage]:
    """Return normalized and merged turns, with system messages only where the model takes them."""
    normalized: list[messages.InputMessage] = []
    late = False
    for original in conversation:
        content = blocks.normalize_blocks(original, notes=notes)
        message = original if content is original.content else messages.InputMessage(original.role, content)
        if message.role == "system":
            late = True
            if not model.mid_conversation_system:
                message = system.as_user(message, notes=notes)
        if message.content or message.role == "user":
            normalized.append(message)
        elif message.role == "assistant":
            notes.append(Adjustment("messages", Action.DROPPED, "an assistant message that says nothing"))
    turns = _without_last_thoughts(_merged(normalized, notes=notes), notes=notes)
    return _well_placed(turns, model, notes=notes) if late and model.mid_conversation_system else turns


def _without_last_thoughts(
    turns: list[messages.InputMessage], *, notes: list[Adjustment]
) -> list[messages.InputMessage]:
    """No assistant turn may end in thinking, and thinking that nothing came of need not be replayed."""
    for turn in turns:
        if turn.role == "assistant" and type(turn.content[-1]) in messages.THINKING_TYPES:
            break
    else:
        return turns
    notes.append(Adjustment("messages", Action.DROPPED, "thinking at the end of an assistant turn cannot be replayed"))
    kept = (thinking.without_last_thoughts(turn) if turn.role == "assistant" else turn for turn in turns)
    return _merged([turn for turn in kept if turn.content], notes=None)


def _well_placed(
    turns: list[messages.InputMessage], model: Model, *, notes: list[Adjustment]
) -> list[messages.InputMessage]:
    """System messages where they may stand, as they may stand there; those that may not are marked text."""
    for index, turn in enumerate(turns):
        after = turns[index + 1] if index + 1 < len(turns) else None
        if turn.role == "system" and not system.can_stand_between(turns[index - 1] if index else None, after):
            turns[index] = system.as_user(turn, notes=notes)
    turns = _merged(turns, notes=None)
    for index, turn in enumerate(turns):
        if turn.role == "system":
            turns[index] = system.unmarked(turn, notes=notes)
            if not model.system_after_results:
                turns[index - 1] = system.parted_from_results(turns[index - 1], notes=notes)
    return turns


def _merged(
    conversation: list[messages.InputMessage], *, notes: list[Adjustment] | None
) -> list[messages.InputMessage]:
    """Consecutive messages of one role become one turn. A user turn that is left empty says so."""
    turns: list[messages.InputMessage] = []
    start, end = 0, len(conversation)
    while start < end:
        turn, at = conversation[start], start + 1
        while at < end and conversation[at].role == turn.role:
            at += 1
        if at > start + 1:
            turn = _joined(conversation[start:at], notes=notes)
        turns.append(turn if turn.content else _with_words(turn, notes=notes))
        start = at
    return turns


def _with_words(turn: messages.InputMessage, *, notes: list[Adjustment] | None) -> messages.InputMessage:
    """Return an empty turn with a text that says so."""
    if notes is not None:
        notes.append(_UNSAID)
    return replace(turn, content=_EMPTY_TURN)


def _joined(run: Sequence[messages.InputMessage], *, notes: list[Adjustment] | None) -> messages.InputMessage:
    """Return one message of several. Joining tool results or marked system text is usual, and worth no note."""
    role = run[0].role
    has_content = bool(run[0].content)
    for message in run[1:]:
        if notes is not None and _is_noted(message, has_content=has_content):
            notes.append(Adjustment("messages", Action.MERGED, f"consecutive {role} messages became one turn"))
        has_content = has_content or bool(message.content)
    return messages.InputMessage(role, tuple([block for message in run for block in message.content]))


def _is_noted(message: messages.InputMessage, *, has_content: bool) -> bool:
    if message.role == "system":
        return False
    if not has_content or not message.content:
        return True
    return type(message.content[0]) is not messages.ToolResult and not system.is_marked(message.content[0])


def _can_prefill(request: messages.MessagesRequest, model: Model) -> bool:
    return model.prefill and not isinstance(request.thinking, messages.Enabled | messages.Adaptive)


def _end(turns: list[messages.InputMessage], *, can_prefill: bool, notes: list[Adjustment]) -> None:
    """Prepare a last assistant turn: the model continues it where it can; else a user turn asks for that."""
    last = turns[-1].content[-1]
    if _is_hosted(last):
        return
    if can_prefill and isinstance(last, messages.Text):
        stripped = last.text.rstrip()
        if stripped != last.text:
            turns[-1] = replace(turns[-1], content=(*turns[-1].content[:-1], replace(last, text=stripped)))
            notes.append(
                Adjustment("messages", Action.MAPPED, "white space at the end of the last assistant text is left out")
            )
        return
    turns.append(_CONTINUE)
    reason = "the model cannot go on with an assistant turn here, so it is asked to in a user turn"
    notes.append(Adjustment("messages", Action.INSERTED, reason, changes_meaning=True))


def _is_hosted(block: messages.Block) -> bool:
    """Whether a turn that ends so is one that the service paused, and goes on with when it is sent again."""
    if isinstance(block, messages.UnknownBlock):
        return block.type.endswith(("tool_use", "tool_result"))
    return isinstance(block, messages.ServerToolUse | messages.WebSearchToolResult)
