"""Kept thinking: what OpenAI clients forget of a turn with tool calls is put back when they replay it.

Claude signs its thinking and wants it back, byte for byte and in its place, while a tool loop runs. A turn is found
again by the ids of its tool calls. Left out are turns of another model, turns whose calls the client changed, on models
that bind thinking to what came before it turns after a changed prefix, and what the service has refused: all that even
where the client itself hands it back.
https://platform.claude.com/docs/en/build-with-claude/extended-thinking
"""

from collections.abc import Callable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.models.model import Model
from claude_code_proxy.state.prefix import Prefix
from claude_code_proxy.state.store import Store
from claude_code_proxy.state.turn import KeptTurn, decode, encode, mark_of, rebuilt, reduced, to_turn

KEPT_SECONDS = 12 * 3600.0
_NEVER = b""  # a prefix that nothing has


class KeptThinking:
    """`clock` gives epoch seconds."""

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock

    def keep(self, request: messages.MessagesRequest, model: Model, *, message: messages.Message) -> None:
        """Keeps the thinking of a turn with tool calls. `request` is what the client sent, before adaptation."""
        first = _first_call(message.content)
        if first is None or not any(isinstance(block, messages.AnyThinking) for block in message.content):
            return
        before, previous = _NEVER, b""
        if model.prefix_binding and not _is_asked_once(request, model):
            prefix = Prefix(request)
            before = prefix.of(self._restored(request, model, prefix=prefix))
            previous = prefix.previous
        turn = to_turn(message, model=model.id, prefix=before, previous=previous)
        self._store.put(first, encode(turn), until=self._clock() + KEPT_SECONDS)

    def restore(self, request: messages.MessagesRequest, model: Model) -> messages.MessagesRequest:
        """`request` with the thinking put back into every replayed turn that is known and still fits."""
        restored = self._restored(request, model, prefix=Prefix(request) if model.prefix_binding else None)
        return request if restored is request.messages else replace(request, messages=restored)

    def forget(self, refused: messages.MessagesRequest, less: messages.MessagesRequest) -> None:
        """What of `refused` is no longer in `less` is not sent again, whoever has it."""
        until = self._clock() + KEPT_SECONDS
        for before, after in zip(refused.messages, less.messages, strict=False):
            if before is after or before.content == after.content:
                continue
            for block in before.content:
                if isinstance(block, messages.AnyThinking) and block not in after.content:
                    self._store.put(_refusal(block), b"1", until=until)
            first = _first_call(before.content)
            known = None if first is None else decode(self._store.get((first,), self._clock()).get(first))
            if first is not None and known is not None:
                self._store.put(first, encode(reduced(known, after.content)), until=until)

    def _restored(
        self, request: messages.MessagesRequest, model: Model, *, prefix: Prefix | None
    ) -> tuple[messages.InputMessage, ...]:
        wanted = {
            index: keys
            for index, turn in enumerate(request.messages)
            if turn.role == "assistant" and (keys := _keys(turn.content))
        }
        if not wanted:
            return request.messages
        found = self._store.get([key for keys in wanted.values() for key in keys], self._clock())
        if not found:
            return request.messages
        hosted = any(isinstance(tool, messages.HostedTool) for tool in request.tools)
        replay = _Replay(found, model, prefix, hosted)
        restored = list(request.messages)
        for index, keys in wanted.items():
            if any(key in found for key in keys):
                content = replay.whole(restored, index)
                if content is not restored[index].content:
                    restored[index] = messages.InputMessage("assistant", content)
        return tuple(restored)


class _Replay(Struct, frozen=True):
    """What is known of one conversation. `prefix` is given where thinking is bound to it."""

    found: Mapping[str, bytes]
    model: Model
    prefix: Prefix | None
    hosted: bool

    def whole(self, conversation: list[messages.InputMessage], index: int) -> tuple[messages.Block, ...]:
        """The content of one turn; `conversation` is whole up to there."""
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


def _is_asked_once(request: messages.MessagesRequest, model: Model) -> bool:
    """Whether the answer is to words that adaptation adds at the end, which are not there when it is replayed."""
    forces = isinstance(request.tool_choice, messages.ChooseAny | messages.ChooseTool) and not model.forced_tool_choice
    return forces or not request.messages or request.messages[-1].role == "assistant"


def _first_call(content: tuple[messages.Block, ...]) -> str | None:
    return next((block.id for block in content if type(block) is messages.ToolUse), None)


def _keys(content: tuple[messages.Block, ...]) -> list[str]:
    """Under which something may be known of a turn: by its first call, and by thinking that was refused."""
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
