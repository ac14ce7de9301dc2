"""How a handler answers: calls become bytes for the client, each call one write to its transport.

Framing, Date, Content-Length, Transfer-Encoding and Connection are rendered here, so a handler must not set them. Once
the client has gone, all calls do nothing; before that, a call out of order is a mistake in the handler and raises
RuntimeError. What happens to the connection afterwards is left to `connection`.
"""

import asyncio
from collections.abc import Sequence
from typing import BinaryIO, Protocol

from claude_code_proxy.http1.server import reply
from claude_code_proxy.http1.server.request import Request
from claude_code_proxy.http1.server.streams import InputStream, RawConnection

Headers = Sequence[tuple[bytes, bytes]]

_CHUNKED, _UNTIL_CLOSE, _NO_BODY, _COUNTED = range(4)  # how the body of a streamed reply is framed
_FILE_PIECE = 256 * 1024


class Outlet(Protocol):
    """What a responder needs of its connection."""

    @property
    def transport(self) -> asyncio.WriteTransport:
        """Where the reply is written."""

    def opening(self, status: int) -> bytes:
        """Return the status line and the Date header."""

    def keeps_alive(self, request: Request) -> bool:
        """Return whether the connection may outlive the reply to this request."""

    def reply_ended(self, *, keep_alive: bool) -> None:
        """Go on: nothing more will be written for this request."""

    def take_over(self) -> InputStream:
        """Hand what arrives from now on to the handler, beginning with what was read ahead."""

    def room(self) -> asyncio.Future[None] | None:
        """Return a future that is done when the client has taken enough, or has left; None if it keeps up."""


class Responder:
    """One reply: `send`, or `send_file`, or `start`, any number of `write`, and `end`; or an `upgrade`."""

    __slots__ = (
        "_framing",
        "_head",
        "_keep_alive",
        "_left",
        "_outlet",
        "bytes_sent",
        "finished",
        "gone",
        "request",
        "started",
        "upgraded",
    )

    def __init__(self, outlet: Outlet, request: Request) -> None:
        self._outlet = outlet
        self.request = request
        self.started = False
        self.finished = False
        self.upgraded = False  # the handler has taken the connection over
        self.gone = False  # the client has left
        self.bytes_sent = 0  # given to the transport, with head and framing

    def send(self, status: int, headers: Headers, *body: bytes) -> None:
        """Send the whole reply; its body may be given in pieces."""
        if self.gone:
            return
        if self.started:
            raise RuntimeError("the reply has been started already")
        data = self._whole(status, headers, body=body)
        self.started = self.finished = True
        self.bytes_sent = len(data)
        self._outlet.transport.write(data)
        self._outlet.reply_ended(keep_alive=self._keep_alive)

    async def send_file(self, status: int, headers: Headers, *, file: BinaryIO, length: int) -> None:
        """Send `length` bytes of an open file from its position on, read by a thread as the client takes them.

        Raises EOFError for a shorter file, which breaks the reply off.
        """
        self.start(status, headers, length=length)
        left = 0 if self.request.method == "HEAD" else length
        while left and not self.gone:
            piece = await asyncio.get_running_loop().run_in_executor(None, file.read, min(left, _FILE_PIECE))
            if not piece:
                raise EOFError(f"the file is {left} bytes shorter than its length")
            left -= len(piece)
            self.write(piece)
            await self.drain()
        self.end()

    def start(self, status: int, headers: Headers, *, length: int | None = None) -> None:
        """Begin a streamed reply, of `length` bytes if that is known.

        Its head is held back, to go out in one piece with the first `write` or `end`.
        """
        if self.gone:
            return
        if self.started:
            raise RuntimeError("the reply has been started already")
        self._head = self._streamed_head(status, headers, length=length)
        self.started = True

    def write(self, data: bytes) -> None:
        """Send one chunk; nothing if it is empty."""
        if self._takes_more() and data:
            data = self._framed(data)
            self.bytes_sent += len(data)
            self._outlet.transport.write(data)

    def write_end(self, data: bytes) -> None:
        """Send one chunk and the end, in one piece."""
        if self._takes_more():
            data = self._framed(data, reply.LAST_CHUNK)
            if self._framing == _COUNTED and self._left:
                raise RuntimeError("the reply ended before its length")
            self.finished = True
            self.bytes_sent += len(data)
            self._outlet.transport.write(data)
            self._outlet.reply_ended(keep_alive=self._keep_alive)

    def end(self) -> None:
        """Send the last chunk."""
        self.write_end(b"")

    def abort(self) -> None:
        """Break the reply off: what was written still arrives, then the connection ends, without the last chunk."""
        if not (self.gone or self.finished):
            self.started = self.finished = True
            self._outlet.reply_ended(keep_alive=False)

    def upgrade(self, headers: Headers) -> RawConnection:
        """Switch protocols (101) and take the connection over, until the handler returns."""
        if self.started:
            raise RuntimeError("the reply has been started already")
        incoming = self._outlet.take_over()
        data = reply.render_head(self._outlet.opening(101), headers, framing=b"")
        self.started = self.upgraded = True
        self.bytes_sent = len(data)
        self._outlet.transport.write(data)
        return RawConnection(self._outlet, incoming)

    async def drain(self) -> None:
        """Return at once while the client keeps up; else when it has taken enough of what was written, or has left."""
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

    def _streamed_head(self, status: int, headers: Headers, *, length: int | None) -> bytes:
        self._framing = _CHUNKED
        framing: bytes | None = reply.CHUNKED
        if status in reply.WITHOUT_BODY:
            self._framing, framing = _NO_BODY, b""
        elif length is not None:
            self._framing, framing, self._left = _COUNTED, b"content-length: %d\r\n" % length, length
        elif self.request.http10:
            self._framing, framing = _UNTIL_CLOSE, None
        if self.request.method == "HEAD":
            self._framing = _NO_BODY
        return self._render(status, headers, framing=framing)

    def _render(self, status: int, headers: Headers, *, framing: bytes | None) -> bytes:
        """Return the head; without framing, the end of the connection ends the body."""
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
        if self._framing == _NO_BODY:
            return head
        if self._framing == _COUNTED:
            if len(data) > self._left:
                raise RuntimeError("the reply is longer than its length")
            self._left -= len(data)
        return head + data
