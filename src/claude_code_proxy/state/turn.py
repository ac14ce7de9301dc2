"""A turn with tool calls -> the parts of it that OpenAI clients do not send back, and from these the whole turn again.

Kept byte for byte are its thinking and what the service did in it (hosted calls, their results, citations), and the
positions of texts and calls between them. The texts and calls themselves are not kept.
"""

import hashlib
from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import TypeAlias

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.messages.content import NO_JSON

MOST_HOSTED_BYTES = 256 * 1024  # of one turn; results of searches are large
_VisibleBlock: TypeAlias = messages.Text | messages.ToolUse  # what a client sends back


class _TextMark(Struct, frozen=True, omit_defaults=True, tag_field="type", tag="t"):
    length: int
    citations: Raw = NO_JSON


class _CallMark(Struct, frozen=True, tag_field="type", tag="c"):
    id: str


class _Hosted(Struct, frozen=True, tag_field="type", tag="h"):
    """A block of the service's own, such as a hosted call or its result, as JSON."""

    block: Raw


_Large: TypeAlias = _Hosted | _TextMark
_Mark: TypeAlias = messages.AnyThinking | _TextMark | _CallMark | _Hosted


class KeptTurn(Struct, frozen=True):
    """What is kept of a turn. `words` is a digest of its text.

    `prefix` and `previous` are digests of what came before it, for models that bind thinking to that. `signatures` are
    those of all its thinking, including blocks that are not in `order` and so are not put back.
    """

    model: str
    prefix: bytes
    previous: bytes
    words: bytes
    signatures: frozenset[bytes]
    order: tuple[_Mark, ...]

    def has(self, block: messages.Block) -> bool:
        return isinstance(block, messages.AnyThinking) and mark_of(block) in self.signatures


_decoder: msgspec.json.Decoder[KeptTurn] = msgspec.json.Decoder(KeptTurn)


def to_turn(message: messages.Message, *, model: str, prefix: bytes, previous: bytes) -> KeptTurn:
    """Return what to keep of `message`, without thinking after the last call: no replayed turn may end in thinking."""
    content, order = message.content, _without_last_thoughts(tuple(map(_mark, message.content)))
    hosted = [mark for mark in order if isinstance(mark, _Hosted)]
    if hosted and not (_are_pairs(hosted) and _size(order) <= MOST_HOSTED_BYTES):
        order = _until_hosted(order)
    signatures = frozenset(mark_of(block) for block in content if isinstance(block, messages.AnyThinking))
    return KeptTurn(model, prefix, previous, _words(content), signatures, order)


def encode(turn: KeptTurn) -> bytes:
    return msgspec.json.encode(turn)


def decode(kept: bytes | None) -> KeptTurn | None:
    """Decode a kept turn; return None for anything else, or for a turn from another version of the proxy."""
    if kept is None:
        return None
    try:
        return _decoder.decode(kept)
    except msgspec.DecodeError:
        return None


def mark_of(thought: messages.AnyThinking) -> bytes:
    """Return a digest of the signature, which identifies the block."""
    signature = thought.signature if isinstance(thought, messages.Thinking) else thought.data
    return hashlib.blake2b(signature.encode(), digest_size=16).digest()


def rebuilt(turn: KeptTurn, content: Sequence[messages.Block], *, hosted: bool) -> tuple[messages.Block, ...] | None:
    """Return the client's blocks, which hold no thinking, in their old order with the kept blocks between them.

    If the client's text differs from the turn's, only what stood before all text and calls is put back. Return None if
    its calls differ. `hosted` says whether hosted calls and results may be put back.
    """
    visible = [block for block in content if isinstance(block, _VisibleBlock)]
    calls = [block.id for block in visible if isinstance(block, messages.ToolUse)]
    if len(visible) < len(content) or calls != [mark.id for mark in turn.order if isinstance(mark, _CallMark)]:
        return None
    order = turn.order if hosted else _until_hosted(turn.order)
    if _words(content) != turn.words:
        head = takewhile(lambda mark: not isinstance(mark, _TextMark | _CallMark), order)
        return (*_blocks(head, visible), *visible)
    return tuple(_blocks(order, visible))


def reduced(turn: KeptTurn, content: Sequence[messages.Block]) -> KeptTurn:
    """Return the turn without the kept blocks that `content` lacks."""
    has_hosted = any(not isinstance(block, messages.AnyThinking | _VisibleBlock) for block in content)
    kept = {mark_of(block) for block in content if isinstance(block, messages.AnyThinking)}
    order = tuple(mark for mark in turn.order if not isinstance(mark, messages.AnyThinking) or mark_of(mark) in kept)
    return replace(turn, order=order if has_hosted else _until_hosted(order))


def _mark(block: messages.Block) -> _Mark:
    match block:
        case messages.Thinking() | messages.RedactedThinking():
            return block
        case messages.Text():
            return _TextMark(len(block.text), block.citations)
        case messages.ToolUse():
            return _CallMark(block.id)
        case _:
            return _Hosted(Raw(messages.encode_request(block)))


def _without_last_thoughts(order: tuple[_Mark, ...]) -> tuple[_Mark, ...]:
    end = len(order)
    while end and isinstance(order[end - 1], messages.AnyThinking):
        end -= 1
    return order[:end]


def _until_hosted(order: tuple[_Mark, ...]) -> tuple[_Mark, ...]:
    """Return the order without hosted blocks, and without the thinking that came after them."""
    at = next((at for at, mark in enumerate(order) if isinstance(mark, _Hosted)), None)
    if at is None:
        return order
    rest = (mark for mark in order[at:] if isinstance(mark, _TextMark | _CallMark))
    return (*order[:at], *(_TextMark(mark.length) if isinstance(mark, _TextMark) else mark for mark in rest))


class _Ids(Struct, frozen=True):
    type: str
    id: str = ""
    tool_use_id: str = ""


_decode_ids = msgspec.json.Decoder(_Ids).decode


def _are_pairs(hosted: Sequence[_Hosted]) -> bool:
    """Return whether every hosted call has its result in the same turn."""
    open_calls: set[str] = set()
    for mark in hosted:
        ids = _decode_ids(mark.block)
        if ids.tool_use_id:
            if ids.tool_use_id not in open_calls:
                return False
            open_calls.discard(ids.tool_use_id)
        elif ids.type.endswith("tool_use"):
            open_calls.add(ids.id)
    return not open_calls


def _size(order: Sequence[_Mark]) -> int:
    raws = (mark.block if isinstance(mark, _Hosted) else mark.citations for mark in order if isinstance(mark, _Large))
    return sum(len(bytes(raw)) for raw in raws)


def _words(content: Sequence[messages.Block]) -> bytes:
    text = "".join(block.text for block in content if isinstance(block, messages.Text))
    return hashlib.blake2b(text.encode(), digest_size=8).digest()


def _blocks(order: Sequence[_Mark] | Iterator[_Mark], visible: Sequence[messages.Block]) -> Iterator[messages.Block]:
    calls = {block.id: block for block in visible if isinstance(block, messages.ToolUse)}
    text = "".join(block.text for block in visible if isinstance(block, messages.Text))
    at = 0
    for mark in order:
        match mark:
            case _TextMark(length=length, citations=citations):
                yield messages.Text(text[at : at + length], citations)
                at += length
            case _CallMark():
                yield calls[mark.id]
            case _Hosted():
                yield messages.decode_block(mark.block)
            case _:
                yield mark
