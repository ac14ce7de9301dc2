"""A listening socket whose connections are accepted, but for pauses, in which they wait in the system's queue."""

import asyncio
import socket
from collections.abc import Callable

_BACKLOG = 2048


class Acceptor:
    """Accepts the connections of one bound socket, TCP or Unix, which it then owns. It is made on the event loop."""

    def __init__(self, listener: socket.socket, make_protocol: Callable[[], asyncio.Protocol]) -> None:
        self._listener = listener
        self._make_protocol = make_protocol
        self._loop = asyncio.get_running_loop()
        self._paused = False
        self._server: asyncio.Server | None = None
        self._starting: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._listener.listen(_BACKLOG)  # here, because uvloop only logs it when this fails
        if self._listener.family != socket.AF_UNIX:
            self._listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # accepted sockets inherit it
        await self._accept()

    def pause(self) -> None:
        """Accept nothing more for now. A Unix socket goes on: its server would remove the file."""
        if self._listener.family != socket.AF_UNIX:
            self._paused = True
            self._stop()

    def resume(self) -> None:
        """Accept again; do nothing if that is so already."""
        if self._paused:
            self._paused = False
            self._starting = self._loop.create_task(self._accept())

    def close(self) -> None:
        """Stop listening: those that still wait are reset."""
        self._paused = True
        self._stop()
        self._listener.close()

    async def _accept(self) -> None:
        if self._listener.family == socket.AF_UNIX:
            make = self._loop.create_unix_server
            server = await make(self._make_protocol, sock=self._listener, backlog=_BACKLOG)
        else:  # a server closes its socket; the queue stays as long as there is another descriptor for it
            again = self._listener.dup()
            server = await self._loop.create_server(self._make_protocol, sock=again, backlog=_BACKLOG)
        self._server = server
        if self._paused:
            self._stop()

    def _stop(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()
