"""One connection to a server: requests become bytes, one after the other; the bytes that come back become responses.

Theory of operation
-------------------
A connection is always in one `ClientState`. Three parties move it on; each move is a `ClientEvent`:

* the transport begins an exchange, gives the connection back to the pool, or gives it up;
* the server answers, and may close the connection at any time;
* the clock: `tick` gives up when the deadline has passed, or nothing has happened for longer than the state allows.

`states.TRANSITIONS` lists every possible move and drives the code. An exchange goes SENDING → WAITING → READING →
COMPLETE → RESTING; a server that answers early skips WAITING, and what is left of the request is not sent. A failure
ends in BROKEN. COMPLETE is kept even if the connection is lost: the response can still be read.

What is guaranteed:

* One exchange at a time, by one task, from `exchange` to `rest` or `abort`. In between, the pool holds the connection.
* What has arrived is read before an error is raised. In the order to look at them: `chunks`, `state`, `error`;
  `change()` waits until one of them may have changed.
* Only an exchange that ended cleanly leaves the connection `reusable`. Bytes that nobody asked for close it.
* `Stale` is raised only if a reused connection was closed at once and without a byte: the server had closed it before,
  and the request can be sent again. A server that took its time may have begun to work on it.
* Memory: the head, and what waits for a slow reader, are bounded by `ClientLimits`. Then the server is held back.
* Time: each state has its `IdleLimit`, counted in ticks of one timer for all connections.

Framing is the work of httptools. What a status or a body means is left to the user of the transport.
"""

import asyncio
from collections.abc import Callable
from typing import cast

from httptools import HttpParserCallbackError, HttpParserError, HttpParserUpgrade, HttpResponseParser

from claude_code_proxy.errors import ProxyError, UpstreamBroke, UpstreamTimeout, UpstreamUnavailable
from claude_code_proxy.http1.client.limits import ClientLimits, IdlePolicy
from claude_code_proxy.http1.client.states import TRANSITIONS, ClientEvent, ClientState

_SLICE = 256 * 1024  # a large body goes out in pieces, so that what waits in the socket's buffers stays bounded
_MAX_FIELDS = 256  # header fields of one response, those of interim responses and trailers included
_NEVER = float("inf")
_STALE_SECONDS = 0.5  # the answer to a request on a connection that was closed before is a round trip away
_EXPECTING = frozenset({ClientState.SENDING, ClientState.WAITING, ClientState.READING})


class Stale(UpstreamUnavailable):
    """A kept connection had been closed by the server: the request may be sent once more, on a new one."""


class _StopError(Exception):
    """Stops the parser when a callback raises it."""


class ClientConnection(asyncio.Protocol):
    """The protocol object of one connection; the callbacks of its parser."""

    state: ClientState
    chunks: list[bytes]
    error: ProxyError | None
    status: int  # 0 until the head has arrived
    headers: dict[bytes, bytes]
    _fields: dict[bytes, bytes]
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
        self._idle_policy = idle_policy
        self._on_lost = on_lost
        self._waiter: asyncio.Future[None] | None = None
        self._reused = self._reading_paused = self._writing_paused = False
        self.state = ClientState.FRESH
        self.error = None
        self.headers = {}
        self.chunks = []
        self.on_body = self.chunks.append  # the parser calls the list itself, once per HTTP chunk
        self._parser = HttpResponseParser(self)
        self._reset(None, head_only=False)

    # Called by the transport and the response.

    async def exchange(self, head: bytes, body: bytes, *, deadline: float | None, head_only: bool) -> None:
        """Send a request; return when the head of its response has arrived, even before all of the request is sent.

        A small body is better joined to the head by the caller.
        """
        self.state = TRANSITIONS[self.state][ClientEvent.EXCHANGE_BEGUN]
        self._reset(deadline, head_only=head_only)
        if self._reused:
            self._stale_until = self._loop.time() + _STALE_SECONDS
        if body:
            await self._send(head, memoryview(body))
        else:
            self._transport.write(head)
        self._quiet = 0
        if self.state is ClientState.SENDING:
            self.state = TRANSITIONS[self.state][ClientEvent.REQUEST_SENT]
        while not self.status:
            if self.error is not None:
                raise self.error
            await self.change()

    def change(self) -> asyncio.Future[None]:
        """Return a future for one task to await; giving up on it loses nothing."""
        self._waiter = self._loop.create_future()
        return self._waiter

    def take(self) -> bytes:
        """Return all the chunks there are, joined."""
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
        """Whether the exchange has ended so cleanly that another may follow."""
        return self._keep_alive and not self._cut and not self._writing_paused and not self._transport.is_closing()

    def rest(self) -> None:
        """Wait in the pool for the next exchange."""
        self.state = TRANSITIONS[self.state][ClientEvent.GIVEN_BACK]
        self._reused = True
        self._quiet = 0
        self._deadline = _NEVER
        self.chunks.clear()
        if self._reading_paused:
            self._resume_reading()

    def abort(self) -> None:
        """Close the socket at once, whatever is in flight."""
        self.fail(UpstreamBroke(f"The answer of {self._name} was given up before it was complete."))

    def fail(self, error: ProxyError) -> None:
        """Close the socket at once; whoever waits gets this error, unless there was one before."""
        if self.error is None:
            self.error = error
        self.state = TRANSITIONS[self.state][ClientEvent.FAILED]
        self._transport.abort()
        self._wake()

    def tick(self, now: float) -> None:
        """Give up when the deadline has passed, or nothing has happened for too long."""
        if now > self._deadline:
            self.fail(UpstreamTimeout(f"{self._name} did not complete its answer in the time there was."))
        elif self.state is ClientState.RESTING or self._waiter is not None:
            self._quiet += 1
            limit = self._idle_policy.limits.get(self.state)
            if limit is not None and self._quiet > limit.ticks:
                self.fail(UpstreamTimeout(limit.message))

    # Called by the event loop.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if self.state not in _EXPECTING:
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
        """Act at once: the loss itself may come much later while the socket still holds some of the request."""
        if self.state is ClientState.READING and self._ends_with_connection():
            self.state = TRANSITIONS[self.state][ClientEvent.BODY_ENDED]
            self._wake()
        elif self.state in _EXPECTING:
            self.fail(self._loss())

    def connection_lost(self, exc: Exception | None) -> None:
        if self.error is None:
            self.error = self._loss()
            self.error.__cause__ = exc
        self.state = TRANSITIONS[self.state][ClientEvent.LOST]
        del self._parser  # it holds our callbacks, so we would hold ourselves
        self._wake()
        self._on_lost(self)

    def pause_writing(self) -> None:
        self._writing_paused = True

    def resume_writing(self) -> None:
        self._writing_paused = False
        self._quiet = 0
        self._wake()

    # Called by the parser.

    def on_message_begin(self) -> None:
        if self.state is ClientState.COMPLETE:
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
        self.state = TRANSITIONS[self.state][ClientEvent.HEAD_ARRIVED]
        self._unread_limit = self._limits.unread
        if self._head_only:
            self.state = TRANSITIONS[self.state][ClientEvent.BODY_ENDED]
            raise _StopError("the rest would be a body, which it cannot have")

    def on_message_complete(self) -> None:
        if self.status:
            self.state = TRANSITIONS[self.state][ClientEvent.BODY_ENDED]
            self._keep_alive = self._parser.should_keep_alive()

    # Shared by all of them.

    def _reset(self, deadline: float | None, *, head_only: bool) -> None:
        self.status = 0
        self._cut = self._keep_alive = False
        self._head_only = head_only
        self._deadline = _NEVER if deadline is None else deadline
        self._stale_until = 0.0
        self._quiet = 0  # ticks since something happened
        self._unread = 0
        self._unread_limit = self._limits.head
        self._fields = {}
        self._fields_left = _MAX_FIELDS

    async def _send(self, head: bytes, body: memoryview) -> None:
        self._transport.writelines((head, body[:_SLICE]))
        for start in range(_SLICE, len(body), _SLICE):
            while self._writing_paused and not self.status:
                if self.error is not None:
                    raise self.error
                await self.change()
            if self.status or self._transport.is_closing():
                self._cut = True
                return
            self._transport.write(body[start : start + _SLICE])

    def _stopped(self, error: HttpParserError | HttpParserUpgrade) -> None:
        """Deal with the end of parsing; it only matters to a response that is not yet complete."""
        self._keep_alive = False
        if self.state is not ClientState.COMPLETE:
            reason = error.__context__ if isinstance(error, HttpParserCallbackError) else error
            broke = UpstreamBroke(f"{self._name} sent an answer that is not valid HTTP/1.1: {reason}.")
            broke.__cause__ = error
            self.fail(broke)

    def _overfull(self) -> None:
        if self.state is ClientState.COMPLETE:
            return
        if not self.status:
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

    def _loss(self) -> ProxyError:
        if self.status:
            return UpstreamBroke(f"{self._name} closed the connection before its answer was complete.")
        stale = not self._unread and self._loop.time() < self._stale_until
        kind = Stale if stale else UpstreamUnavailable
        return kind(f"{self._name} closed the connection before it answered.")

    def _wake(self) -> None:
        waiter = self._waiter
        if waiter is not None:
            self._waiter = None
            if not waiter.done():
                waiter.set_result(None)
