"""How a handler answers: calls become bytes for the client, each call one write to its transport.

Framing, Date, Content-Length, Transfer-Encoding and Connection are rendered here, so a handler must not set them. Once
the client has gone everything is swallowed; before that, an answer out of order is the handler's mistake and raises
RuntimeError. What becomes of the connection afterwards is the connection's affair.
"""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from claude_code_proxy.http1.server import reply
from claude_code_proxy.http1.server.request import Request

Headers = Sequence[tuple[bytes, bytes]]

_CHUNKED, _UNTIL_CLOSE, _NO_BODY = range(3)  # how the body of a streamed reply goes out


class Outlet(Protocol):
    """What a responder needs of its connection."""

    @property
    def transport(self) -> asyncio.WriteTransport:
        """Where the reply is written."""

    def opening(self, status: int) -> bytes:
        """Status line and Date."""

    def keeps_alive(self, request: Request) -> bool:
        """Whether the connection may outlive the reply to this request."""

    def reply_ended(self, *, keep_alive: bool) -> None:
        """Nothing more will be written for this request."""

    def room(self) -> asyncio.Future[None] | None:
        """Done as soon as the client has taken enough of what was written, or has gone; None if it keeps up."""


class Responder:
    """One reply: either `send`, or `start`, any number of `write`, and `end`."""

    __slots__ = (
        "_framing",
        "_head",
        "_keep_alive",
        "_outlet",
        "bytes_sent",
        "finished",
        "gone",
        "request",
        "started",
    )

    def __init__(self, outlet: Outlet, request: Request) -> None:
        self._outlet = outlet
        self.request = request
        self.started = False
        self.finished = False
        self.gone = False  # the client has left
        self.bytes_sent = 0  # given to the transport, with head and framing

    def send(self, status: int, headers: Headers, *body: bytes) -> None:
        """The whole reply; its body may come in pieces."""
        if self.gone:
            return
        if self.started:
            raise RuntimeError("the reply has been started already")
        data = self._whole(status, headers, body=body)
        self.started = self.finished = True
        self.bytes_sent = len(data)
        self._outlet.transport.write(data)
        self._outlet.reply_ended(keep_alive=self._keep_alive)

    def start(self, status: int, headers: Headers) -> None:
        """Begins a streamed reply; its head is held back, to go out in one piece with the first `write` or `end`."""
        if self.gone:
            return
        if self.started:
            raise RuntimeError("the reply has been started already")
        self._head = self._streamed_head(status, headers)
        self.started = True

    def write(self, data: bytes) -> None:
        """One chunk; nothing if it is empty."""
        if self._takes_more() and data:
            data = self._framed(data)
            self.bytes_sent += len(data)
            self._outlet.transport.write(data)

    def write_end(self, data: bytes) -> None:
        """One chunk and the end, in one piece."""
        if self._takes_more():
            data = self._framed(data, reply.LAST_CHUNK)
            self.finished = True
            self.bytes_sent += len(data)
            self._outlet.transport.write(data)
            self._outlet.reply_ended(keep_alive=self._keep_alive)

    def end(self) -> None:
        """The last chunk."""
        self.write_end(b"")

    def abort(self) -> None:
        """Breaks the reply off: what was written still arrives, then the connection ends, without the last chunk."""
        if not (self.gone or self.finished):
            self.started = self.finished = True
            self._outlet.reply_ended(keep_alive=False)

    async def drain(self) -> None:
        """Returns at once while the client keeps up; else when it has taken enough of what was written, or has gone."""
        if not (self.gone or self.finished):
            room = self._outlet.room()
            if room is not None:
                await room

    def _takes_more(self) -> bool:
        if self.gone:
            return False
        if not self.started:
            raise RuntimeError("the reply has not been started")
        if self.finished:
            raise RuntimeError("the reply has ended already")
        return True

    def _whole(self, status: int, headers: Headers, *, body: tuple[bytes, ...]) -> bytes:
        if status in reply.WITHOUT_BODY:
            return self._render(status, headers, framing=b"")
        head = self._render(status, headers, framing=b"content-length: %d\r\n" % sum(map(len, body)))
        return head if self.request.method == "HEAD" else b"".join((head, *body))

    def _streamed_head(self, status: int, headers: Headers) -> bytes:
        self._framing = _CHUNKED
        framing: bytes | None = reply.CHUNKED
        if status in reply.WITHOUT_BODY:
            self._framing, framing = _NO_BODY, b""
        elif self.request.http10:
            self._framing, framing = _UNTIL_CLOSE, None
        if self.request.method == "HEAD":
            self._framing = _NO_BODY
        return self._render(status, headers, framing=framing)

    def _render(self, status: int, headers: Headers, *, framing: bytes | None) -> bytes:
        """The head; without framing, it is the end of the connection that ends the body."""
        self._keep_alive = framing is not None and self._outlet.keeps_alive(self.request)
        framing = framing or b""
        if not self._keep_alive:
            framing += reply.CLOSE
        elif self.request.http10:
            framing += reply.KEEP_ALIVE
        return reply.render_head(self._outlet.opening(status), headers, framing=framing)

    def _framed(self, data: bytes, last: bytes = b"") -> bytes:
        head = self._head
        self._head = b""
        if self._framing == _CHUNKED:
            return b"%b%x\r\n%b\r\n%b" % (head, len(data), data, last) if data else head + last
        return head + data if self._framing == _UNTIL_CLOSE else head
