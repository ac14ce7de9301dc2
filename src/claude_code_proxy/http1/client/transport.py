"""Requests to one origin over a bounded pool of kept connections: bytes in, bytes out.

A request is repeated only if the server had closed a kept connection before it. Statuses, retries and what the bytes
mean are left to the layer above.
"""

import asyncio
import re
import ssl
from collections.abc import Sequence
from functools import partial
from math import inf

from claude_code_proxy.errors import Overloaded, ProxyError, UpstreamUnavailable
from claude_code_proxy.http1.client.address import Origin, Proxy
from claude_code_proxy.http1.client.connection import ClientConnection, Stale
from claude_code_proxy.http1.client.dial import ConnectTimeout, NetworkRoute, default_tls, dial
from claude_code_proxy.http1.client.limits import ClientLimits, Timeouts, idle_policy
from claude_code_proxy.http1.client.pool import ConnectionPool
from claude_code_proxy.http1.client.response import Response

_JOIN_UP_TO = 32 * 1024  # bytes of body that are copied behind the head, so that both leave in one write
_UNSAFE_IN_PATH = re.compile(rb"[^\x21-\x7e]")
_UNSAFE_IN_FIELD = re.compile(rb"[\r\n\0]")
_BODILESS_METHODS = frozenset({b"GET", b"HEAD"})


def encode_headers(fields: Sequence[tuple[bytes, bytes]]) -> bytes:
    """Return the block that `Transport.request` takes; worth keeping if it is the same for many requests."""
    for name, value in fields:
        if _UNSAFE_IN_FIELD.search(name) or _UNSAFE_IN_FIELD.search(value):
            raise ValueError("A header field must not hold line breaks.")
    return b"".join(b"%b: %b\r\n" % field for field in fields)


class Transport:
    """A client for one event loop, that of its first request. All requests go through `proxy` if there is one.

    `tls` replaces the default context, which verifies against the system's CA store.
    """

    def __init__(
        self,
        origin: Origin,
        *,
        timeouts: Timeouts | None = None,
        limits: ClientLimits | None = None,
        tls: ssl.SSLContext | None = None,
        proxy: Proxy | None = None,
    ) -> None:
        context = (tls or default_tls()) if origin.tls else None
        self._route = NetworkRoute(origin, context, proxy)
        self._timeouts = timeouts or Timeouts()
        self._limits = limits or ClientLimits()
        self._idle_policy = idle_policy(self._route.name, timeouts=self._timeouts, limits=self._limits)
        self._target, self._prelude = _framing(self._route)
        self._pool: ConnectionPool[ClientConnection] = ConnectionPool(self._limits.max_connections)
        self._connections: set[ClientConnection] = set()
        self._empty = asyncio.Event()
        self._empty.set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ticking: asyncio.TimerHandle | None = None
        self._closed = False

    async def request(
        self,
        method: bytes,
        path: bytes,
        *,
        headers: bytes | Sequence[tuple[bytes, bytes]] = b"",
        body: bytes = b"",
        deadline: float | None = None,
    ) -> Response:
        """Return once the head of the response has arrived; its body is then read, or given up, through the response.

        Host and Content-Length are added to the headers. `deadline` is the loop time by which the whole body must have
        arrived. Raise `Overloaded` when no connection came free, `CannotConnect` when nothing was sent,
        `UpstreamUnavailable` (among them `UpstreamTimeout`) when no answer came, `UpstreamBroke` when it was no HTTP.
        """
        loop = self._loop
        if loop is None:
            loop = self._loop = asyncio.get_running_loop()
        fields = headers if isinstance(headers, bytes) else encode_headers(headers)
        head, large = self._head(method, path, fields=fields, size=len(body)), body
        if len(body) <= _JOIN_UP_TO:
            head, large = head + body, b""
        connection = self._newest() or await self._obtain(loop, deadline)
        head_only = method == b"HEAD"
        try:
            try:
                await connection.exchange(head, large, deadline=deadline, head_only=head_only)
            except Stale:
                connection = await self._open(loop, deadline)  # in the slot of the one that is gone
                await connection.exchange(head, large, deadline=deadline, head_only=head_only)
        except BaseException:
            connection.abort()
            self._pool.free()
            raise
        return Response(connection, give_back=self._release, body_limit=self._limits.body)

    async def close(self) -> None:
        """End everything at once; exchanges that are under way fail."""
        self._closed = True
        self._pool.dismiss(self._closing)
        for connection in tuple(self._connections):
            connection.fail(self._closing())
        await self._empty.wait()
        if self._ticking is not None:
            self._ticking.cancel()
            self._ticking = None

    def _head(self, method: bytes, path: bytes, *, fields: bytes, size: int) -> bytes:
        if not path.startswith(b"/") or _UNSAFE_IN_PATH.search(path):
            raise ValueError("A path must begin with a slash and hold no unescaped characters.")
        length = b"content-length: %d\r\n" % size if size or method not in _BODILESS_METHODS else b""
        return b"".join((method, self._target, path, self._prelude, fields, length, b"\r\n"))

    def _newest(self) -> ClientConnection | None:
        while (connection := self._pool.newest()) is not None:
            if connection.usable:
                return connection
            self._pool.free()
        return None

    async def _obtain(self, loop: asyncio.AbstractEventLoop, deadline: float | None) -> ClientConnection:
        """Return a connection when none is resting: a new one, or one that was waited for in line."""
        if not self._pool.reserve():
            connection = await self._turn(loop, deadline)
            if connection is not None and connection.usable:
                return connection
        try:
            return await self._open(loop, deadline)
        except BaseException:
            self._pool.free()
            raise

    async def _turn(self, loop: asyncio.AbstractEventLoop, deadline: float | None) -> ClientConnection | None:
        try:
            async with asyncio.timeout(min(self._timeouts.slot, _left(loop, deadline))):
                return await self._pool.turn(loop)
        except TimeoutError as error:
            raise Overloaded(
                f"All {self._limits.max_connections} connections to {self._route.name} are in use, and none came free"
                " in time."
            ) from error

    async def _open(self, loop: asyncio.AbstractEventLoop, deadline: float | None) -> ClientConnection:
        seconds = min(self._timeouts.connect, _left(loop, deadline))
        try:
            async with asyncio.timeout(seconds):
                connection = await dial(loop, self._route, factory=partial(self._connection, loop))
        except TimeoutError as error:
            raise ConnectTimeout(f"Connecting to {self._route.name} took more than {seconds:.3g} seconds.") from error
        if self._closed:
            connection.abort()
            raise self._closing()
        self._connections.add(connection)
        self._empty.clear()
        if self._ticking is None:
            self._ticking = loop.call_later(self._idle_policy.tick, self._tick, loop)
        return connection

    def _connection(self, loop: asyncio.AbstractEventLoop) -> ClientConnection:
        return ClientConnection(
            loop, self._route.name, limits=self._limits, idle_policy=self._idle_policy, on_lost=self._lost
        )

    def _release(self, connection: ClientConnection) -> None:
        if connection.reusable:
            connection.rest()
            self._pool.give(connection)
        else:
            connection.abort()
            self._pool.free()

    def _lost(self, connection: ClientConnection) -> None:
        self._connections.discard(connection)
        self._pool.forget(connection)
        if not self._connections:
            self._empty.set()

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        for connection in tuple(self._connections):
            connection.tick(now)
        self._ticking = loop.call_later(self._idle_policy.tick, self._tick, loop) if self._connections else None

    def _closing(self) -> ProxyError:
        return UpstreamUnavailable(f"The connections to {self._route.name} are closed: the server is shutting down.")


def _left(loop: asyncio.AbstractEventLoop, deadline: float | None) -> float:
    return inf if deadline is None else deadline - loop.time()


def _framing(route: NetworkRoute) -> tuple[bytes, bytes]:
    """Return what stands between method and path, and between path and the caller's headers."""
    origin, proxy = route.origin, route.proxy
    target, fields = f" {origin.path}", [f"host: {origin.authority}"]
    if proxy is not None and route.tls is None:  # a proxy is asked for plain HTTP by the whole URL
        target = f" http://{origin.authority}{origin.path}"
        fields += [f"proxy-authorization: {proxy.authorization}"] if proxy.authorization else []
    return target.encode(), "".join(f"{line}\r\n" for line in [" HTTP/1.1", *fields]).encode()
