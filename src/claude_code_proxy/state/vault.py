"""The thinking vault: what OpenAI clients forget of a turn with tool calls is put back when they replay it.

Claude signs its thinking and wants it back, byte for byte, while a tool loop runs. A turn is found again by the ids of
its tool calls. Left out are turns of another model, turns whose calls the client changed, and, on models that bind
thinking to what came before it, turns after a changed prefix.
https://platform.claude.com/docs/en/build-with-claude/extended-thinking
"""

import hashlib
from collections.abc import Callable, Iterator
from typing import TypeAlias

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.models.model import Model
from claude_code_proxy.state.store import Store

KEPT_SECONDS = 12 * 3600.0
Thought: TypeAlias = messages.Thinking | messages.RedactedThinking


class _TextMark(Struct, frozen=True, tag_field="type", tag="t"):
    length: int


class _CallMark(Struct, frozen=True, tag_field="type", tag="c"):
    id: str


class _Turn(Struct, frozen=True):
    """A turn without its words: its thinking, and where between it text and calls stood."""

    model: str
    prefix: bytes
    order: tuple[messages.Thinking | messages.RedactedThinking | _TextMark | _CallMark, ...]


_turns: msgspec.json.Decoder[_Turn] = msgspec.json.Decoder(_Turn)


class ThinkingVault:
    """`clock` gives epoch seconds."""

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock

    def keep(self, request: messages.MessagesRequest, model: Model, *, message: messages.Message) -> None:
        """Keeps the thinking of a turn with tool calls. `request` is what the client sent, before adaptation."""
        calls = [block for block in message.content if isinstance(block, messages.ToolUse)]
        if model.prefix_binding and _is_asked_once(request, model):
            return
        if not calls or not any(isinstance(block, Thought) for block in message.content):
            return
        prefix = _Prefix(request).upto(len(request.messages)) if model.prefix_binding else b""
        turn = _Turn(model.id, prefix, tuple(_marks(message.content)))
        self._store.put(calls[0].id, msgspec.json.encode(turn), until=self._clock() + KEPT_SECONDS)

    def restore(self, request: messages.MessagesRequest, model: Model) -> messages.MessagesRequest:
        """`request` with the thinking put back into every replayed turn that is known and still fits."""
        wanted = {index: first for index, turn in enumerate(request.messages) if (first := _first_call(turn))}
        if not wanted:
            return request
        found = self._store.get(wanted.values(), self._clock())
        if not found:
            return request
        prefix = _Prefix(request)
        restored = list(request.messages)
        for index, first in wanted.items():
            if first in found:
                turn = _turns.decode(found[first])
                if turn.model == model.id and (not model.prefix_binding or turn.prefix == prefix.upto(index)):
                    content = _rebuilt(turn, restored[index].content)
                    restored[index] = messages.InputMessage("assistant", content)
        return replace(request, messages=tuple(restored))


def _is_asked_once(request: messages.MessagesRequest, model: Model) -> bool:
    """Whether the answer is to words that adaptation adds at the end, which are not there when it is replayed."""
    forces = isinstance(request.tool_choice, messages.ChooseAny | messages.ChooseTool) and not model.forced_tool_choice
    return forces or not request.messages or request.messages[-1].role == "assistant"


class _Prefix:
    """Digests of a conversation up to a message, as the client tells it: cache breakpoints do not count.

    A format counts, because it may be asked for in the system prompt.
    """

    def __init__(self, request: messages.MessagesRequest) -> None:
        self._messages = request.messages
        self._at = 0
        self._hash = hashlib.blake2b(digest_size=16)
        for block in request.system:
            self._hash.update(_bare(block))
        for tool in request.tools:
            self._hash.update(messages.encode_request(replace(tool, cache_control=None)))
        if request.output_config is not None and request.output_config.format is not None:
            self._hash.update(messages.encode_request(request.output_config.format))

    def upto(self, index: int) -> bytes:
        """Of everything before message `index`; the indexes asked for must not fall."""
        for message in self._messages[self._at : index]:
            self._hash.update(message.role.encode())
            for block in message.content:
                if not isinstance(block, Thought):
                    self._hash.update(_bare(block))
        self._at = index
        return self._hash.digest()


def _bare(block: messages.Block) -> bytes:
    if getattr(block, "cache_control", None) is not None:
        block = replace(block, cache_control=None)  # type: ignore[type-var]
    return messages.encode_request(block)


def _first_call(turn: messages.InputMessage) -> str | None:
    """The id of the first call of a turn that has calls and lacks its thinking."""
    if turn.role != "assistant":
        return None
    first = None
    for block in turn.content:
        if isinstance(block, Thought):
            return None
        if first is None and isinstance(block, messages.ToolUse):
            first = block.id
    return first


def _marks(content: tuple[messages.Block, ...]) -> Iterator[Thought | _TextMark | _CallMark]:
    for block in content:
        match block:
            case messages.Thinking() | messages.RedactedThinking():
                yield block
            case messages.Text():
                yield _TextMark(len(block.text))
            case messages.ToolUse():
                yield _CallMark(block.id)
            case _:
                pass


def _rebuilt(turn: _Turn, content: tuple[messages.Block, ...]) -> tuple[messages.Block, ...]:
    """The client's blocks in their old order with the thinking between them; as they are, if they do not fit."""
    calls = {block.id: block for block in content if isinstance(block, messages.ToolUse)}
    text = "".join(block.text for block in content if isinstance(block, messages.Text))
    others = len(content) - len(calls) - sum(isinstance(block, messages.Text) for block in content)
    ids = [mark.id for mark in turn.order if isinstance(mark, _CallMark)]
    length = sum(mark.length for mark in turn.order if isinstance(mark, _TextMark))
    if others or ids != list(calls) or len(text) not in (0, length):
        return content
    rebuilt: list[messages.Block] = []
    at = 0
    for mark in turn.order:
        match mark:
            case _TextMark(length=length):
                if text:
                    rebuilt.append(messages.Text(text[at : at + length]))
                    at += length
            case _CallMark():
                rebuilt.append(calls[mark.id])
            case _:
                rebuilt.append(mark)
    return tuple(rebuilt)
