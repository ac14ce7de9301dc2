"""Tool calls and their results -> every call answered once, at the start of the very next user turn.

Clients trim, repeat and reorder history. A late result goes back to its call, a missing one is stated as an error, and
a result without a call stays as text. Ids that the service refuses are rewritten alike on both sides.
"""

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise, takewhile

from msgspec import Struct
from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.adjustment import Action, Adjustment

_ID = re.compile(r"[a-zA-Z0-9_-]+")
_ILLEGAL = re.compile(r"[^a-zA-Z0-9_-]")
_WORDS = frozenset({messages.Text, *messages.THINKING_TYPES})
_CALLS_AND_THINKING = frozenset({messages.ToolUse, *messages.THINKING_TYPES})
_NO_RESULT = (messages.Text("No result of this call was recorded."),)


def is_paired(conversation: Sequence[messages.InputMessage]) -> bool:
    """Whether the service would take all calls and results as they are. `conversation` has merged turns."""
    seen: set[str] = set()
    waiting: list[str] = []
    for message in conversation:
        if message.role == "assistant":
            if waiting:
                return False
            waiting = [block.id for block in message.content if type(block) is messages.ToolUse]
            if waiting and not (_are_new(waiting, seen) and _come_last(message, len(waiting))):
                return False
        elif not _answers(message, waiting):
            return False
        else:
            waiting = []
    return not waiting


def _are_new(ids: list[str], seen: set[str]) -> bool:
    before = len(seen)
    seen.update(ids)
    return len(seen) == before + len(ids) and all(map(_ID.fullmatch, ids))


def _come_last(message: messages.InputMessage, count: int) -> bool:
    """Tell whether no text follows the first call; thinking may stand between calls, and the service's own blocks."""
    kinds = [type(block) for block in message.content]
    first = kinds.index(messages.ToolUse)
    return first == len(kinds) - count or messages.Text not in kinds[first:]


def _answers(message: messages.InputMessage, waiting: list[str]) -> bool:
    """Whether the results in `message` are those that are waited for, and come first."""
    answered: list[str] = []
    for at, block in enumerate(message.content):
        if type(block) is messages.ToolResult:
            if at != len(answered):
                return False
            answered.append(block.tool_use_id)
    return answered == waiting or (len(answered) == len(waiting) and set(answered) == set(waiting))


class _Call(Struct):
    """A call at its turn. `id` is the one that goes upstream."""

    turn: int
    id: str
    result: messages.ToolResult | None = None


def paired(conversation: Sequence[messages.InputMessage], *, notes: list[Adjustment]) -> list[messages.InputMessage]:
    """Return the conversation with calls and results in pairs, the results in messages of their own.

    Calls come last in their turn. A turn of nothing but results that were moved away is gone.
    """
    return _Pairing(notes).of(conversation)


class _SameId:
    """The calls that have one id of the client's. `add` and `take` take the same time however many there are."""

    def __init__(self) -> None:
        self._unanswered: list[deque[_Call]] = []  # by turn, the latest last
        self._last: _Call | None = None

    def add(self, call: _Call) -> None:
        if self._last is None or self._last.turn != call.turn:
            self._unanswered.append(deque())
        self._unanswered[-1].append(call)
        self._last = call

    def take(self, turn: int) -> _Call | None:
        """Return the first unanswered call of the turn before `turn`, else the latest unanswered one, else the last."""
        while self._unanswered and not self._unanswered[-1]:
            self._unanswered.pop()
        if not self._unanswered:
            return self._last
        calls = self._unanswered[-1]
        return calls.popleft() if calls[0].turn == turn - 1 else calls.pop()


class _Pairing:
    def __init__(self, notes: list[Adjustment]) -> None:
        self._notes = notes
        self._ids: set[str] = set()
        self._counts: dict[str, int] = {}  # how many names of an id are taken: `id`, `id_2` …
        self._calls: list[_Call] = []
        self._by_id: dict[str, _SameId] = {}  # by the client's id

    def of(self, conversation: Sequence[messages.InputMessage]) -> list[messages.InputMessage]:
        conversation = _split_after_unanswered(conversation)
        turns = [self._assigned(message, turn) for turn, message in enumerate(conversation)]
        return list(self._answered(turns))

    def _assigned(self, message: messages.InputMessage, turn: int) -> messages.InputMessage:
        """`message` with its calls under their new ids and its results taken out, for later."""
        if message.role == "assistant":
            content = _calls_last(message.content)
            return replace(message, content=tuple(self._opened(block, turn) for block in content))
        return replace(message, content=tuple(kept for block in message.content for kept in self._assign(block, turn)))

    def _opened(self, block: messages.Block, turn: int) -> messages.Block:
        if not isinstance(block, messages.ToolUse):
            return block
        call = _Call(turn, self._unique(block.id))
        self._calls.append(call)
        self._by_id.setdefault(block.id, _SameId()).add(call)
        return block if call.id == block.id else replace(block, id=call.id)

    def _unique(self, id: str) -> str:
        legal = _ILLEGAL.sub("_", id) or "call"
        count = self._counts.get(legal, 1)
        unique = legal if count == 1 else f"{legal}_{count}"
        while unique in self._ids:
            count += 1
            unique = f"{legal}_{count}"
        self._counts[legal] = count
        if unique != id:
            self._note(Action.RENAMED, "a tool call's id was illegal or not unique")
        self._ids.add(unique)
        return unique

    def _assign(self, block: messages.Block, turn: int) -> tuple[messages.Block, ...]:
        """Return what of `block` stays where it is."""
        if not isinstance(block, messages.ToolResult):
            return (block,)
        same_id = self._by_id.get(block.tool_use_id)
        call = None if same_id is None else same_id.take(turn)
        if call is None:
            self._note(Action.MAPPED, "a tool result without its call became text")
            return _as_text(block)
        if call.turn != turn - 1:
            self._note(Action.MAPPED, "a late tool result went back to its call")
        if call.result is not None:
            self._note(Action.DROPPED, "of two results of one tool call the last is kept")
        call.result = replace(block, tool_use_id=call.id)
        return ()

    def _answered(self, turns: Iterable[messages.InputMessage]) -> Iterator[messages.InputMessage]:
        calls: dict[int, list[_Call]] = {}
        for call in self._calls:
            calls.setdefault(call.turn, []).append(call)
        for turn, message in enumerate(turns):
            if message.content:
                yield message
            if turn in calls:
                order = {block.id: n for n, block in enumerate(message.content) if isinstance(block, messages.ToolUse)}
                results = sorted(map(self._result, calls[turn]), key=lambda result: order[result.tool_use_id])
                yield messages.InputMessage("user", tuple(results))

    def _result(self, call: _Call) -> messages.ToolResult:
        if call.result is not None:
            return call.result
        self._note(Action.INSERTED, "a tool call had no result")
        return messages.ToolResult(call.id, _NO_RESULT, is_error=True)

    def _note(self, action: Action, reason: str) -> None:
        self._notes.append(Adjustment("messages", action, reason))


def _split_after_unanswered(conversation: Sequence[messages.InputMessage]) -> list[messages.InputMessage]:
    """Split each assistant turn that goes on in words after calls of which no result ever came.

    The words were written after the call failed, so they stay after it and the result that is made up for it.
    """
    last_result: dict[str, int] = {}  # the last turn with a result, by the id of the call
    for turn, message in enumerate(conversation):
        if message.role == "user":
            last_result |= {b.tool_use_id: turn for b in message.content if type(b) is messages.ToolResult}
    found: list[messages.InputMessage] = []
    for turn, message in enumerate(conversation):
        if message.role != "assistant":
            found.append(message)
            continue
        ends = [0, *_ends_of_unanswered(message.content, turn, last_result=last_result), len(message.content)]
        found += (replace(message, content=message.content[a:b]) for a, b in pairwise(ends))
    return found


def _ends_of_unanswered(
    content: Sequence[messages.Block], turn: int, *, last_result: Mapping[str, int]
) -> Iterator[int]:
    """Yield each place where words follow calls, none of which is answered later."""
    answered = True
    for at, block in enumerate(content):
        if type(block) is messages.ToolUse:
            is_answered = last_result.get(block.id, -1) > turn
            follows_call = at > 0 and type(content[at - 1]) is messages.ToolUse
            answered = is_answered or (answered and follows_call)
        elif type(content[at - 1]) is messages.ToolUse and at > 0 and not answered and _is_said(content[at:]):
            yield at


def _is_said(content: Sequence[messages.Block]) -> bool:
    """Tell whether the turn goes on in text before its next call."""
    words = takewhile(lambda block: type(block) in _WORDS, content)
    return any(type(block) is messages.Text for block in words)


def _calls_last(content: tuple[messages.Block, ...]) -> tuple[messages.Block, ...]:
    """Return the blocks with text before the first call; the thinking between two calls stays there."""
    first = next((at for at, block in enumerate(content) if type(block) is messages.ToolUse), len(content))
    if all(type(block) is not messages.Text for block in content[first:]):
        return content
    moved = tuple(block for block in content[first:] if type(block) not in _CALLS_AND_THINKING)
    rest = tuple(block for block in content[first:] if type(block) in _CALLS_AND_THINKING)
    return (*content[:first], *moved, *rest)


def _as_text(result: messages.ToolResult) -> tuple[messages.Block, ...]:
    """Return the result as blocks of their own, the text of which says where it comes from."""
    text = "\n".join(block.text for block in result.content if isinstance(block, messages.Text))
    other_blocks = tuple(block for block in result.content if not isinstance(block, messages.Text))
    origin = f"Result of tool call {result.tool_use_id}, which is no longer in the conversation:"
    return (messages.Text(f"{origin}\n{text or ('(below)' if other_blocks else '(nothing)')}"), *other_blocks)
