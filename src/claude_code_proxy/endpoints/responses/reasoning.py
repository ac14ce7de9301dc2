"""Blocks that go through the client sealed, as `encrypted_content`, and come back byte for byte.

Thinking has its readable text in the summary, which clients change: it does not count. What the service did by itself,
such as a search with its results, has an item of its own for the client to read; what Claude needs of it travels here.
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec
from msgspec import Raw

from claude_code_proxy import messages
from claude_code_proxy.endpoints.responses.tools.hosted_call import is_call, is_result

_decode_list = msgspec.json.Decoder(list[Raw]).decode


class Seal(Protocol):
    """Equal data may have equal seals. No method raises."""

    def seal(self, data: bytes) -> str:
        """Return text that `open` turns back into `data`."""

    def open(self, text: str) -> bytes | None:
        """Return what was sealed; None for anything that no key of ours has sealed."""


def sealed(block: messages.AnyThinking | messages.Compaction, seal: Seal) -> str:
    """Return a block as `encrypted_content`."""
    return seal.seal(msgspec.json.encode(block))


def sealed_blocks(blocks: Sequence[messages.Block], seal: Seal) -> str:
    """Return what the service did by itself as `encrypted_content`."""
    return seal.seal(messages.encode_request(blocks))


def opened_summary(encrypted_content: str, seal: Seal) -> messages.Compaction | None:
    """Return the compaction in `encrypted_content`; None where it is not from here."""
    blocks = _opened(encrypted_content, seal)
    return blocks[0] if len(blocks) == 1 and isinstance(blocks[0], messages.Compaction) else None


def opened(encrypted_content: str, seal: Seal) -> tuple[messages.Block, ...]:
    """Return the blocks in `encrypted_content`: one of thinking, or a call of the service's own and its result.

    There are none where it is not from here.
    """
    blocks = _opened(encrypted_content, seal)
    return blocks if _are_sealed_here(blocks) else ()


def _opened(encrypted_content: str, seal: Seal) -> tuple[messages.Block, ...]:
    data = seal.open(encrypted_content)
    if data is None:
        return ()
    try:
        return tuple(map(messages.decode_block, _decode_list(data) if data.startswith(b"[") else (data,)))
    except msgspec.DecodeError:
        return ()


def _are_sealed_here(blocks: tuple[messages.Block, ...]) -> bool:
    match blocks:
        case (block,):
            return isinstance(block, messages.AnyThinking)
        case (call, result):
            return is_call(call) and is_result(result)
        case _:
            return False
