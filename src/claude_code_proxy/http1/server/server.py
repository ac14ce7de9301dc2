"""A server: listening sockets whose connections ask one handler, from `start` to `shutdown`."""

import asyncio
import socket
from collections.abc import Callable, Sequence

from claude_code_proxy.http1.server.acceptor import Acceptor
from claude_code_proxy.http1.server.body_memory import BodyMemory
from claude_code_proxy.http1.server.connection import ServerConnection
from claude_code_proxy.http1.server.listeners import bind
from claude_code_proxy.http1.server.service import Service
from claude_code_proxy.http1.server.types import ErrorRenderer, Handler, HeadCheck, OnError, ServerLimits, plain_error

_CANCELLED_SECONDS = 1.0  # for handlers to clean up after they have been cancelled
_ACCEPTING_TURNS = 4  # of the event loop, from accepting a connection until its protocol knows of it


class Server:
    """A server that listens from `start` until `shutdown`; several may run on one event loop."""

    def __init__(
        self,
        handler: Handler,
        *,
        check_head: HeadCheck | None = None,
        render_error: ErrorRenderer = plain_error,
        on_error: OnError | None = None,
        on_full: Callable[[], None] = lambda: None,
        limits: ServerLimits | None = None,
    ) -> None:
        """`on_error` receives what a handler or head check raises; by default, the loop's exception handler does.

        `on_full` is called when there are as many connections as there may be.
        """
        self._handler = handler
        self._check_head = check_head
        self._render_error = render_error
        self._on_error = on_error
        self._on_full = on_full
        self._limits = limits or ServerLimits()
        self.memory = BodyMemory(self._limits.body_memory)  # of the requests' bodies
        self.sockets: tuple[socket.socket, ...] = ()
        self.port = 0  # of the first socket, if it has one
        self.gave_up = False  # a shutdown ended requests that were being answered
        self._acceptors: list[Acceptor] = []

    def use_limits(self, limits: ServerLimits) -> None:
        """Take these limits for the requests that begin from now on."""
        self._limits = self._service.limits = limits

    async def start(
        self,
        sockets: Sequence[socket.socket] | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        reuse_port: bool = False,
    ) -> None:
        """Serve on bound sockets, TCP or Unix, which it then owns; without any, bind `host` and `port`."""
        loop = asyncio.get_running_loop()
        self._service = Service(
            handler=self._handler,
            check_head=self._check_head,
            render_error=self._render_error,
            on_error=self._on_error or _stopping(loop),
            on_full=self._stop_accepting,
            on_room=self._accept_again,
            limits=self._limits,
            memory=self.memory,
            loop=loop,
        )
        self.sockets = tuple(bind(host, port, reuse_port=reuse_port) if sockets is None else sockets)
        name = self.sockets[0].getsockname()
        self.port = name[1] if isinstance(name, tuple) else 0
        self._acceptors = [Acceptor(listener, self._connect) for listener in self.sockets]
        try:
            for acceptor in self._acceptors:
                await acceptor.start()
        except BaseException:
            self._stop_listening()
            raise
        self._sweep()

    @property
    def connections(self) -> int:
        return len(self._service.connections)

    @property
    def open_requests(self) -> int:
        """The number of requests whose handlers are running."""
        return self._service.open_requests

    async def shutdown(self, drain_seconds: float) -> None:
        """Stop accepting, let begun requests be answered, and after `drain_seconds` end what is left.

        May be called again meanwhile, with less time.
        """
        service = self._service
        service.closing = True
        self._stop_listening()
        for _ in range(_ACCEPTING_TURNS):  # a connection that is half made would outlive the server
            await asyncio.sleep(0)
        for connection in list(service.connections):
            connection.close_if_idle()
        if not await self._deserted(drain_seconds):
            self.gave_up = True
            for connection in list(service.connections):
                connection.stop()
            if not await self._deserted(_CANCELLED_SECONDS):
                for connection in list(service.connections):
                    connection.abort()
                await self._deserted(_CANCELLED_SECONDS)
        self._timer.cancel()

    def _connect(self) -> ServerConnection:
        return ServerConnection(self._service)

    def _stop_accepting(self) -> None:
        for acceptor in self._acceptors:
            acceptor.pause()
        self._on_full()

    def _accept_again(self) -> None:
        if not self._service.closing:
            for acceptor in self._acceptors:
                acceptor.resume()

    def _stop_listening(self) -> None:
        for acceptor in self._acceptors:
            acceptor.close()

    async def _deserted(self, seconds: float) -> bool:
        """Return whether every connection and handler ended within that time."""
        try:
            await asyncio.wait_for(self._service.deserted.wait(), seconds)
        except TimeoutError:
            return False
        return True

    def _sweep(self) -> None:
        service = self._service
        service.sweep()
        self._timer = service.loop.call_later(service.limits.sweep_seconds, self._sweep)


def _stopping(loop: asyncio.AbstractEventLoop) -> OnError:
    return lambda error: loop.call_exception_handler({"message": "a request handler failed", "exception": error})
