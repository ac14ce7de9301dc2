"""The head of a reply as bytes. Status line and Date are rendered once a second for each status in use."""

from collections.abc import Sequence
from email.utils import formatdate
from http import HTTPStatus

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
CLOSE = b"connection: close\r\n"
KEEP_ALIVE = b"connection: keep-alive\r\n"
CHUNKED = b"transfer-encoding: chunked\r\n"
LAST_CHUNK = b"0\r\n\r\n"

WITHOUT_BODY = frozenset({204, 304})  # not even an empty one

_PHRASES = {int(status): status.phrase for status in HTTPStatus}
_between = b": ".join


class Openings(dict[int, bytes]):
    """The first lines of a reply, by its status: status line and Date."""

    __slots__ = ("_date", "_second")

    def __init__(self, now: float) -> None:
        super().__init__()
        self._second = -1
        self.refresh(now)

    def refresh(self, now: float) -> None:
        """Move the clock to `now`, in seconds since the epoch."""
        if int(now) != self._second:
            self._second = int(now)
            self._date = formatdate(now, usegmt=True)
            self.clear()

    def __missing__(self, status: int) -> bytes:
        opening = f"HTTP/1.1 {status} {_PHRASES.get(status, '')}\r\ndate: {self._date}\r\n".encode("ascii")
        self[status] = opening
        return opening


def render_head(opening: bytes, headers: Sequence[tuple[bytes, bytes]], *, framing: bytes) -> bytes:
    """Return the head with its blank line; raise ValueError for a header that holds a line break."""
    if not headers:
        return b"%b%b\r\n" % (opening, framing)
    lines = b"\r\n".join(map(_between, headers))
    breaks = len(headers) - 1
    if lines.count(b"\n") != breaks or lines.count(b"\r") != breaks:
        raise ValueError("a header of the reply contains a line break")
    return b"%b%b\r\n%b\r\n" % (opening, lines, framing)
