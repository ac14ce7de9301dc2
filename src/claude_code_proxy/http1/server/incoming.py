"""The body of one request while it arrives: decoded and collected, or streamed as it came, and judged by its speed."""

from collections.abc import Callable
from io import BytesIO

from claude_code_proxy.http1.server.body import ChunkedBody, CountedBody, too_large
from claude_code_proxy.http1.server.body_memory import BodyMemory
from claude_code_proxy.http1.server.content_coding import ContentDecoder, coding_of, is_decoded
from claude_code_proxy.http1.server.request import Request
from claude_code_proxy.http1.server.types import ServerLimits

_LEAST_AGE = 5.0  # seconds, of a window that a speed can be measured in


class IncomingBody:
    """A body that goes to the stream of its request as it came, or is decoded and collected to become `request.body`.

    What is collected has its memory reserved: all of it where its size is known, else before each piece is kept.
    Its speed is measured over windows of twice `body_idle_seconds`. Each window must bring enough, so that a fast
    beginning does not allow a slow end. While other requests wait for memory, a large body must come faster.
    """

    __slots__ = (
        "_body",
        "_collected",
        "_decoder",
        "_last_arrival",
        "_limits",
        "_memory",
        "_window",
        "_window_size",
        "request",
        "stream",
    )

    def __init__(self, request: Request, *, limits: ServerLimits, memory: BodyMemory, now: float) -> None:
        self.request = request
        self.stream = request.stream
        self._limits = limits
        self._memory = memory
        self._collected = BytesIO()  # hands its buffer out without another copy of a large body
        self._decoder: ContentDecoder | None = None
        write = self._writer()
        limit = limits.largest_body if request.stream_limit is None else request.stream_limit
        length = request.length
        self._body = ChunkedBody(limit, write) if length is None else CountedBody(length, write)
        self._last_arrival = self._window = now  # when something arrived last, and when the window began
        self._window_size = 0  # what had arrived by then

    def feed(self, data: bytes, now: float) -> bytes | None:
        """Return what follows the body once it is complete, until then None; raise `RejectedRequest`."""
        self._last_arrival = now
        rest = self._body.feed(data)
        if rest is not None:
            if self.stream is None:
                self._end()
            else:
                self.stream.end()
        return rest

    def _writer(self) -> Callable[[bytes], object]:
        if self.stream is not None:
            return self.stream.write
        coding = coding_of(self.request)
        if is_decoded(coding):
            self._decoder = ContentDecoder(coding, self._collect)
            return self._decoder.feed
        return self._collect if self.request.length is None else self._collected.write

    def _collect(self, data: bytes) -> None:
        """Keep a piece of a body whose size is not known beforehand."""
        size = self._collected.tell() + len(data)
        if size > self._limits.largest_body:
            raise too_large(self._limits.largest_body)
        self._memory.grow_with_body(self.request, size)
        self._collected.write(data)

    def _end(self) -> None:
        if self._decoder is not None:
            self._decoder.close()
            del self.request.headers[b"content-encoding"]
        self.request.body = self._collected.getvalue()

    @property
    def awaits_invitation(self) -> bool:
        """Whether the client waits for a "100 Continue" before it sends the body."""
        request = self.request
        expected = request.headers.get(b"expect", b"").lower()
        return expected == b"100-continue" and not request.http10 and not self._body.size

    def is_late(self, now: float, *, crowded: bool = False) -> bool:
        """Return whether the client is too slow; to be called at every sweep. `crowded`: others wait for memory."""
        limits, size = self._limits, self._body.size
        if self.stream is not None and self.stream.held:
            self._last_arrival = self._window = now  # it is the handler that takes its time
            self._window_size = size
        elif now - self._window > 2 * limits.body_idle_seconds:
            if size - self._window_size < limits.body_idle_seconds * limits.body_bytes_per_second:
                return True
            self._window, self._window_size = now, size
        return now - self._last_arrival > limits.body_idle_seconds or (crowded and self._keeps_others_waiting(now))

    def _keeps_others_waiting(self, now: float) -> bool:
        """Return whether the body comes at a speed at which the whole of it would take longer than is allowed."""
        age = now - self._window
        if age < _LEAST_AGE:
            return False
        length = self.request.length or self._body.size
        return self._body.size - self._window_size < age * length / self._limits.body_seconds
