"""One client's connection: bytes become requests, one at a time, and each is answered by one handler task.

Theory of operation
-------------------
A connection is always in one `State`. Three parties move it on; each move is an `Event`:

* the client, by what it sends: heads and bodies begin and end, or it leaves;
* the handler, by returning, or by taking the connection over;
* the server, by refusing a request, by shutting down, and by its sweep, which ends what takes too long.

`states.TRANSITIONS` lists every possible move and drives the code: an event that a state does not list is an error.
`_INPUT` lists which method reads the input in which state.

A request whose body is collected goes IDLE → HEAD → BODY → ANSWERING → IDLE; one that arrives in a single read skips
HEAD and BODY. It is WAITING before BODY while other bodies take all the memory there is. A request whose head check
called `Request.stream_body` goes IDLE → RECEIVING → ANSWERING → IDLE: its handler runs while the body arrives. After an
upgrade the connection is UPGRADED until the handler returns.

What is guaranteed:

* At most one handler runs. The next request is not looked at before it has returned and the client has taken enough of
  the replies (FLUSHING). What a client sends ahead is kept up to `read_ahead_bytes`; then reading stops.
* The handler is cancelled as soon as the client leaves, unless its reply is complete. A complete one is cancelled only
  by a shutdown that has run out of time.
* A refused request is the last one of its connection, unless all of it has arrived: where its body ends is uncertain.
  The refusal still arrives. Closing with unread input would reset the connection, so what comes in is dropped for a
  while (LINGERING).
* Memory: a head, a body, what is read ahead, and what is unsent are each bounded by `ServerLimits`, and so are all
  bodies together (`body_memory`): what one takes is reserved from its head until its handler has returned.
* Connections: no more than `ServerLimits.connections`. While there are as many, none is accepted, no reply keeps its
  connection alive, and an idle one ends soon, so that those that wait get a turn.
* Time: every state but ANSWERING and UPGRADED ends by a limit, and these do if the client takes nothing of what is
  written. Times are read off the service's coarse clock and judged by its sweep, so no request needs a timer.

Heads are read by `request`, bodies by `incoming`; handlers are run by `handler_task`, and answer through `responder`.
"""

import asyncio
import re
from collections.abc import Callable
from typing import ClassVar, cast

from claude_code_proxy.http1.server import reply
from claude_code_proxy.http1.server.body_memory import out_of_memory
from claude_code_proxy.http1.server.handler_task import HandlerTask
from claude_code_proxy.http1.server.incoming import IncomingBody
from claude_code_proxy.http1.server.outflow import Outflow, has_left
from claude_code_proxy.http1.server.request import RejectedRequest, Request, parse_head
from claude_code_proxy.http1.server.responder import Responder
from claude_code_proxy.http1.server.service import Service
from claude_code_proxy.http1.server.states import TRANSITIONS, Event, State
from claude_code_proxy.http1.server.streams import InputStream
from claude_code_proxy.http1.server.types import Answer

_UNREAD = frozenset({State.RECEIVING, State.REFUSING})  # more of the request may arrive
_HEAD_END = b"\r\n\r\n"
_HOPELESS = re.compile(rb"\A[^!-~]|\n\r?\n")  # not the beginning of any request
_TRANSPORTS_HIGH_WATER = 65536
_BODY_LATE = "The body of the request did not arrive in time."


class ServerConnection(asyncio.Protocol):
    """The protocol object of one connection, the outlet of its responders, and the source of its input streams."""

    __slots__ = (
        "_dropped",
        "_handler",
        "_incoming",
        "_input",
        "_outflow",
        "_peer",
        "_service",
        "_since",
        "_state",
        "_upgraded",
        "_waiting",
        "transport",
    )

    transport: asyncio.Transport

    def __init__(self, service: Service) -> None:
        self._service = service
        self._state = State.IDLE
        self._since = service.now  # when the state began
        self._input: bytearray | None = None  # an unfinished head, or what is read ahead
        self._incoming: IncomingBody | None = None
        self._handler: HandlerTask | None = None
        self._waiting: Request | None = None  # for memory
        self._upgraded: InputStream | None = None  # what arrives after an upgrade

    # Called by the event loop.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self._outflow = Outflow(self.transport)
        self._peer = _peer(transport)
        high_water = self._service.limits.high_water
        if high_water != _TRANSPORTS_HIGH_WATER:
            self.transport.set_write_buffer_limits(high_water)
        self._service.join(self)
        if self._service.closing:
            self._close()

    def data_received(self, data: bytes) -> None:
        while data:
            data = self._INPUT[self._state](self, data)

    def eof_received(self) -> None:
        """Treat a client that has closed its side as gone; the transport closes after this."""
        self._leave()
        self._state = TRANSITIONS[self._state][Event.CLOSED]
        self._outflow.watch(self._service.now)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._leave()
        self._state = TRANSITIONS[self._state][Event.LOST]
        self._input = None
        self._drop_body()
        if self._handler is None:
            self._service.leave(self)

    def pause_writing(self) -> None:
        self._outflow.paused = True
        self._outflow.watch(self._service.now)

    def resume_writing(self) -> None:
        self._outflow.paused = False
        self._outflow.wake()
        if self._state is State.FLUSHING:
            self._state = TRANSITIONS[self._state][Event.TAKEN]
            self._next()

    # Called by the server.

    def expire(self, now: float) -> None:
        limits = self._service.limits
        if self._outflow.paused or self._state is State.CLOSING:
            if self._outflow.is_stuck(now, limits.unread_seconds):
                self.abort()
        elif not self.transport.is_reading() and has_left(self.transport):
            self.transport.abort()
        elif self._incoming is not None:
            if self._incoming.is_late(now, crowded=bool(self._service.memory.waiting)):
                self._reject_body(self._incoming, RejectedRequest(408, _BODY_LATE))
        else:
            self._expire_silence(now - self._since)

    def close_if_idle(self) -> None:
        if self._state is State.IDLE:
            self._close()

    def stop(self) -> None:
        if self._handler is None:
            self.abort()
        else:
            self._handler.stop()

    def abort(self) -> None:
        if self._handler is not None:
            self._handler.abort()
        self._leave()
        self.transport.abort()

    # Called by its handler and responders.

    def handler_returned(self) -> None:
        handler, self._handler = self._handler, None
        state = self._state
        if handler is not None and handler.responder.request.reserved:
            self._service.memory.release(handler.responder.request)
        if state is State.LOST:
            self._service.leave(self)
        elif state is State.UPGRADED:
            self._close_transport()
        elif state is State.ANSWERING and handler is not None and not handler.responder.gone:
            self._end_exchange()

    def opening(self, status: int) -> bytes:
        return self._service.openings[status]

    def keeps_alive(self, request: Request) -> bool:
        service = self._service
        return request.keep_alive and not (service.closing or service.full) and self._state is not State.RECEIVING

    def reply_ended(self, *, keep_alive: bool) -> None:
        if not keep_alive:
            self._close()

    def room(self) -> asyncio.Future[None] | None:
        if not (self._outflow.paused or self.transport.is_closing()):  # closing: the client has left, as will be told
            return None
        return self._outflow.wait(self._service.loop)

    def take_over(self) -> InputStream:
        if self._state is not State.ANSWERING:
            raise RuntimeError("a connection can be taken over once its request is complete")
        self._state = TRANSITIONS[self._state][Event.TAKEN_OVER]
        self._upgraded = stream = InputStream(self, self._service.limits.high_water)
        held, self._input = self._input, None
        if held is not None:
            self.transport.resume_reading()
            stream.write(bytes(held))
        return stream

    # Called by its input streams.

    def hold_input(self) -> None:
        self.transport.pause_reading()

    def release_input(self) -> None:
        self.transport.resume_reading()

    def input_wanted(self) -> None:
        """Tell a client that waits for it to send the body, unless the reply has already begun."""
        if self._incoming is not None and self._handler is not None and not self._handler.responder.started:
            self._invite(self._incoming)

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
            self._state = TRANSITIONS[self._state][Event.HEAD_ENDED]
        return self._take(data, end + len(_HEAD_END))

    def _hold_head(self, data: bytes) -> bytes:
        if data:
            self._state = TRANSITIONS[self._state][Event.HEAD_BEGUN]
            self._since = self._service.now
            self._input = bytearray(data)
            self._await_head(self._input, 0)
        return b""

    def _await_head(self, held: bytearray, seen: int) -> bytes:
        limit = self._service.limits.head_bytes
        if len(held) > limit:
            self._refuse(_head_too_large(limit))
        elif _HOPELESS.search(held, seen):
            self._refuse(RejectedRequest(400, "This is not an HTTP/1.1 request."))
        return b""

    def _take(self, data: bytes, end: int) -> bytes:
        """Read a complete head, up to `end`; perhaps the body is there too."""
        limits = self._service.limits
        try:
            if end > limits.head_bytes:
                raise _head_too_large(limits.head_bytes)
            request = parse_head(data[:end], peer=self._peer, head_count=limits.head_count)
        except RejectedRequest as refusal:
            return self._refuse(refusal)
        refused = self._service.check(request)
        length = request.length
        if request.stream_limit is not None and refused is None:
            self._answer_while_receiving(request)
            return data[end:]
        if length and refused is None and not self._service.memory.take(request, length):
            return self._await_memory(request, data[end:])
        if length is None or end + length > len(data) or (length and b"content-encoding" in request.headers):
            self._await_body(request, refused, begun=end < len(data))
            return data[end:]
        if refused is not None:
            self._turn_away(request, refused)
        else:
            if length:
                request.body = data[end : end + length]
            self._answer(request)
        return data[end + length :]

    def _await_memory(self, request: Request, data: bytes) -> bytes:
        """Keep what has arrived of a body, and read no more, until there is memory for it."""
        self._state = TRANSITIONS[self._state][Event.MEMORY_AWAITED]
        self._since = self._service.now
        self._waiting = request
        self._service.memory.wait(request, self._memory_free)
        self.transport.pause_reading()
        return self._read_ahead(data)

    def _memory_free(self) -> None:
        request, self._waiting = self._waiting, None
        held, self._input = self._input, None
        if request is not None:
            self._state = TRANSITIONS[self._state][Event.MEMORY_FREE]
            self._await_body(request, None, begun=bool(held))
            self.transport.resume_reading()
            self.data_received(bytes(held or b""))

    def _await_body(self, request: Request, refused: Answer | None, *, begun: bool) -> None:
        if refused is not None:
            self._turn_away_for_good(request, refused)
            return
        self._state = TRANSITIONS[self._state][Event.BODY_AWAITED]
        self._incoming = self._incoming_body(request)
        if not begun and b"expect" in request.headers:
            self._invite(self._incoming)

    def _answer_while_receiving(self, request: Request) -> None:
        self._state = TRANSITIONS[self._state][Event.STREAM_BEGUN]
        request.stream = InputStream(self, self._service.limits.high_water)
        self._incoming = self._incoming_body(request)
        self._handler = HandlerTask(self, self._service, request=request)
        if request.length == 0:
            self._read_body(b"")

    def _incoming_body(self, request: Request) -> IncomingBody:
        service = self._service
        return IncomingBody(request, limits=service.limits, memory=service.memory, now=service.now)

    def _invite(self, incoming: IncomingBody) -> None:
        if incoming.awaits_invitation:
            self.transport.write(reply.CONTINUE)

    def _read_body(self, data: bytes) -> bytes:
        """Take more of a body; one that is collected is answered when it is complete."""
        incoming = self._incoming
        if incoming is None:
            return b""  # it was malformed, and nothing can follow
        try:
            rest = incoming.feed(data, self._service.now)
        except RejectedRequest as refusal:
            self._reject_body(incoming, refusal)
            return b""
        if rest is None:
            return b""
        self._incoming = None
        if incoming.stream is None:
            self._answer(incoming.request)
        else:
            self._state = TRANSITIONS[self._state][Event.REQUEST_COMPLETE]
        return rest

    def _reject_body(self, incoming: IncomingBody, refusal: RejectedRequest) -> None:
        """Refuse the request; if a handler is reading the body, let it answer, by default with the same refusal."""
        self._drop_body()
        if incoming.stream is None:
            self._refuse(refusal, incoming.request)
        else:
            self.transport.pause_reading()
            incoming.stream.fail(refusal)

    def _pass_on(self, data: bytes) -> bytes:
        """Give every byte to the handler that has taken the connection over."""
        if self._upgraded is not None:
            self._upgraded.write(data)
        return b""

    def _read_ahead(self, data: bytes) -> bytes:
        """Keep what follows the request that is being answered, as much of it as is allowed."""
        if self._input is None:
            self._input = bytearray()
        self._input += data
        if len(self._input) > self._service.limits.read_ahead_bytes:
            self.transport.pause_reading()
        return b""

    def _drop(self, data: bytes) -> bytes:
        self._dropped += len(data)
        if self._dropped > self._service.limits.linger_bytes:
            self._close_transport()
        return b""

    def _ignore(self, data: bytes) -> bytes:
        del data
        return b""

    _INPUT: ClassVar[dict[State, Callable[["ServerConnection", bytes], bytes]]] = {
        State.IDLE: _read_head,
        State.HEAD: _read_head,
        State.WAITING: _read_ahead,
        State.BODY: _read_body,
        State.RECEIVING: _read_body,
        State.ANSWERING: _read_ahead,
        State.FLUSHING: _read_ahead,
        State.UPGRADED: _pass_on,
        State.REFUSING: _ignore,
        State.LINGERING: _drop,
        State.CLOSING: _ignore,
        State.LOST: _ignore,
    }

    # What goes out.

    def _answer(self, request: Request) -> None:
        """Start the handler of a complete request."""
        self._state = TRANSITIONS[self._state][Event.REQUEST_COMPLETE]
        self._handler = HandlerTask(self, self._service, request=request)

    def _end_exchange(self) -> None:
        """Go on after a reply; what has arrived meanwhile is looked at once the client has taken enough of it."""
        self._since = self._service.now
        if self._outflow.paused:
            self._state = TRANSITIONS[self._state][Event.HELD_UP]
            self._outflow.watch(self._since)
            return
        self._state = TRANSITIONS[self._state][Event.ANSWERED]
        if self._input is not None or self._service.closing:
            self._next()

    def _next(self) -> None:
        held, self._input = self._input, None
        if held is not None:
            self.transport.resume_reading()
            self.data_received(bytes(held))
        elif self._service.closing:
            self._close()

    def _turn_away(self, request: Request, refused: Answer) -> None:
        """Answer without the handler; if all of the request has arrived, the connection may go on."""
        status, headers, body = refused
        Responder(self, request).send(status, headers, body)
        if self._state is State.IDLE:
            self._end_exchange()

    def _turn_away_for_good(self, request: Request, refused: Answer) -> None:
        self._state = TRANSITIONS[self._state][Event.REFUSED]
        request.keep_alive = False
        self._turn_away(request, refused)

    def _refuse(self, refusal: RejectedRequest, request: Request | None = None) -> bytes:
        """Answer input that cannot be read as a request; none of it is left over."""
        refused = self._service.render(refusal.status, refusal.message, request=request)
        self._turn_away_for_good(request or Request("GET", "/"), refused)
        return b""

    # How it ends.

    def _close(self) -> None:
        """Close once all is sent. With input unread, that would reset the connection and could swallow the reply."""
        unread = self._state in _UNREAD or self._input is not None
        self._input = None
        self._drop_body()
        if not unread or self.transport.is_closing():
            self._close_transport()
            return
        self._state = TRANSITIONS[self._state][Event.SHUT_DOWN]
        self._since = self._service.now
        self._dropped = 0
        self.transport.write_eof()
        self.transport.resume_reading()

    def _close_transport(self) -> None:
        self._state = TRANSITIONS[self._state][Event.CLOSED]
        self._outflow.watch(self._service.now)
        self.transport.close()

    def _drop_body(self) -> None:
        """Let go the memory of a body that no handler will see."""
        request, incoming = self._waiting, self._incoming
        self._waiting = self._incoming = None
        if incoming is not None:
            request = incoming.request
        if request is not None:
            self._service.memory.release(request)

    def _leave(self) -> None:
        """Note that the client has gone: end whatever waits for it."""
        if self._handler is not None:
            self._handler.leave()
        self._outflow.wake()

    def _expire_silence(self, age: float) -> None:
        limits = self._service.limits
        silence = limits.keep_alive_when_full_seconds if self._service.full else limits.keep_alive_seconds
        if self._state is State.IDLE and age > silence:
            self._close()
        elif self._state is State.HEAD and age > limits.head_seconds:
            self._refuse(RejectedRequest(408, "The head of the request did not arrive in time."))
        elif self._state is State.WAITING and age > limits.body_memory_seconds:
            self._refuse(out_of_memory(), self._waiting)
        elif self._state is State.LINGERING and age > limits.linger_seconds:
            self._close_transport()


def _head_too_large(limit: int) -> RejectedRequest:
    return RejectedRequest(431, f"The head of the request is larger than the {limit} bytes allowed.")


def _peer(transport: asyncio.BaseTransport) -> str:
    address = transport.get_extra_info("peername")
    if not isinstance(address, tuple):
        return "unix"
    host, port = address[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
