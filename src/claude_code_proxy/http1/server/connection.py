"""One client's connection: what comes in becomes requests, one at a time, and each is answered by one handler task.

Heads are read by `request`, bodies by `body`, replies are made by `responder`; this decides what happens when: who is
refused, what is read ahead, how the connection ends, and what comes of a client that is too slow, or gone. Times are
read off the service's coarse clock and judged by its sweep, so no request needs a timer of its own.
"""

import asyncio
import re
from typing import Final, cast

from claude_code_proxy.http1.server import reply
from claude_code_proxy.http1.server.body import ChunkedBody, CountedBody, too_large
from claude_code_proxy.http1.server.request import RejectedHead, Request, parse_head
from claude_code_proxy.http1.server.responder import Responder
from claude_code_proxy.http1.server.service import Service
from claude_code_proxy.http1.server.types import Answer, plain_error

# Where a connection stands. Their order counts: up to _HEAD a request may begin, up to _FLUSHING input is kept.
_IDLE: Final = 0  # between two requests
_HEAD: Final = 1  # a head has begun
_BODY: Final = 2  # a body has begun
_ANSWERING: Final = 3  # the handler runs
_FLUSHING: Final = 4  # answered; the next request is not looked at before the client has taken more of the answers
_LINGERING: Final = 5  # our side is shut down; what still comes is dropped until the client closes
_CLOSING: Final = 6  # closed, but for what is still to be sent
_LOST: Final = 7

_HEAD_END = b"\r\n\r\n"
_HOPELESS = re.compile(rb"\A[^!-~]|\n\r?\n")  # not the beginning of any request
_TRANSPORTS_HIGH_WATER = 65536
_OUR_FAULT = "The server failed to answer this request."


class ServerConnection(asyncio.Protocol):
    """The protocol object of one connection, and its responders' outlet."""

    __slots__ = (
        "_begun",
        "_dropped",
        "_input",
        "_paused",
        "_peer",
        "_reading",
        "_responder",
        "_service",
        "_since",
        "_state",
        "_task",
        "_unsent",
        "_waiting",
        "transport",
    )

    transport: asyncio.Transport

    def __init__(self, service: Service) -> None:
        self._service = service
        self._state: int = _IDLE
        self._since = service.now  # when the state, or the last progress in it, began
        self._input: bytearray | None = None  # an unfinished head, or what is read ahead
        self._reading: tuple[Request, CountedBody | ChunkedBody] | None = None  # the request whose body is coming in
        self._responder: Responder | None = None
        self._task: asyncio.Task[None] | None = None
        self._paused = False  # the client does not take what is written
        self._waiting: list[asyncio.Future[None]] = []  # for it to do so

    # Called by the event loop.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self._peer = _peer(transport)
        high_water = self._service.limits.high_water
        if high_water != _TRANSPORTS_HIGH_WATER:
            self.transport.set_write_buffer_limits(high_water)
        self._service.join(self)
        if self._service.closing:
            self._close()

    def data_received(self, data: bytes) -> None:
        while data:
            state = self._state
            if state <= _HEAD:
                data = self._read_head(data)
            elif self._reading is not None:
                data = self._read_body(*self._reading, data=data)
            elif state <= _FLUSHING:
                data = self._read_ahead(data)
            else:
                data = self._drop(data)

    def eof_received(self) -> None:
        """A client that has closed its side has gone; the transport closes after this."""
        self._state = _CLOSING
        self._await_reader()
        self._leave()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._state = _LOST
        self._leave()
        self._input = self._reading = None
        if self._task is None:
            self._service.leave(self)

    def pause_writing(self) -> None:
        self._paused = True
        self._await_reader()

    def resume_writing(self) -> None:
        self._paused = False
        self._wake()
        if self._state == _FLUSHING:
            self._next()

    # Called by the server.

    def expire(self, now: float) -> None:
        state = self._state
        if self._reading is not None:
            self._expire_body(now, self._reading)
        elif state in {_FLUSHING, _CLOSING} or (state == _ANSWERING and self._paused):
            self._expire_unread(now)
        else:
            self._expire_silent(now - self._since)

    def close_if_idle(self) -> None:
        if self._state == _IDLE:
            self._close()

    def abort(self) -> None:
        responder, task = self._responder, self._task
        self._leave()
        if responder is not None and task is not None and responder.finished:
            self._cancel(task)
        self.transport.abort()

    # Called by its responders.

    def opening(self, status: int) -> bytes:
        return self._service.openings[status]

    def keeps_alive(self, request: Request) -> bool:
        return request.keep_alive and not self._service.closing

    def reply_ended(self, *, keep_alive: bool) -> None:
        if not keep_alive:
            self._close()

    def room(self) -> asyncio.Future[None] | None:
        if not (self._paused or self.transport.is_closing()):  # closing: it has gone, and that will soon be known
            return None
        waiter = self._service.loop.create_future()
        self._waiting.append(waiter)
        return waiter

    # What comes in: each of these uses what it can, and returns what is left.

    def _read_head(self, data: bytes) -> bytes:
        held = self._input
        if held is None:
            if data[0] in b"\r\n":  # between requests, empty lines mean nothing
                data = data.lstrip(b"\r\n")
            end = data.find(_HEAD_END)
            if end < 0:
                return self._hold_head(data)
        else:
            seen = max(len(held) - len(_HEAD_END), 0)
            held += data
            end = held.find(_HEAD_END, seen)
            if end < 0:
                return self._await_head(held, seen)
            data = bytes(held)
            self._input = None
        return self._take(data, end + len(_HEAD_END))

    def _hold_head(self, data: bytes) -> bytes:
        if data:
            self._state = _HEAD
            self._since = self._service.now
            self._input = bytearray(data)
            self._await_head(self._input, 0)
        return b""

    def _await_head(self, held: bytearray, seen: int) -> bytes:
        limit = self._service.limits.head_bytes
        if len(held) > limit:
            self._refuse(_head_too_large(limit))
        elif _HOPELESS.search(held, seen):
            self._refuse(RejectedHead(400, "This is not an HTTP/1.1 request."))
        return b""

    def _take(self, data: bytes, end: int) -> bytes:
        """A head is complete, up to `end`; perhaps the body is there too."""
        limits = self._service.limits
        self._state = _IDLE
        try:
            if end > limits.head_bytes:
                raise _head_too_large(limits.head_bytes)
            request = parse_head(data[:end], peer=self._peer, head_count=limits.head_count)
        except RejectedHead as refusal:
            return self._refuse(refusal)
        refused = self._refused(request)
        length = request.length
        if length is None or end + length > len(data):
            self._await_body(request, refused, begun=end < len(data))
            return data[end:]
        if refused is not None:
            self._turn_away(request, refused)
        else:
            if length:
                request.body = data[end : end + length]
            self._answer(request)
        return data[end + length :]

    def _refused(self, request: Request) -> Answer | None:
        """What to say instead of reading the body and asking the handler."""
        service = self._service
        try:
            refused = None if service.check_head is None else service.check_head(request)
        except Exception as error:  # noqa: BLE001 - the client gets an answer, and on_error gets the error
            service.on_error(error)
            refused = self._render_error(500, _OUR_FAULT, request=request)
        limit = service.limits.body_bytes
        if refused is None and request.length is not None and request.length > limit:
            refused = self._render_error(413, too_large(limit).message, request=request)
        return refused

    def _await_body(self, request: Request, refused: Answer | None, *, begun: bool) -> None:
        self._state = _BODY
        if refused is not None:
            request.keep_alive = False
            self._turn_away(request, refused)
            return
        service = self._service
        self._since = self._begun = service.now
        limit = service.limits.body_bytes
        self._reading = request, ChunkedBody(limit) if request.length is None else CountedBody(request.length)
        if not begun and request.headers.get(b"expect", b"").lower() == b"100-continue" and not request.http10:
            self.transport.write(reply.CONTINUE)

    def _read_body(self, request: Request, body: CountedBody | ChunkedBody, *, data: bytes) -> bytes:
        self._since = self._service.now
        try:
            rest = body.feed(data)
        except RejectedHead as refusal:
            return self._refuse(refusal, request)
        if rest is None:
            return b""
        request.body = body.whole()
        self._reading = None
        self._answer(request)
        return rest

    def _read_ahead(self, data: bytes) -> bytes:
        """Keeps what follows the request that is being answered, as much of it as is allowed."""
        if self._input is None:
            self._input = bytearray()
        self._input += data
        if len(self._input) > self._service.limits.read_ahead_bytes:
            self.transport.pause_reading()
        return b""

    def _drop(self, data: bytes) -> bytes:
        if self._state == _LINGERING:
            self._dropped += len(data)
            if self._dropped > self._service.limits.linger_bytes:
                self._close_transport()
        return b""

    # What goes out.

    def _answer(self, request: Request) -> None:
        """The request is whole: the handler's turn."""
        service = self._service
        self._state = _ANSWERING
        service.open_requests += 1
        self._responder = responder = Responder(self, request)
        self._task = service.loop.create_task(self._run(request, responder))

    async def _run(self, request: Request, responder: Responder) -> None:
        try:
            await self._service.handler(request, responder)
        except asyncio.CancelledError:
            self._handled(responder, None)
            raise
        except Exception as error:  # noqa: BLE001 - the client gets an answer, and on_error gets the error
            self._handled(responder, error)
        else:
            self._handled(responder, None)

    def _handled(self, responder: Responder, error: Exception | None) -> None:
        """The handler has returned: the reply is made whole or broken off, and the next request may come."""
        self._settle()
        if not responder.gone and not responder.finished:
            error = error or RuntimeError("the handler returned without having answered")
            if responder.started:
                responder.abort()
            else:
                status, headers, body = self._render_error(500, _OUR_FAULT, request=responder.request)
                responder.send(status, headers, body)
        if self._state == _ANSWERING:
            self._next()
        if error is not None:
            self._service.on_error(error)

    def _settle(self, task: asyncio.Task[None] | None = None) -> None:
        """The handler's task is over, or as good as; also called for one that was cancelled before it began."""
        del task
        if self._task is not None:
            self._task = self._responder = None
            self._service.open_requests -= 1
            if self._state == _LOST:
                self._service.leave(self)

    def _next(self) -> None:
        """The reply is complete; what came in meanwhile is looked at once the client has taken enough of it."""
        self._since = self._service.now
        if self._paused:
            self._state = _FLUSHING
            self._await_reader()
            return
        self._state = _IDLE
        held = self._input
        if held is not None:
            self._input = None
            self.transport.resume_reading()
            self.data_received(bytes(held))
        elif self._service.closing:
            self._close()

    def _turn_away(self, request: Request, refused: Answer) -> None:
        """Answers without the handler."""
        status, headers, body = refused
        Responder(self, request).send(status, headers, body)
        if self._state == _IDLE:
            self._next()

    def _refuse(self, refusal: RejectedHead, request: Request | None = None) -> bytes:
        """The last reply of a connection whose input is of no use any more."""
        self._state = _BODY
        answer = self._render_error(refusal.status, refusal.message, request=request)
        if request is None:
            request = Request("GET", "/")
        request.keep_alive = False
        self._turn_away(request, answer)
        return b""

    def _render_error(self, status: int, message: str, *, request: Request | None) -> Answer:
        service = self._service
        try:
            return status, *service.render_error(status, message, request=request)
        except Exception as error:  # noqa: BLE001 - the client gets an answer, and on_error gets the error
            service.on_error(error)
            return status, *plain_error(status, message, request=request)

    # How it ends.

    def _close(self) -> None:
        """Closes once all is sent. With input unread, that would reset the connection and could swallow the reply."""
        unread = self._state in {_HEAD, _BODY} or self._input is not None
        self._input = self._reading = None
        if not unread or self.transport.is_closing():
            self._close_transport()
            return
        self._state = _LINGERING
        self._since = self._service.now
        self._dropped = 0
        self.transport.write_eof()
        self.transport.resume_reading()

    def _close_transport(self) -> None:
        self._state = _CLOSING
        self._await_reader()
        self.transport.close()

    def _leave(self) -> None:
        """The client has gone: nobody waits for it any more."""
        responder, task = self._responder, self._task
        if responder is not None and not responder.gone:
            responder.gone = True
            if task is not None and not responder.finished:
                self._cancel(task)
        self._wake()

    def _cancel(self, task: asyncio.Task[None]) -> None:
        task.cancel()
        task.add_done_callback(self._settle)

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, []
        for waiter in waiting:
            if not waiter.done():
                waiter.set_result(None)

    def _expire_silent(self, age: float) -> None:
        limits = self._service.limits
        if self._state == _IDLE and age > limits.keep_alive_seconds:
            self._close()
        elif self._state == _HEAD and age > limits.head_seconds:
            self._refuse(RejectedHead(408, "The head of the request did not arrive in time."))
        elif self._state == _LINGERING and age > limits.linger_seconds:
            self._close_transport()

    def _expire_body(self, now: float, reading: tuple[Request, CountedBody | ChunkedBody]) -> None:
        limits = self._service.limits
        request, body = reading
        late = now - self._begun - limits.body_idle_seconds
        if now - self._since > limits.body_idle_seconds or body.size < late * limits.body_bytes_per_second:
            self._refuse(RejectedHead(408, "The body of the request did not arrive in time."), request)

    def _await_reader(self) -> None:
        self._since = self._service.now
        self._unsent = self.transport.get_write_buffer_size()

    def _expire_unread(self, now: float) -> None:
        """Gives up on a client that does not take what is written for it."""
        unsent = self.transport.get_write_buffer_size()
        if unsent < self._unsent:
            self._since = now
        elif now - self._since > self._service.limits.unread_seconds:
            self.abort()
        self._unsent = unsent


def _head_too_large(limit: int) -> RejectedHead:
    return RejectedHead(431, f"The head of the request is larger than the {limit} bytes allowed.")


def _peer(transport: asyncio.BaseTransport) -> str:
    address = transport.get_extra_info("peername")
    if not isinstance(address, tuple):
        return "unix"
    host, port = address[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
