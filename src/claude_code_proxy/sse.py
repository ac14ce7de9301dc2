"""Server-sent events: bytes of a stream -> the data of its events, and the other way round.

The only parser of event streams. Event names are left out: both APIs repeat what matters inside the data.
Format: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
"""

from claude_code_proxy.errors import UpstreamBroke

_BOM = b"\xef\xbb\xbf"
_CR, _LF = b"\r\n"  # as numbers: looking for one of those is quick
_EVENT_LIMIT = 64 * 1024 * 1024


def encode(data: bytes) -> bytes:
    """Return one frame. `data` is one line, as JSON encoders write it."""
    return b"data: " + data + b"\n\n"


def comment(text: bytes) -> bytes:
    """Return a line that every reader skips: it keeps idle connections alive."""
    return b": " + text + b"\n\n"


class Decoder:
    """Feed it the stream in any pieces; an event counts once its blank line has come.

    Pieces of an event that is not complete are kept apart and joined once: a large event costs no more than its length.
    """

    __slots__ = ("_after_cr", "_held", "_held_size", "_started")

    def __init__(self) -> None:
        self._held: list[bytes] = []
        self._held_size = 0
        self._started = False
        self._after_cr = False

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the data of every event that `chunk` completes, in order; events without data are skipped."""
        if self._after_cr or _CR in chunk:
            chunk = self._unify_line_ends(chunk)
        if self._held:
            if self._started and not self._completes(chunk):
                self._hold(chunk)
                return []
            chunk = b"".join((*self._held, chunk))
            self._held.clear()
            self._held_size = 0
        if not self._started:
            chunk = self._strip_bom(chunk)
        frames = chunk.split(b"\n\n")
        rest = frames.pop()
        if rest:
            self._hold(rest)
        events = []
        for frame in frames:
            head, found, data = frame.partition(b"\ndata: ")
            if not found or _LF in data or _LF in head or head[:4] == b"data":
                data = _data_of_lines(frame)
            if data:
                events.append(data)
        return events

    def _completes(self, chunk: bytes) -> bool:
        """Return whether an event ends in `chunk`, or between what is held and `chunk`."""
        return b"\n\n" in chunk or (chunk[:1] == b"\n" and self._held[-1][-1:] == b"\n")

    def _hold(self, piece: bytes) -> None:
        if not piece:
            return
        self._held.append(piece)
        self._held_size += len(piece)
        if self._held_size > _EVENT_LIMIT:
            raise UpstreamBroke("The upstream sent an event larger than 64 MB.")

    def _unify_line_ends(self, chunk: bytes) -> bytes:
        """Replace CRLF and CR by LF. The LF of a CR at the very end may come with the next piece."""
        if not chunk:
            return chunk
        if self._after_cr:
            chunk = chunk.removeprefix(b"\n")
        self._after_cr = chunk.endswith(b"\r")
        return chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def _strip_bom(self, chunk: bytes) -> bytes:
        if len(chunk) >= len(_BOM) or not _BOM.startswith(chunk):
            self._started = True
            return chunk.removeprefix(_BOM)
        return chunk


def _data_of_lines(frame: bytes) -> bytes:
    """Read the general form: any field order, `data` on several lines, with or without the space."""
    lines = [line[5:].removeprefix(b" ") for line in frame.split(b"\n") if line == b"data" or line[:5] == b"data:"]
    return b"\n".join(lines)


KEEP_ALIVE = comment(b"keep-alive")
