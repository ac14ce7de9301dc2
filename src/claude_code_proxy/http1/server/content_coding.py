"""Compressed request bodies: pieces of any size go in, and what they stand for goes to `write`.

https://www.rfc-editor.org/rfc/rfc9110#section-8.4. The output is made in small pieces, and `write` may refuse each of
them, so that a few bytes cannot become many before anybody looks. Zstandard needs Python 3.14.
"""

import sys
import zlib
from collections.abc import Callable, Iterator
from typing import Any

from claude_code_proxy.http1.server.request import RejectedRequest, Request

_PIECE = 65536  # bytes of output
_INPUT = 16384  # bytes that are looked at in one go: what is unused of them is copied
_ZLIB_HEADER = 8  # the low half of its first byte; a deflate stream without the header does not begin like this
_WINDOW_LOG = 23  # 8 MB, as https://www.rfc-editor.org/rfc/rfc9659 has it
_ERRORS: tuple[type[Exception], ...] = (zlib.error,)


def _gunzip(_: bytes) -> Any:
    return zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)


def _inflate(data: bytes) -> Any:
    """Return a decompressor for zlib's format, or for the bare stream that some clients send under this name."""
    wrapped = data[0] & 15 == _ZLIB_HEADER
    return zlib.decompressobj(wbits=zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS)


_DECOMPRESSORS: dict[bytes, Callable[[bytes], Any]] = {b"gzip": _gunzip, b"x-gzip": _gunzip, b"deflate": _inflate}

if sys.version_info >= (3, 14):
    from compression import zstd

    def _zstandard(_: bytes) -> Any:
        return zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _WINDOW_LOG})

    _DECOMPRESSORS[b"zstd"] = _zstandard
    _ERRORS += (zstd.ZstdError,)

CODINGS = frozenset(name for name in _DECOMPRESSORS if not name.startswith(b"x-"))
"""The content codings that are decoded."""


def coding_of(request: Request) -> bytes:
    """Return the coding of a body in lower case; b"" if it is sent as it is."""
    coding = request.headers.get(b"content-encoding", b"").lower()
    return b"" if coding == b"identity" else coding


def is_decoded(coding: bytes) -> bool:
    """Return whether bodies of that coding can be read."""
    return coding in _DECOMPRESSORS


class ContentDecoder:
    """Decodes one body, which may be several compressed streams behind each other."""

    __slots__ = ("_begin", "_coding", "_stream", "_write")

    def __init__(self, coding: bytes, write: Callable[[bytes], object]) -> None:
        self._coding = coding.decode()
        self._begin = _DECOMPRESSORS[coding]
        self._stream: Any = None  # the decompressor of one that has begun
        self._write = write

    def feed(self, data: bytes) -> None:
        """Decode what has arrived; raise `RejectedRequest` where it is not of that coding."""
        for start in range(0, len(data), _INPUT):
            self._feed(data[start : start + _INPUT])

    def close(self) -> None:
        """Note that this was all; raise `RejectedRequest` if it ends too early."""
        if self._stream is not None:
            raise RejectedRequest(400, f"The request body ends in the middle of its {self._coding} data.")

    def _feed(self, data: bytes) -> None:
        while data:
            if self._stream is None:
                self._stream = self._begin(data)
            try:
                for piece in _decompress(self._stream, data):
                    self._write(piece)
            except _ERRORS:
                raise RejectedRequest(400, f"The request body is not valid {self._coding} data.") from None
            if not self._stream.eof:
                return
            data = self._stream.unused_data
            self._stream = None


def _decompress(stream: Any, data: bytes) -> Iterator[bytes]:
    """Yield what the data stands for, piece by piece, until more data is needed or the stream has ended."""
    while piece := stream.decompress(data, _PIECE):
        yield piece
        if stream.eof or len(piece) < _PIECE:
            return
        data = getattr(stream, "unconsumed_tail", b"")  # zlib hands back what it has not read; zstd keeps it
