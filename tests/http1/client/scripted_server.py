"""A raw server on loopback that does, byte for byte, what a script says, and the transport in front of it."""

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from claude_code_proxy.http1.client import ClientLimits, Timeouts, Transport, parse_origin, parse_proxy
from tests.http1.client.certificates import client_context

Script = Callable[["Peer"], Awaitable[None]]

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"


class Peer:
    """One accepted connection. When its script ends, it is closed."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def request(self) -> bytes:
        """Return the next request, with the body that its Content-Length tells."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        return head + await self.reader.readexactly(content_length(head))

    async def head(self) -> bytes:
        return await self.reader.readuntil(b"\r\n\r\n")

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def gone(self) -> None:
        """Return when the other side has closed, one way or the other."""
        with contextlib.suppress(OSError):
            while await self.reader.read(65536):
                pass

    def reset(self) -> None:
        """RST instead of FIN."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


class Server:
    """`url` is its address; `accepted` counts connections, `open` those that are still there."""

    def __init__(self, scripts: tuple[Script, ...]) -> None:
        self._scripts = scripts
        self.host = "127.0.0.1"
        self.port = 0
        self.scheme = "http"
        self.accepted = 0
        self.open = 0
        self.failures: list[Exception] = []
        self.tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        script = self._scripts[min(self.accepted, len(self._scripts) - 1)]
        self.accepted += 1
        self.open += 1
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        try:
            await script(Peer(reader, writer))
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client has left, or the test is over
        except (AssertionError, LookupError, ValueError) as error:
            self.failures.append(error)
        finally:
            self.open -= 1
            self.tasks.discard(task)
            writer.close()

    async def settled(self) -> None:
        """All scripts have come to their ends."""
        while self.tasks:
            await asyncio.wait(self.tasks, timeout=5)


@asynccontextmanager
async def serving(
    *scripts: Script, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
) -> AsyncIterator[Server]:
    """Each connection gets the next script; the last script is for all that follow."""
    server = Server(scripts)
    listener = await asyncio.start_server(server.serve, host, 0, ssl=tls)
    server.host, server.port = listener.sockets[0].getsockname()[:2]
    server.scheme = "https" if tls else "http"
    try:
        yield server
    finally:
        listener.close()
        for task in tuple(server.tasks):
            task.cancel()
        await server.settled()
        await asyncio.sleep(0.001)  # connections that were just closed come to their ends
    for failure in server.failures:
        raise failure


@asynccontextmanager
async def connected(
    server: Server | str,
    *,
    timeouts: Timeouts | None = None,
    limits: ClientLimits | None = None,
    proxy: str | None = None,
) -> AsyncIterator[Transport]:
    """Return a transport that trusts the tests' authority, and leaves nothing behind when it is closed."""
    url = server if isinstance(server, str) else server.url
    transport = Transport(
        parse_origin(url),
        timeouts=timeouts,
        limits=limits,
        tls=client_context(),
        proxy=None if proxy is None else parse_proxy(proxy),
    )
    try:
        yield transport
    finally:
        await transport.close()
    assert slots(transport) == (0, 0, 0)


def slots(transport: Transport) -> tuple[int, int, int]:
    """Return the numbers of connections in use, resting connections, and waiting requests."""
    pool = transport._pool
    return pool.held, pool.resting, pool.waiting


def answering(*answers: bytes) -> Script:
    """Answers one request after the other, the last answer again and again."""

    async def script(peer: Peer) -> None:
        for number in range(1_000_000):
            await peer.request()
            await peer.send(answers[min(number, len(answers) - 1)])

    return script


def content_length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line[15:])
    return 0


async def eventually(condition: Callable[[], bool]) -> None:
    """Wait until the condition holds, with a time limit."""
    for _ in range(3000):
        if condition():
            return
        await asyncio.sleep(0.001)
    raise AssertionError("it never came true")
