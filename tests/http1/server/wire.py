"""Both ends of the wire: a server on an event loop in its own thread, and a client that is a bare socket."""

import asyncio
import contextlib
import select
import socket
import struct
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self, TypeVar

import uvloop

from claude_code_proxy.http1.server import Request, Responder, Server, ServerLimits

LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": asyncio.new_event_loop,
    "uvloop": uvloop.new_event_loop,
}
QUICK = 0.02  # a sweep in the tests
T = TypeVar("T")


@dataclass
class Reply:
    """What a client read: status, headers in the order sent (names as sent), and the decoded body."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes = b""
    chunks: list[bytes] = field(default_factory=list)

    def __getitem__(self, name: str) -> str:
        (value,) = [value for key, value in self.headers if key == name]
        return value

    def __contains__(self, name: str) -> bool:
        return any(key == name for key, _ in self.headers)


class Client:
    """A blocking socket with a five-second patience. Reads replies strictly: whatever is out of form fails the test."""

    def __init__(self, address: Any, *, family: int = socket.AF_INET, receive_buffer: int | None = None) -> None:
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        if receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(5)
        try:
            self.socket.connect(address)
        except OSError:
            self.socket.close()
            raise
        self.file = self.socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close()

    def send(self, *pieces: bytes) -> None:
        self.socket.sendall(b"".join(pieces))

    def reply(self, method: str = "GET") -> Reply:
        """Return the next reply, whole."""
        reply = self.head()
        if method == "HEAD" or reply.status in {204, 304} or reply.status < 200:
            return reply
        if "transfer-encoding" in reply:
            assert reply["transfer-encoding"] == "chunked"
            reply.chunks = list(self.chunks())
            reply.body = b"".join(reply.chunks)
        elif "content-length" in reply:
            length = int(reply["content-length"])
            reply.body = self.file.read(length)
            assert len(reply.body) == length
        else:
            reply.body = self.file.read()
        return reply

    def head(self) -> Reply:
        version, status, _ = self._line().split(b" ", 2)
        assert version == b"HTTP/1.1"
        headers = []
        while line := self._line():
            name, _, value = line.decode("latin-1").partition(": ")
            headers.append((name, value))
        return Reply(int(status), headers)

    def chunks(self) -> Iterator[bytes]:
        """Yield the chunks up to the last one, which must come."""
        while size := int(self._line(), 16):
            data = self.file.read(size)
            assert len(data) == size
            assert self._line() == b""
            yield data
        assert self._line() == b""

    def rest(self) -> bytes:
        """Return what comes until the server closes. Fail if it resets the connection."""
        return self.file.read()

    def is_closed(self) -> bool:
        """Whether the server has ended the connection, without another byte."""
        try:
            return self.file.read(1) == b""
        except ConnectionResetError:
            return True

    def is_silent(self, seconds: float = 0.1) -> bool:
        """Whether nothing comes, not even an end, for that time."""
        self.socket.settimeout(seconds)
        try:
            self.socket.recv(1, socket.MSG_PEEK)
        except TimeoutError:
            return True
        else:
            return False
        finally:
            self.socket.settimeout(5)

    def takes_more(self, seconds: float = 0.3) -> bool:
        """Whether anything can be sent within that time."""
        return bool(select.select([], [self.socket], [], seconds)[1])

    def half_close(self) -> None:
        self.socket.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """Leaves without a goodbye: the server gets a reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self) -> None:
        self.file.close()
        self.socket.close()

    def _line(self) -> bytes:
        line = self.file.readline()
        assert line.endswith(b"\r\n"), line
        return line[:-2]


class Sink(asyncio.Transport):
    """A transport that takes everything at once."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.ended = False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return ("127.0.0.1", 1) if name == "peername" else default

    def write(self, data: Any) -> None:
        assert not self.ended
        self.written += data

    def get_write_buffer_size(self) -> int:
        return 0

    def is_closing(self) -> bool:
        return False

    def write_eof(self) -> None:
        self.ended = True

    def close(self) -> None:
        self.ended = True

    def is_reading(self) -> bool:
        return True

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


class Running:
    """A server in a thread of its own, and what its handlers raised."""

    def __init__(self, loop_name: str) -> None:
        self.loop = LOOPS[loop_name]()
        self.errors: list[BaseException] = []
        self.complaints: list[dict[str, Any]] = []  # of the event loop
        self.loop.set_exception_handler(lambda _, context: self.complaints.append(context))
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        self.server: Server
        self.clients: list[Client] = []

    def start(
        self, handler: Any, *, sockets: list[socket.socket] | None = None, host: str = "127.0.0.1", **options: Any
    ) -> None:
        options.setdefault("limits", ServerLimits(sweep_seconds=QUICK))
        options.setdefault("on_error", self.errors.append)
        self.server = Server(handler, **options)
        self.call(self.server.start(sockets, host=host))

    def connect(self, **options: Any) -> Client:
        client = Client(("127.0.0.1", self.server.port), **options)
        self.clients.append(client)
        return client

    def call(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run the function on the server's loop."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(10)

    def soon(self, function: Callable[[], object]) -> None:
        self.loop.call_soon_threadsafe(function)

    def stop(self) -> None:
        for client in self.clients:
            client.close()
        try:
            if hasattr(self, "server"):
                self.call(self.server.shutdown(0))
        finally:
            self.soon(self.loop.stop)
            self._thread.join()
            self.loop.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())


@contextlib.contextmanager
def serving(handler: Any, *, loop: str = "asyncio", **options: Any) -> Iterator[Running]:
    running = Running(loop)
    try:
        running.start(handler, **options)
        yield running
    finally:
        running.stop()
    assert running.complaints == []


def eventually(condition: Callable[[], object], seconds: float = 5.0) -> None:
    """Wait until the condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came about"
        time.sleep(0.002)


def settled(value: Callable[[], int], seconds: float = 0.3) -> int:
    """Return the value once it has not changed for that time."""
    last, since = value(), time.monotonic()
    while time.monotonic() - since < seconds:
        time.sleep(0.02)
        if value() != last:
            last, since = value(), time.monotonic()
    return last


class Echo:
    """A handler that answers with the request's own body, and remembers what it was asked."""

    def __init__(self) -> None:
        self.requests: list[Request] = []

    async def __call__(self, request: Request, responder: Responder) -> None:
        self.requests.append(request)
        responder.send(200, [(b"content-type", b"text/plain")], request.body)


def get(path: str = "/", *headers: str, method: str = "GET", version: str = "1.1") -> bytes:
    """Return a request without a body, Host included."""
    lines = [f"{method} {path} HTTP/{version}", "Host: test", *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1")


def post(body: bytes, *headers: str, path: str = "/", version: str = "1.1") -> bytes:
    """Return a request with a counted body."""
    return get(path, f"Content-Length: {len(body)}", *headers, method="POST", version=version) + body


def chunked(*chunks: bytes) -> bytes:
    """Return the body of a request, with the last chunk."""
    return b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in (*chunks, b""))


CHUNKED = "Transfer-Encoding: chunked"
