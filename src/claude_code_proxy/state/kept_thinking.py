"""Kept thinking: what OpenAI clients drop from a turn with tool calls is put back when they replay the turn.

Claude signs its thinking and requires it back, byte for byte and in its place, while a tool loop runs. A turn is found
again by the ids of its tool calls. Thinking is not sent if the turn is by another model, if the client changed its
calls, if the service has refused it, or, on models that bind thinking to what came before it, if that has changed.
This holds for thinking that the client itself sends back, too.
https://platform.claude.com/docs/en/build-with-claude/extended-thinking
"""

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.models.model import Model
from claude_code_proxy.state.prefix import Prefix
from claude_code_proxy.state.thinking_store import KeptEntry, ThinkingStore
from claude_code_proxy.state.turn import KeptTurn, decode, encode, mark_of, rebuilt, reduced, to_turn

KEPT_SECONDS = 12 * 3600.0
_NEVER = b""  # no prefix has this digest


class Found(Struct, frozen=True):
    """What is kept about one conversation: the keys of each turn, by its index, and the entries that were found."""

    keys: Mapping[int, Sequence[str]]
    entries: Mapping[str, bytes]


NOTHING_FOUND = Found({}, {})


def turn_keys(conversation: Sequence[messages.InputMessage]) -> dict[int, list[str]]:
    """Return the keys under which something may be kept about each turn, by index; turns without keys are left out."""
    return {
        index: keys
        for index, turn in enumerate(conversation)
        if turn.role == "assistant" and (keys := _keys(turn.content))
    }


def is_worth_keeping(content: Sequence[messages.Block]) -> bool:
    """Return whether a turn has thinking that the model requires back: it has thinking and calls the client's tools."""
    kinds = {type(block) for block in content}
    return messages.ToolUse in kinds and not kinds.isdisjoint(messages.THINKING_TYPES)


def restore(request: messages.MessagesRequest, model: Model, *, found: Found) -> messages.MessagesRequest:
    """Return `request` with the thinking put back into every replayed turn that is known and unchanged."""
    if not found.entries:
        return request
    prefix = Prefix(request) if model.prefix_binding else None
    return replace(request, messages=_restored(request, model, prefix=prefix, found=found))


class KeptThinking:
    """Keeps and finds thinking in `store`. `clock` returns epoch seconds."""

    def __init__(self, store: ThinkingStore, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock

    async def find(self, keys: Mapping[int, Sequence[str]]) -> Found:
        """Return what is kept under the keys that `turn_keys` gave."""
        entries = await self._store.get([key for some in keys.values() for key in some], self._clock())
        return Found(keys, entries) if entries else NOTHING_FOUND

    async def keep(self, request: messages.MessagesRequest, model: Model, *, message: messages.Message) -> None:
        """Keep the thinking of `message` if the model requires it back. `request` is the one before adaptation."""
        first = _first_call(message.content)
        if first is None or not is_worth_keeping(message.content):
            return
        before, previous = _NEVER, b""
        if model.prefix_binding and not _is_answered_once(request, model):
            keys = turn_keys(request.messages)
            found = await self.find(keys) if keys else NOTHING_FOUND
            prefix = Prefix(request)
            before = prefix.of(_restored(request, model, prefix=prefix, found=found))
            previous = prefix.previous
        turn = to_turn(message, model=model.id, prefix=before, previous=previous)
        await self._store.put([KeptEntry(first, encode(turn), self._clock() + KEPT_SECONDS)])

    async def forget(self, refused: messages.MessagesRequest, less: messages.MessagesRequest) -> None:
        """Record that what `refused` has and `less` lacks is never to be sent again, for any client."""
        pairs = zip(refused.messages, less.messages, strict=False)
        changed = [
            (before, after) for before, after in pairs if before is not after and before.content != after.content
        ]
        if not changed:
            return
        now = self._clock()
        calls = [first for before, _ in changed if (first := _first_call(before.content)) is not None]
        entries = await self._store.get(calls, now)
        forgotten: list[KeptEntry] = []
        for before, after in changed:
            gone = (
                block
                for block in before.content
                if isinstance(block, messages.AnyThinking) and block not in after.content
            )
            forgotten += (KeptEntry(_refusal(block), b"1", now + KEPT_SECONDS) for block in gone)
            first = _first_call(before.content) or ""
            known = decode(entries.get(first))
            if known is not None:
                forgotten.append(KeptEntry(first, encode(reduced(known, after.content)), now + KEPT_SECONDS))
        await self._store.put(forgotten)


def _restored(
    request: messages.MessagesRequest, model: Model, *, prefix: Prefix | None, found: Found
) -> tuple[messages.InputMessage, ...]:
    if not found.entries:
        return request.messages
    hosted = any(isinstance(tool, messages.ServerTool) for tool in request.tools)
    replay = _Replay(found.entries, model, prefix, hosted)
    restored = list(request.messages)
    for index, keys in found.keys.items():
        if any(key in found.entries for key in keys):
            content = replay.whole(restored, index)
            if content is not restored[index].content:
                restored[index] = messages.InputMessage("assistant", content)
    return tuple(restored)


class _Replay(Struct, frozen=True):
    """One conversation that is replayed. `prefix` is None for models that do not bind thinking to it."""

    found: Mapping[str, bytes]
    model: Model
    prefix: Prefix | None
    hosted: bool

    def whole(self, conversation: list[messages.InputMessage], index: int) -> tuple[messages.Block, ...]:
        """Return the restored content of one turn; the turns of `conversation` before it are restored already."""
        content = conversation[index].content
        if any(isinstance(block, messages.AnyThinking) for block in content):
            content = tuple(
                block
                for block in content
                if not (isinstance(block, messages.AnyThinking) and _refusal(block) in self.found)
            )
        known = decode(self.found.get(_first_call(content) or ""))
        if known is None:
            return content
        bare = tuple(block for block in content if not known.has(block))
        if known.model != self.model.id or not self._follows(known, conversation[:index]):
            return content if self.prefix is None else bare
        if any(isinstance(block, messages.AnyThinking) for block in bare):
            return content
        return rebuilt(known, bare, hosted=self.hosted) or content

    def _follows(self, known: KeptTurn, before: list[messages.InputMessage]) -> bool:
        if self.prefix is None:
            return True
        return known.prefix == self.prefix.of(before) and self.prefix.continues(known.previous)


def _is_answered_once(request: messages.MessagesRequest, model: Model) -> bool:
    """Return whether adaptation appends text, which will be missing when the answer is replayed."""
    forces = isinstance(request.tool_choice, messages.ChooseAny | messages.ChooseTool) and not model.forced_tool_choice
    return forces or not request.messages or request.messages[-1].role == "assistant"


def _first_call(content: Sequence[messages.Block]) -> str | None:
    return next((block.id for block in content if type(block) is messages.ToolUse), None)


def _keys(content: Sequence[messages.Block]) -> list[str]:
    """Return the keys of a turn: one for its first call, and one for each of its thinking blocks."""
    keys: list[str] = []
    called = False
    for block in content:
        if type(block) is messages.ToolUse:
            if not called:
                keys.append(block.id)
            called = True
        elif isinstance(block, messages.AnyThinking):
            keys.append(_refusal(block))
    return keys


def _refusal(thought: messages.AnyThinking) -> str:
    return f"refused {mark_of(thought).hex()}"
