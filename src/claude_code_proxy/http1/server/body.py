"""Bodies as they come in: pieces of any size go in, the whole body and what follows it come out.

Counted and chunked bodies have the same face. Limits on what is announced are the connection's; a chunked body can only
keep its own. Collected in a BytesIO, which hands out its buffer without another copy of a large body.
"""

import re
from io import BytesIO
from typing import TYPE_CHECKING

from claude_code_proxy.http1.server.request import RejectedHead

if TYPE_CHECKING:
    from collections.abc import Callable

_SIZE_LINE = re.compile(rb"([0-9A-Fa-f]{1,15})(?:[ \t]*;[^\x00-\x08\x0a-\x1f\x7f]*)?\r\n")
_TRAILERS = re.compile(rb"(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\x00-\x08\x0a-\x1f\x7f]*\r\n)*\r\n")
_SIZE_LINE_BYTES = 1024
_TRAILER_BYTES = 8192


class CountedBody:
    """A body of `length` bytes."""

    __slots__ = ("_collected", "_missing", "size")

    def __init__(self, length: int) -> None:
        self._collected = BytesIO()
        self._missing = length
        self.size = 0  # bytes received

    def feed(self, data: bytes) -> bytes | None:
        """What follows the body once it is whole (b"" if nothing does yet), until then None."""
        missing = self._missing
        size = len(data)
        if size < missing:
            self._collected.write(data)
            self._missing = missing - size
            self.size += size
            return None
        self._collected.write(data if size == missing else data[:missing])
        self.size += missing
        return data[missing:]

    def whole(self) -> bytes:
        return self._collected.getvalue()


class ChunkedBody:
    """A body in chunks, of `limit` bytes at most. Chunk extensions and trailers are checked and dropped."""

    __slots__ = ("_at", "_collected", "_held", "_limit", "_missing", "_step", "size")

    def __init__(self, limit: int) -> None:
        self._collected = BytesIO()
        self._limit = limit
        self._held = b""  # what could not be used yet: less than a line, or the trailers
        self._at = 0  # how much of it is used
        self._missing = 0  # of the chunk that has begun
        self._step: Callable[[ChunkedBody], bool] | None = ChunkedBody._size_line  # None at the end
        self.size = 0  # bytes received, without the framing

    def feed(self, data: bytes) -> bytes | None:
        """What follows the body once it is whole, until then None; raises `RejectedHead`."""
        self._held = self._held + data if self._held else data
        self._at = 0
        while self._step is not None and self._step(self):
            pass
        self._held = self._held[self._at :]
        return self._held if self._step is None else None

    def whole(self) -> bytes:
        return self._collected.getvalue()

    # Each step uses what it can of what is held, sets the next step, and says whether it got to its own end.

    def _size_line(self) -> bool:
        line = _SIZE_LINE.match(self._held, self._at)
        if line is None:
            if len(self._held) - self._at > _SIZE_LINE_BYTES or b"\n" in self._held[self._at :]:
                raise RejectedHead(400, "The request body has a malformed chunk size.")
            return False
        self._missing = int(line[1], 16)
        if self.size + self._missing > self._limit:
            raise too_large(self._limit)
        self._at = line.end()
        self._step = ChunkedBody._data if self._missing else ChunkedBody._trailers
        return True

    def _data(self) -> bool:
        piece = self._held[self._at : self._at + self._missing]
        self._collected.write(piece)
        self._at += len(piece)
        self._missing -= len(piece)
        self.size += len(piece)
        if self._missing:
            return False
        self._step = ChunkedBody._data_end
        return True

    def _data_end(self) -> bool:
        end = self._held[self._at : self._at + 2]
        if end == b"\r\n":
            self._at += 2
            self._step = ChunkedBody._size_line
            return True
        if end not in {b"", b"\r"}:
            raise RejectedHead(400, "A chunk of the request body is longer than its size.")
        return False

    def _trailers(self) -> bool:
        trailers = _TRAILERS.match(self._held, self._at)
        if trailers is not None:
            self._at = trailers.end()
            self._step = None
            return True
        if len(self._held) - self._at > _TRAILER_BYTES:
            raise RejectedHead(431, "The request's trailers are too large.")
        if self._held.find(b"\n\r\n", self._at) >= 0 or self._held.find(b"\n\n", self._at) >= 0:
            raise RejectedHead(400, "The request's trailers are malformed.")
        return False


def too_large(limit: int) -> RejectedHead:
    return RejectedHead(413, f"The request body is larger than the {limit} bytes allowed.")
