"""What this endpoint asks of a seal: text that a client keeps, and can neither read nor change."""

from typing import Protocol


class Seal(Protocol):
    """Equal data may have equal seals. No method raises."""

    def seal(self, data: bytes) -> str:
        """Return text that `open` turns back into `data`."""

    def open(self, text: str) -> bytes | None:
        """Return what was sealed; None for anything that no key of ours has sealed."""
