"""Opens a connection to an origin, through a proxy if there is one, with TLS if the origin uses it.

Every failure becomes `CannotConnect`: nothing was sent. How long it may take is for the caller to limit.
"""

import asyncio
import os
import re
import socket
import ssl
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import Any, TypeVar

from claude_code_proxy.errors import UpstreamTimeout, UpstreamUnavailable
from claude_code_proxy.http1.client.address import Origin, Proxy

_HEAD_START = 0.25  # seconds that an address has before the next one is tried beside it, as RFC 8305 has it
_MAX_CONSENT = 16 * 1024
_CONSENT = re.compile(rb"HTTP/1\.[01] (\d{3})[ \r]")

# Keep-alives detect a dead peer during long silences and stop middleboxes dropping the connection.
_SOCKET_OPTIONS = (
    (socket.IPPROTO_TCP, "TCP_NODELAY", 1),
    (socket.SOL_SOCKET, "SO_KEEPALIVE", 1),
    (socket.IPPROTO_TCP, "TCP_KEEPIDLE", 60),
    (socket.IPPROTO_TCP, "TCP_KEEPALIVE", 60),  # the same, by the name that macOS has for it
    (socket.IPPROTO_TCP, "TCP_KEEPINTVL", 15),
    (socket.IPPROTO_TCP, "TCP_KEEPCNT", 4),
)

_P = TypeVar("_P", bound=asyncio.Protocol)
_Address = tuple[Any, ...]  # as getaddrinfo has it: family, type, protocol, canonical name, socket address


class CannotConnect(UpstreamUnavailable):
    """Nothing of the request was sent, so it is safe to send it again."""


class ConnectTimeout(CannotConnect, UpstreamTimeout):
    """It took too long to connect; nothing was sent."""


@dataclass(frozen=True, slots=True)
class NetworkRoute:
    """`tls` is None for plain HTTP."""

    origin: Origin
    tls: ssl.SSLContext | None = None
    proxy: Proxy | None = None

    @property
    def name(self) -> str:
        """The origin, and the proxy if any, as error messages name them."""
        way = "" if self.proxy is None else f" (by way of {self.proxy.endpoint})"
        return f"{self.origin.endpoint}{way}"


def default_tls() -> ssl.SSLContext:
    """Return a context for the system's CA store, or what OpenSSL finds by SSL_CERT_FILE and SSL_CERT_DIR."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


async def dial(loop: asyncio.AbstractEventLoop, route: NetworkRoute, *, factory: Callable[[], _P]) -> _P:
    """Return the protocol object of an open connection. Raise `CannotConnect`."""
    hop = route.origin if route.proxy is None else route.proxy
    sock = await _reach(loop, hop)
    if route.proxy is not None and route.tls is not None:
        await _tunnel(loop, sock, route=route)
    name = None if route.tls is None else route.origin.host.rstrip(".")
    try:
        transport, protocol = await loop.create_connection(factory, sock=sock, ssl=route.tls, server_hostname=name)
    except ssl.SSLCertVerificationError as error:
        raise _untrusted(route, error) from error
    except OSError as error:
        raise CannotConnect(f"TLS with {route.name} failed: {_words(error)}.") from error
    if transport.is_closing():
        raise CannotConnect(f"{route.name} closed the connection at once.")
    return protocol


async def _reach(loop: asyncio.AbstractEventLoop, hop: Origin | Proxy) -> socket.socket:
    try:
        found = await loop.getaddrinfo(hop.host, hop.port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    except OSError as error:
        raise CannotConnect(f"The address of {hop.host} cannot be found: {_words(error)}.") from error
    try:
        sock = await _race(loop, _alternate(found))
    except OSError as error:
        raise CannotConnect(f"Cannot connect to {hop.endpoint}: {_words(error)}.") from error
    for level, option, value in _SOCKET_OPTIONS:
        with suppress(AttributeError, OSError):  # what a system has not got, it does without
            sock.setsockopt(level, getattr(socket, option), value)
    return sock


def _alternate(found: Sequence[_Address]) -> list[_Address]:
    """Return the addresses with their families by turns, beginning with the one that the system prefers."""
    families: dict[int, list[_Address]] = {}
    for address in found:
        families.setdefault(address[0], []).append(address)
    turns = chain.from_iterable(zip_longest(*families.values()))
    return [address for address in turns if address is not None]


async def _race(loop: asyncio.AbstractEventLoop, addresses: Sequence[_Address]) -> socket.socket:
    """Return the first to connect; another one starts when one has failed, or has had its head start."""
    if len(addresses) == 1:
        return await _connect(loop, addresses[0])
    waiting = deque(addresses)
    attempts: list[asyncio.Task[socket.socket]] = []
    winner = None
    try:
        while winner is None:
            if waiting:
                attempts.append(loop.create_task(_connect(loop, waiting.popleft())))
            running = [attempt for attempt in attempts if not attempt.done()]
            if not running:
                return attempts[0].result()  # raises: none has won
            pause = _HEAD_START if waiting else None
            await asyncio.wait(running, timeout=pause, return_when=asyncio.FIRST_COMPLETED)
            winner = next((attempt for attempt in attempts if attempt.done() and attempt.exception() is None), None)
        return winner.result()
    finally:
        for attempt in attempts:
            if attempt is not winner:
                _discard(attempt)


def _discard(attempt: asyncio.Task[socket.socket]) -> None:
    if not attempt.done():
        attempt.cancel()
    elif attempt.exception() is None:
        attempt.result().close()


async def _connect(loop: asyncio.AbstractEventLoop, address: _Address) -> socket.socket:
    family, kind, protocol, _, target = address
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setblocking(False)
        await loop.sock_connect(sock, target)
    except BaseException:
        sock.close()
        raise
    return sock


async def _tunnel(loop: asyncio.AbstractEventLoop, sock: socket.socket, *, route: NetworkRoute) -> None:
    """Have the proxy connect the socket to the origin (RFC 9110, CONNECT)."""
    try:
        status = await _ask_proxy(loop, sock, route=route)
    except OSError as error:
        sock.close()
        raise CannotConnect(f"Cannot connect to {route.name}: {_words(error)}.") from error
    except BaseException:
        sock.close()
        raise
    if not 200 <= status < 300:
        sock.close()
        hint = "; set its user name and password in its URL" if status == 407 else ""
        raise CannotConnect(f"Cannot connect to {route.name}: the proxy answered {status}{hint}.")


async def _ask_proxy(loop: asyncio.AbstractEventLoop, sock: socket.socket, *, route: NetworkRoute) -> int:
    endpoint = route.origin.endpoint
    lines = [f"CONNECT {endpoint} HTTP/1.1", f"host: {endpoint}"]
    if route.proxy is not None and route.proxy.authorization is not None:
        lines.append(f"proxy-authorization: {route.proxy.authorization}")
    await loop.sock_sendall(sock, "\r\n".join([*lines, "", ""]).encode())
    head = b""
    while b"\r\n\r\n" not in head:
        data = await loop.sock_recv(sock, _MAX_CONSENT)
        head += data
        if not data or len(head) > _MAX_CONSENT:
            raise OSError("the proxy did not answer in HTTP")
    answer = _CONSENT.match(head)
    if answer is None:
        raise OSError("the proxy did not answer in HTTP")
    return int(answer[1])


def _untrusted(route: NetworkRoute, error: ssl.SSLCertVerificationError) -> CannotConnect:
    untrusted = CannotConnect(
        f"The certificate of {route.origin.host} is not trusted: {error.verify_message}. Where a CA of your own signs"
        " certificates, SSL_CERT_FILE names its file."
    )
    untrusted.should_retry = False
    return untrusted


def _words(error: OSError) -> str:
    if isinstance(error, ssl.SSLError):
        return (error.reason or "no reason given").replace("_", " ").lower()
    if isinstance(error, socket.gaierror):
        return error.strerror or "no reason given"
    if error.errno:
        return os.strerror(error.errno)  # without the numeric address that event loops add
    return str(error) or "the connection was closed"
