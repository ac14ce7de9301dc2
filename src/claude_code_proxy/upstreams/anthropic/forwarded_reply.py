"""An answer in the upstream's own bytes: a body, or the events of a stream, read by read.

A piece always ends where an event does. What waits is looked at once: a large event costs no more than its length.
"""

from claude_code_proxy import messages, sse
from claude_code_proxy.errors import UpstreamBroke
from claude_code_proxy.http1.client import Response
from claude_code_proxy.secret import NO_SECRET, Secret
from claude_code_proxy.upstreams.anthropic.event_stream import release
from claude_code_proxy.upstreams.anthropic.masking import mask_lines, mask_message
from claude_code_proxy.upstreams.anthropic.rejections import rejected_midway
from claude_code_proxy.upstreams.upstream import CallStats

_EVENT_ENDS = (b"\n\n", b"\r\n\r\n", b"\r\r")
_LONGEST_END = 4
_LARGEST_EVENT = 64 * 1024 * 1024
_STOP = b'"message_stop"'


class TransportReply:
    """A `ForwardedReply`. A stream that begins with an error event is a refusal, which `begin` raises."""

    __slots__ = ("_ahead", "_closed", "_events", "_needle", "_response", "_secret", "_stopped", "is_stream", "stats")

    def __init__(self, response: Response, stats: CallStats, *, is_stream: bool, secret: Secret = NO_SECRET) -> None:
        self.stats = stats
        self._secret = secret
        self._needle = secret.needle
        self.is_stream = is_stream
        self._response = response
        self._events = WholeEventPieces() if is_stream else _NO_PIECES
        self._ahead: bytes | None = None
        self._stopped = False
        self._closed = False

    async def begin(self) -> None:
        """Wait for the first events; raise where they bring an error, or never come."""
        self._ahead = piece = await self.events()
        if piece is None:
            raise UpstreamBroke("The upstream ended its answer before it began.")
        first = next(iter(sse.Decoder().feed(piece)), b"")
        if b'"error"' in first and (error := messages.decode_error(first)) is not None:
            raise rejected_midway(messages.ErrorEvent(*error), self.stats.request_id, body=first)

    async def events(self) -> bytes | None:
        if self._ahead is not None:
            ahead, self._ahead = self._ahead, None
            return ahead
        while (chunk := await self._response.chunk()) is not None:
            piece = self._events.feed(chunk)
            if piece:
                self._stopped = self._stopped or _STOP in piece
                return self._masked(piece)
        return self._masked(self._events.rest()) or None

    def _masked(self, piece: bytes) -> bytes:
        """Return the piece with the credential masked, should the upstream echo it."""
        is_echo = self._needle is not None and self._needle in piece
        return mask_lines(piece, self._secret) if is_echo else piece

    async def read(self) -> bytes:
        self.stats.begun = True  # it was made, and is billed
        body = await self._response.read()
        is_echo = self._needle is not None and self._needle in body
        return mask_message(body, self._secret) if is_echo else body

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            release(self._response, is_complete=self._stopped)


class WholeEventPieces:
    """Holds back the beginning of an event until its end has come."""

    __slots__ = ("_held", "_size", "_tail")

    def __init__(self) -> None:
        self._held: list[bytes] = []
        self._size = 0
        self._tail = b""  # the last bytes of what is held, where an end may have begun

    def feed(self, chunk: bytes) -> bytes:
        """Return everything up to the end of the last event, if one has ended."""
        cut = _last_end(self._tail + chunk) - len(self._tail)
        if cut <= 0:
            self._hold(chunk)
            return b""
        piece = b"".join((*self._held, chunk[:cut])) if self._held else chunk[:cut]
        self._held, self._size, self._tail = [], 0, b""
        if cut < len(chunk):
            self._hold(chunk[cut:])
        return piece

    def rest(self) -> bytes:
        """Return what is left at the end of the body, its blank line added where only that is missing."""
        rest = b"".join(self._held)
        self._held = []
        return rest + b"\n\n" if rest.rstrip().endswith(b"}") else b""

    def _hold(self, chunk: bytes) -> None:
        self._held.append(chunk)
        self._size += len(chunk)
        self._tail = (self._tail + chunk)[1 - _LONGEST_END :]
        if self._size > _LARGEST_EVENT:
            raise UpstreamBroke("The upstream sent an event larger than 64 MB.")


_NO_PIECES = WholeEventPieces()  # of a body, which is read at once


def _last_end(data: bytes) -> int:
    """Return the place after the last blank line; 0 if there is none."""
    ends = (position + len(end) for end in _EVENT_ENDS if (position := data.rfind(end)) >= 0)
    return max(ends, default=0)
