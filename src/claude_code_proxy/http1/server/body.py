"""Bodies as they arrive: pieces of any size go in, the bytes of the body go to `write`, what follows it comes out.

Counted and chunked bodies have the same interface. An announced length is checked before a body begins; only a chunked
body has a limit to check itself.
"""

import re
from collections.abc import Callable

from claude_code_proxy.http1.server.request import RejectedRequest

_SIZE_LINE = re.compile(rb"([0-9A-Fa-f]{1,15})(?:[ \t]*;[^\x00-\x08\x0a-\x1f\x7f]*)?\r\n")
_TRAILERS = re.compile(rb"(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\x00-\x08\x0a-\x1f\x7f]*\r\n)*\r\n")
_SIZE_LINE_BYTES = 1024
_TRAILER_BYTES = 8192


class CountedBody:
    """A body of `length` bytes."""

    __slots__ = ("_missing", "_write", "size")

    def __init__(self, length: int, write: Callable[[bytes], object]) -> None:
        self._write = write
        self._missing = length
        self.size = 0  # bytes received

    def feed(self, data: bytes) -> bytes | None:
        """Return what follows the body once it is complete (b"" if nothing does yet), until then None."""
        missing = self._missing
        size = len(data)
        if size < missing:
            self._write(data)
            self._missing = missing - size
            self.size += size
            return None
        self._write(data if size == missing else data[:missing])
        self.size += missing
        return data[missing:]


class ChunkedBody:
    """A body in chunks, of `limit` bytes at most. Chunk extensions and trailers are checked and dropped."""

    __slots__ = ("_at", "_held", "_limit", "_missing", "_step", "_write", "size")

    def __init__(self, limit: int, write: Callable[[bytes], object]) -> None:
        self._write = write
        self._limit = limit
        self._held = b""  # what could not be used yet: less than a line, or the trailers
        self._at = 0  # how much of it is used
        self._missing = 0  # of the chunk that has begun
        self._step: Callable[[ChunkedBody], bool] | None = ChunkedBody._size_line  # None at the end
        self.size = 0  # bytes received, without the framing

    def feed(self, data: bytes) -> bytes | None:
        """Return what follows the body once it is complete, until then None; raise `RejectedRequest`."""
        self._held = self._held + data if self._held else data
        self._at = 0
        while self._step is not None and self._step(self):
            pass
        self._held = self._held[self._at :]
        return self._held if self._step is None else None

    # Each step uses what it can of what is held, sets the next step, and returns whether it got to its own end.

    def _size_line(self) -> bool:
        line = _SIZE_LINE.match(self._held, self._at)
        if line is None:
            if len(self._held) - self._at > _SIZE_LINE_BYTES or b"\n" in self._held[self._at :]:
                raise RejectedRequest(400, "The request body has a malformed chunk size.")
            return False
        if line.end() - line.start() > _SIZE_LINE_BYTES:
            raise RejectedRequest(400, "A chunk of the request body has too long an extension.")
        self._missing = int(line[1], 16)
        if self.size + self._missing > self._limit:
            raise too_large(self._limit)
        self._at = line.end()
        self._step = ChunkedBody._data if self._missing else ChunkedBody._trailers
        return True

    def _data(self) -> bool:
        piece = self._held[self._at : self._at + self._missing]
        self._write(piece)
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
            raise RejectedRequest(400, "A chunk of the request body is longer than its size.")
        return False

    def _trailers(self) -> bool:
        trailers = _TRAILERS.match(self._held, self._at)
        size = (len(self._held) if trailers is None else trailers.end()) - self._at
        if size > _TRAILER_BYTES:
            raise RejectedRequest(431, "The request's trailers are too large.")
        if trailers is not None:
            self._at = trailers.end()
            self._step = None
            return True
        if self._held.find(b"\n\r\n", self._at) >= 0 or self._held.find(b"\n\n", self._at) >= 0:
            raise RejectedRequest(400, "The request's trailers are malformed.")
        return False


def too_large(limit: int) -> RejectedRequest:
    """Return the refusal of a body over the limit."""
    return RejectedRequest(413, f"The request body is larger than the {limit} bytes allowed.")
