"""One HTTP/1.1 connection: requests become bytes on a socket, one after the other, and the bytes that come back a
response head and the pieces of a body.

Framing is httptools' work. Who uses which connection is the transport's; what a status or a body means, nobody's here.
"""

import asyncio
from collections.abc import Callable
from typing import cast

from httptools import HttpParserCallbackError, HttpParserError, HttpParserUpgrade, HttpResponseParser

from claude_code_proxy.errors import ProxyError, UpstreamBroke, UpstreamTimeout, UpstreamUnavailable
from claude_code_proxy.http1.client.limits import ClientLimits, IdlePolicy

_SLICE = 256 * 1024  # a large body goes out in pieces, so that what waits in the socket's buffers stays bounded
_MAX_FIELDS = 256  # header fields of one response, those of interim responses and trailers included
_NEVER = float("inf")


class Stale(UpstreamUnavailable):
    """A kept connection was closed before a byte of the answer came: the request may go out once more on a new one."""


class _StopError(Exception):
    """Raised in a callback to stop the parser."""


class ClientConnection(asyncio.Protocol):
    """Belongs to one exchange at a time, from `exchange` to `rest` or `abort`, and to the pool in between.

    `chunks`, `complete` and `error` are what has become of the response's body so far, in the order to look at them;
    `change()` waits until one of them may have changed.
    """

    chunks: list[bytes]
    complete: bool
    error: ProxyError | None
    status: int
    headers: dict[bytes, bytes]
    _fields: dict[bytes, bytes]
    _answered: bool
    _head_only: bool
    _transport: asyncio.Transport

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        name: str,
        *,
        limits: ClientLimits,
        idle_policy: IdlePolicy,
        on_lost: Callable[["ClientConnection"], None],
    ) -> None:
        self._loop = loop
        self._name = name
        self._limits = limits
        self._patience = idle_policy
        self._on_lost = on_lost
        self._waiter: asyncio.Future[None] | None = None
        self._resting = self._reused = self._reading_paused = self._writing_paused = False
        self.status = 0
        self.headers = {}
        self.chunks = []
        self.on_body = self.chunks.append  # the parser calls the list itself, once per HTTP chunk
        self._parser = HttpResponseParser(self)
        self._begin(None, head_only=False)
        self.complete = True

    # The exchange's side

    async def exchange(self, head: bytes, body: bytes, *, deadline: float | None, head_only: bool) -> None:
        """Sends a request; returns when the head of its response is there, even if that is before all is sent.

        A small body is better joined to the head by the caller.
        """
        self._begin(deadline, head_only=head_only)
        if body:
            await self._send(head, memoryview(body))
        else:
            self._transport.write(head)
        self._quiet = 0
        self._silence = self._patience.first_byte
        while not self._answered:
            if self.error is not None:
                raise self.error
            await self.change()
        self._silence = self._patience.idle

    def change(self) -> asyncio.Future[None]:
        """To be awaited by one task at a time. Giving up on it loses nothing."""
        self._waiter = self._loop.create_future()
        return self._waiter

    def take(self) -> bytes:
        """All the chunks there are, joined."""
        chunks = self.chunks
        data = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        chunks.clear()
        self._unread = 0
        if self._reading_paused:
            self._resume_reading()
        return data

    @property
    def usable(self) -> bool:
        return not self._transport.is_closing()

    @property
    def reusable(self) -> bool:
        """The exchange has ended so cleanly that another may follow."""
        return self._keep_alive and not self._cut and not self._writing_paused and not self._transport.is_closing()

    def rest(self) -> None:
        self._resting = self._reused = True
        self._quiet = 0
        self._silence = self._patience.rest
        self._deadline = _NEVER
        self.chunks.clear()
        if self._reading_paused:
            self._resume_reading()

    def abort(self) -> None:
        """Closes the socket at once, whatever is in flight."""
        self.fail(UpstreamBroke(f"The answer of {self._name} was given up before it was complete."))

    def fail(self, error: ProxyError) -> None:
        """Closes the socket at once; whoever waits gets this error, unless there was one before."""
        if self.error is None:
            self.error = error
        self._transport.abort()
        self._wake()

    def tick(self, now: float) -> None:
        """Time passes: gives up when the deadline is over, or a silence has lasted too long."""
        if now > self._deadline:
            self.fail(UpstreamTimeout(f"{self._name} did not complete its answer in the time there was."))
        elif self._resting or self._waiter is not None:
            self._quiet += 1
            if self._quiet > self._silence.ticks:
                self.fail(UpstreamTimeout(self._silence.words))

    # The event loop's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if self.complete:
            self.abort()  # nothing was asked
            return
        self._quiet = 0
        self._unread += len(data)
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            self._stopped(error)
        if self._unread > self._unread_limit:
            self._overfull()
        self._wake()

    def eof_received(self) -> None:
        """Tells at once: the loss itself may be long in coming while the socket still holds some of the request."""
        if self._answered and not self.complete and self._ends_with_connection():
            self.complete = True
            self._wake()
        elif not self.complete:
            self.fail(self._lost())

    def connection_lost(self, exc: Exception | None) -> None:
        if self.error is None:
            self.error = self._lost()
            self.error.__cause__ = exc
        del self._parser  # it holds our callbacks, so we would hold ourselves
        self._wake()
        self._on_lost(self)

    def pause_writing(self) -> None:
        self._writing_paused = True

    def resume_writing(self) -> None:
        self._writing_paused = False
        self._quiet = 0
        self._wake()

    # The parser's side

    def on_message_begin(self) -> None:
        if self.complete:
            raise _StopError("it goes on after its end")

    def on_header(self, name: bytes, value: bytes) -> None:
        self._fields_left -= 1
        if self._fields_left < 0:
            raise _StopError(f"it has more than {_MAX_FIELDS} header fields")
        key = name.lower()
        fields = self._fields
        fields[key] = fields[key] + b", " + value.rstrip() if key in fields else value.rstrip()

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        fields, self._fields = self._fields, {}
        if status == 101:
            raise _StopError("it switches protocols, which it was not asked to")
        if status < 200:
            return
        self.status = status
        self.headers = fields
        self._answered = True
        self._unread_limit = self._limits.unread
        if self._head_only:
            self.complete = True
            raise _StopError("the rest would be a body, which it cannot have")

    def on_message_complete(self) -> None:
        if self._answered:
            self.complete = True
            self._keep_alive = self._parser.should_keep_alive()

    # Between the sides

    def _begin(self, deadline: float | None, *, head_only: bool) -> None:
        self._resting = self._answered = self._cut = self._keep_alive = self.complete = False
        self._head_only = head_only
        self._deadline = _NEVER if deadline is None else deadline
        self._quiet = 0
        self._silence = self._patience.send
        self._unread = 0
        self._unread_limit = self._limits.head
        self._fields = {}
        self._fields_left = _MAX_FIELDS
        self.error = None

    async def _send(self, head: bytes, body: memoryview) -> None:
        self._transport.writelines((head, body[:_SLICE]))
        for start in range(_SLICE, len(body), _SLICE):
            while self._writing_paused and not self._answered:
                if self.error is not None:
                    raise self.error
                await self.change()
            if self._answered or self._transport.is_closing():
                self._cut = True
                return
            self._transport.write(body[start : start + _SLICE])

    def _stopped(self, error: HttpParserError | HttpParserUpgrade) -> None:
        """The parser will not go on; that only matters to a response which is not yet complete."""
        self._keep_alive = False
        if not self.complete:
            reason = error.__context__ if isinstance(error, HttpParserCallbackError) else error
            broke = UpstreamBroke(f"{self._name} sent an answer that is not valid HTTP/1.1: {reason}.")
            broke.__cause__ = error
            self.fail(broke)

    def _overfull(self) -> None:
        if self.complete:
            return
        if not self._answered:
            self.fail(UpstreamBroke(f"{self._name} sent a response head of more than {self._limits.head} bytes."))
        elif self.chunks:
            self._reading_paused = True
            self._transport.pause_reading()
        else:
            self.fail(UpstreamBroke(f"{self._name} sent more framing than a body needs."))

    def _resume_reading(self) -> None:
        self._reading_paused = False
        self._transport.resume_reading()

    def _ends_with_connection(self) -> bool:
        encoding = self.headers.get(b"transfer-encoding")
        if encoding is not None:
            return not encoding.lower().endswith(b"chunked")
        return b"content-length" not in self.headers

    def _lost(self) -> ProxyError:
        if self._answered:
            return UpstreamBroke(f"{self._name} closed the connection before its answer was complete.")
        kind = Stale if self._reused and not self._unread else UpstreamUnavailable
        return kind(f"{self._name} closed the connection before it answered.")

    def _wake(self) -> None:
        waiter = self._waiter
        if waiter is not None:
            self._waiter = None
            if not waiter.done():
                waiter.set_result(None)
