"""Thinking, both ways: a reasoning item and its `encrypted_content` <-> a signed thinking block.

The block goes through the client sealed and comes back byte for byte. Its readable text stands in the summary, which
clients change: it does not count.
"""

from typing import Protocol

import msgspec

from claude_code_proxy import messages


class Seal(Protocol):
    """Equal data may have equal seals. No method raises."""

    def seal(self, data: bytes) -> str:
        """Return text that `open` turns back into `data`."""

    def open(self, text: str) -> bytes | None:
        """Return what was sealed; None for anything that no key of ours has sealed."""


def sealed(thought: messages.AnyThinking, seal: Seal) -> str:
    """Return a thinking block as `encrypted_content`."""
    return seal.seal(msgspec.json.encode(thought))


def opened(encrypted_content: str, seal: Seal) -> messages.AnyThinking | None:
    """Return the thinking block in `encrypted_content`; None where it is not from here."""
    data = seal.open(encrypted_content)
    if data is None:
        return None
    try:
        block = messages.decode_block(data)
    except msgspec.DecodeError:
        return None
    return block if isinstance(block, messages.AnyThinking) else None
