"""What a handler reads itself: bodies as they arrive, and connections taken over, on real sockets."""

import asyncio
import threading
import time

import pytest

from claude_code_proxy.http1.server import InputStream, Request, Responder, ServerLimits
from claude_code_proxy.http1.server.types import Answer
from tests.http1.server.conftest import Serve
from tests.http1.server.wire import CHUNKED, QUICK, Client, Echo, chunked, eventually, get, post, settled

MEGABYTE = 1 << 20
LIMIT = 64 * MEGABYTE


class Source:
    """A connection that notes what its stream tells it."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def hold_input(self) -> None:
        self.calls.append("hold")

    def release_input(self) -> None:
        self.calls.append("release")

    def input_wanted(self) -> None:
        self.calls.append("wanted")


async def test_a_stream_gives_what_has_arrived_then_its_end() -> None:
    stream = InputStream(Source(), 100)
    stream.write(b"a")
    stream.write(b"b")
    assert await stream.read() == b"ab"
    reading = asyncio.ensure_future(stream.read())
    await asyncio.sleep(0)
    stream.write(b"c")
    assert await reading == b"c"
    stream.end()
    assert [await stream.read() for _ in range(2)] == [None, None]


async def test_a_stream_that_fails_gives_first_what_has_arrived() -> None:
    stream = InputStream(Source(), 100)
    stream.write(b"a")
    stream.fail(ValueError("broken"))
    assert await stream.read() == b"a"
    for _ in range(2):
        with pytest.raises(ValueError, match="broken"):
            await stream.read()


async def test_a_stream_holds_its_source_back_once_and_releases_it() -> None:
    source = Source()
    stream = InputStream(source, 3)
    stream.write(b"abc")
    assert source.calls == []
    stream.write(b"d")
    stream.write(b"e")
    assert source.calls == ["hold"]
    await stream.read()
    assert source.calls == ["hold", "release"]


def as_stream(request: Request) -> Answer | None:
    """Return a head check that lets every body be streamed."""
    request.stream_body(LIMIT)
    return None


class Reader:
    """A handler that reads a body piece by piece when it is let go, and answers with its size."""

    def __init__(self, *, waits: bool = False) -> None:
        self.may_read = asyncio.Event()
        self.started = 0
        self.cancelled = 0
        self.pieces: list[bytes] = []
        if not waits:
            self.may_read.set()

    async def __call__(self, request: Request, responder: Responder) -> None:
        self.started += 1
        assert request.stream is not None
        try:
            await self.may_read.wait()
            self.pieces = [piece async for piece in request.stream]
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        responder.send(200, [], b"%d" % sum(map(len, self.pieces)))


@pytest.mark.parametrize("framing", ["counted", "chunked"])
def test_a_body_is_read_as_it_arrives(serve: Serve, framing: str) -> None:
    reader = Reader()
    client = serve(reader, check_head=as_stream).connect()
    body = b"x" * (3 * MEGABYTE)
    request = post(body) if framing == "counted" else get("/", CHUNKED, method="POST") + chunked(body[:5], body[5:])
    client.send(request[:-1])
    eventually(lambda: reader.started)
    client.send(request[-1:], post(b"next"))
    assert [client.reply().body for _ in range(2)] == [b"%d" % len(body), b"4"]


def test_an_empty_body(serve: Serve) -> None:
    client = serve(Reader(), check_head=as_stream).connect()
    client.send(get(), post(b""), get("/", CHUNKED, method="PUT"), chunked(), get("/last", "Connection: close"))
    assert [client.reply().body for _ in range(4)] == [b"0"] * 4
    assert client.is_closed()


def test_a_body_byte_by_byte(serve: Serve) -> None:
    client = serve(Reader(), check_head=as_stream).connect()
    for byte in post(b"ab") + get("/", CHUNKED, method="POST") + chunked(b"c", b"de"):
        client.send(bytes([byte]))
    assert [client.reply().body for _ in range(2)] == [b"2", b"3"]


def test_the_memory_of_a_body_that_nobody_reads_is_bounded(serve: Serve) -> None:
    reader = Reader(waits=True)
    running = serve(reader, check_head=as_stream)
    client = running.connect()
    request = post(b"x" * (40 * MEGABYTE))
    sent = 0
    while client.takes_more():
        sent += client.socket.send(request[sent : sent + 65536])
    assert sent < 20 * MEGABYTE  # the rest waits in the buffers of the sockets
    running.soon(reader.may_read.set)
    sender = threading.Thread(target=client.send, args=(request[sent:],))
    sender.start()
    assert client.reply().body == b"%d" % (40 * MEGABYTE)
    sender.join()
    assert max(map(len, reader.pieces)) < MEGABYTE


def test_the_time_that_the_handler_takes_is_not_held_against_the_client(serve: Serve) -> None:
    reader = Reader(waits=True)
    limits = ServerLimits(body_idle_seconds=0.2, sweep_seconds=QUICK)
    running = serve(reader, check_head=as_stream, limits=limits)
    client = running.connect()
    request = post(b"x" * (20 * MEGABYTE))
    sender = threading.Thread(target=client.send, args=(request,))
    sender.start()
    time.sleep(1)
    running.soon(reader.may_read.set)
    assert client.reply().status == 200
    sender.join()


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (get("/", "Content-Length: 99999999", method="POST"), 413),
        (get("/", CHUNKED, method="POST") + b"5f5e0ff\r\nabc", 413),
        (get("/", CHUNKED, method="POST") + b"3\r\nabcd\r\n", 400),
        (get("/", "Content-Length: 5", method="POST") + b"abc", 408),
    ],
)
def test_a_body_that_cannot_be_taken_is_refused_in_the_servers_words(
    serve: Serve, request_: bytes, status: int
) -> None:
    limits = ServerLimits(body_idle_seconds=0.2, sweep_seconds=QUICK)
    running = serve(Reader(), check_head=as_stream, limits=limits)
    client = running.connect()
    client.send(request_)
    reply = client.reply()
    assert (reply.status, reply["connection"]) == (status, "close")
    assert client.is_closed()
    assert running.errors == []


def test_a_handler_may_answer_before_it_has_read_the_body(serve: Serve) -> None:
    async def handler(request: Request, responder: Responder) -> None:
        responder.send(403, [], b"no")

    client = serve(handler, check_head=as_stream).connect()
    client.send(get("/", "Content-Length: 100", "Expect: 100-continue", method="POST"))
    reply = client.reply()
    assert (reply.status, reply["connection"], reply.body) == (403, "close", b"no")
    assert client.is_closed()


def test_a_client_that_asks_is_told_to_go_on_when_the_body_is_read(serve: Serve) -> None:
    reader = Reader(waits=True)
    running = serve(reader, check_head=as_stream)
    client = running.connect()
    client.send(get("/", "Content-Length: 2", "Expect: 100-continue", method="POST"))
    eventually(lambda: reader.started)
    assert client.is_silent()
    running.soon(reader.may_read.set)
    assert client.reply().status == 100
    client.send(b"ab")
    assert client.reply().body == b"2"


@pytest.mark.parametrize("leave", [Client.close, Client.reset, Client.half_close])
def test_a_client_that_leaves_in_the_middle_cancels_the_handler(serve: Serve, leave: object) -> None:
    reader = Reader()
    running = serve(reader, check_head=as_stream)
    client = running.connect()
    client.send(get("/", "Content-Length: 10", method="POST"), b"abc")
    eventually(lambda: reader.started)
    leave(client)  # type: ignore[operator]
    eventually(lambda: reader.cancelled)
    eventually(lambda: (running.server.connections, running.server.open_requests) == (0, 0))
    assert running.errors == []


def test_a_body_of_another_route_is_collected_as_ever(serve: Serve) -> None:
    def check(request: Request) -> Answer | None:
        return as_stream(request) if request.path == "/stream" else None

    echo = Echo()
    client = serve(echo, check_head=check).connect()
    client.send(post(b"abc"))
    assert client.reply().body == b"abc"
    assert echo.requests[0].stream is None


UPGRADE = ("Connection: Upgrade", "Upgrade: echo")
SWITCH = [(b"connection", b"upgrade"), (b"upgrade", b"echo")]


class Shouting:
    """A handler that upgrades, then sends back in capitals what arrives, up to a full stop."""

    def __init__(self) -> None:
        self.cancelled = 0
        self.running = 0

    async def __call__(self, request: Request, responder: Responder) -> None:
        if b"upgrade" not in request.headers:
            responder.send(200, [], request.body)
            return
        connection = responder.upgrade(SWITCH)
        self.running += 1
        try:
            while (data := await connection.read()) is not None:
                connection.write(data.upper())
                await connection.drain()
                if data.endswith(b"."):
                    return
        except asyncio.CancelledError:
            self.cancelled += 1
            raise


def upgraded(client: Client) -> None:
    reply = client.head()
    assert (reply.status, reply["upgrade"], reply["connection"]) == (101, "echo", "upgrade")
    assert "content-length" not in reply


def test_a_handler_takes_the_connection_over(serve: Serve) -> None:
    client = serve(Shouting()).connect()
    client.send(post(b"first"), get("/", *UPGRADE))
    assert client.reply().body == b"first"
    upgraded(client)
    for word in (b"one", b"two\r\n\r\n", b"\x00\xff"):
        client.send(word)
        assert client.file.read(len(word)) == word.upper()
    client.send(b"end.")
    assert client.rest() == b"END."


def test_bytes_that_came_with_the_request_belong_to_the_new_protocol(serve: Serve) -> None:
    client = serve(Shouting()).connect()
    client.send(get("/", *UPGRADE), b"at once, GET / HTTP/1.1\r\n\r\n.")
    upgraded(client)
    assert client.rest() == b"AT ONCE, GET / HTTP/1.1\r\n\r\n."


def test_an_upgraded_connection_outlasts_every_limit_of_http(serve: Serve) -> None:
    limits = ServerLimits(
        keep_alive_seconds=0.1, head_seconds=0.1, body_idle_seconds=0.1, unread_seconds=0.1, sweep_seconds=QUICK
    )
    client = serve(Shouting(), limits=limits).connect()
    client.send(get("/", *UPGRADE))
    upgraded(client)
    time.sleep(0.5)
    client.send(b"still here.")
    assert client.rest() == b"STILL HERE."


def test_the_memory_of_an_upgraded_connection_is_bounded_both_ways(serve: Serve) -> None:
    """A client that sends without reading is held back: the handler waits for it in `drain`."""
    client = serve(Shouting()).connect(receive_buffer=4096)
    client.send(get("/", *UPGRADE))
    upgraded(client)
    data = b"x" * (60 * MEGABYTE)
    sent = 0
    while client.takes_more():
        sent += client.socket.send(data[sent : sent + 65536])
    assert sent < 40 * MEGABYTE
    assert client.file.read(sent) == b"X" * sent


@pytest.mark.parametrize("leave", [Client.close, Client.reset, Client.half_close])
def test_a_client_that_leaves_ends_an_upgraded_connection(serve: Serve, leave: object) -> None:
    handler = Shouting()
    running = serve(handler)
    client = running.connect()
    client.send(get("/", *UPGRADE))
    upgraded(client)
    eventually(lambda: handler.running)
    leave(client)  # type: ignore[operator]
    eventually(lambda: (running.server.connections, running.server.open_requests) == (0, 0))
    assert handler.cancelled == 1
    assert running.errors == []


def test_a_shutdown_ends_an_upgraded_connection(serve: Serve) -> None:
    handler = Shouting()
    running = serve(handler)
    client = running.connect()
    client.send(get("/", *UPGRADE))
    upgraded(client)
    running.call(running.server.shutdown(0.05))
    assert client.is_closed()
    assert (handler.cancelled, running.server.gave_up) == (1, True)


def test_what_a_handler_raises_after_an_upgrade_is_reported_and_closes(serve: Serve) -> None:
    async def handler(request: Request, responder: Responder) -> None:
        responder.upgrade(SWITCH).write(b"hello")
        raise ValueError("later")

    running = serve(handler)
    client = running.connect()
    client.send(get("/", *UPGRADE))
    upgraded(client)
    assert client.rest() == b"hello"
    eventually(lambda: running.errors)
    assert [str(error) for error in running.errors] == ["later"]


def test_a_connection_cannot_be_taken_over_while_a_body_arrives(serve: Serve) -> None:
    async def handler(request: Request, responder: Responder) -> None:
        responder.upgrade(SWITCH)

    running = serve(handler, check_head=as_stream)
    client = running.connect()
    client.send(get("/", *UPGRADE, "Content-Length: 5", method="POST"))
    assert client.reply().status == 500
    eventually(lambda: running.errors)
    assert settled(lambda: len(running.errors)) == 1
