"""Clients that leave, do not read, or never come back: handlers end at once, and nothing is kept for them."""

import asyncio
import time
from collections.abc import Callable

import pytest

from claude_code_proxy.http1.server import Request, Responder, ServerLimits, plain_error
from claude_code_proxy.http1.server.connection import ServerConnection
from claude_code_proxy.http1.server.service import Service
from tests.http1.server.conftest import Serve
from tests.http1.server.wire import CHUNKED, QUICK, Client, Echo, Running, Sink, eventually, get, post, settled

MEGABYTE = 1 << 20
LEAVING: list[Callable[[Client], None]] = [Client.close, Client.reset, Client.half_close]


class Patient:
    """A handler that waits until it is cancelled, and notes what it saw."""

    def __init__(self, *, stream: bool = False) -> None:
        self.stream = stream
        self.begun = 0
        self.cancelled: list[bool] = []  # whether the client was gone

    async def __call__(self, request: Request, responder: Responder) -> None:
        self.begun += 1
        if self.stream:
            responder.start(200, [])
            responder.write(b"some")
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled.append(responder.gone)
            responder.write(b"swallowed")
            responder.end()
            await responder.drain()
            raise


def assert_empty(running: Running) -> None:
    eventually(lambda: (running.server.connections, running.server.open_requests) == (0, 0))


@pytest.mark.parametrize("leave", LEAVING)
@pytest.mark.parametrize("stream", [True, False])
def test_a_client_that_leaves_cancels_its_handler(serve: Serve, leave: Callable[[Client], None], stream: bool) -> None:
    handler = Patient(stream=stream)
    running = serve(handler)
    client = running.connect()
    client.send(get())
    eventually(lambda: handler.begun)
    leave(client)
    started = time.monotonic()
    eventually(lambda: handler.cancelled)
    assert time.monotonic() - started < 3
    assert handler.cancelled == [True]
    assert_empty(running)
    assert running.errors == []


@pytest.mark.parametrize("leave", LEAVING)
def test_a_client_that_leaves_with_requests_in_its_pipeline(serve: Serve, leave: Callable[[Client], None]) -> None:
    handler = Patient()
    running = serve(handler)
    client = running.connect()
    client.send(get(), get(), b"GET / HT")
    eventually(lambda: handler.begun)
    leave(client)
    eventually(lambda: handler.cancelled)
    assert_empty(running)
    assert handler.begun == 1


@pytest.mark.parametrize("leave", LEAVING)
def test_clients_that_leave_right_after_asking(serve: Serve, leave: Callable[[Client], None]) -> None:
    handler = Patient()
    running = serve(handler)
    clients = [running.connect() for _ in range(20)]
    eventually(lambda: running.server.connections == 20)
    running.soon(lambda: time.sleep(0.1))
    for client in clients:
        client.send(get())
        leave(client)
    assert_empty(running)
    assert len(handler.cancelled) == handler.begun
    assert running.errors == []


@pytest.mark.parametrize("leave", LEAVING)
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GET / HT",
        get("/", "Content-Length: 10", method="POST") + b"abc",
        get("/", CHUNKED, method="POST") + b"5\r\nab",
        get("/", "Content-Length: 10", "Expect: 100-continue", method="POST"),
    ],
)
def test_a_client_that_leaves_before_its_request_is_whole(
    serve: Serve, leave: Callable[[Client], None], data: bytes
) -> None:
    echo = Echo()
    running = serve(echo)
    client = running.connect()
    client.send(data)
    eventually(lambda: running.server.connections)
    leave(client)
    assert_empty(running)
    assert echo.requests == []


@pytest.mark.parametrize("leave", LEAVING)
def test_a_client_that_leaves_after_any_byte(serve: Serve, leave: Callable[[Client], None]) -> None:
    running = serve(Echo(), render_error=lambda status, message, *, request: ([], message.encode()))
    data = (
        post(b"ab", "Expect: 100-continue")
        + get("/", CHUNKED, method="POST")
        + b"1;x\r\na\r\n0\r\nT: y\r\n\r\n"
        + b"bad\n\n"
    )
    for end in range(len(data) + 1):
        client = running.connect()
        client.send(data[:end])
        leave(client)
    last = running.connect()
    last.send(post(b"last", "Connection: close"))
    assert last.reply().body == b"last"  # accepted in their order, so all the others were too
    assert_empty(running)
    assert running.errors == []


def test_a_client_that_leaves_after_its_reply_does_not_disturb_the_handler(serve: Serve) -> None:
    """What it writes down afterwards is still written down."""
    done: list[bool] = []
    let_go = asyncio.Event()

    async def handler(request: Request, responder: Responder) -> None:
        responder.send(200, [], b"")
        await let_go.wait()
        done.append(responder.gone)

    running = serve(handler)
    client = running.connect()
    client.send(get())
    assert client.reply().status == 200
    client.close()
    time.sleep(0.05)
    assert (running.server.connections, running.server.open_requests) == (1, 1)
    running.soon(let_go.set)
    assert_empty(running)
    assert done == [True]


def test_a_handler_may_take_its_time_to_clean_up(serve: Serve) -> None:
    cleaned: list[bool] = []
    let_go = asyncio.Event()

    async def handler(request: Request, responder: Responder) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await let_go.wait()
            cleaned.append(True)

    running = serve(handler)
    client = running.connect()
    client.send(get())
    eventually(lambda: running.server.open_requests)
    client.close()
    time.sleep(0.05)
    assert running.server.open_requests == 1
    running.soon(let_go.set)
    assert_empty(running)
    assert cleaned == [True]


def test_what_a_handler_raises_when_its_client_has_left_is_reported(serve: Serve) -> None:
    async def handler(request: Request, responder: Responder) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise ValueError("in cleaning up") from None

    running = serve(handler)
    client = running.connect()
    client.send(get())
    eventually(lambda: running.server.open_requests)
    client.close()
    assert_empty(running)
    assert [str(error) for error in running.errors] == ["in cleaning up"]


async def test_a_client_that_leaves_within_the_turn_that_brought_its_request() -> None:
    """The handler's task is cancelled before its first step."""
    handler = Patient()
    service = Service(
        handler=handler,
        check_head=None,
        render_error=plain_error,
        on_error=print,
        limits=ServerLimits(),
        loop=asyncio.get_running_loop(),
    )
    connection = ServerConnection(service)
    connection.connection_made(Sink())
    connection.data_received(get())
    assert service.open_requests == 1
    connection.eof_received()
    connection.connection_lost(None)
    assert not service.deserted.is_set()
    await asyncio.sleep(0.01)
    assert (handler.begun, service.open_requests, service.deserted.is_set()) == (0, 0, True)


class Flood:
    """A handler that streams more than any buffer holds, waiting for the client as it should."""

    def __init__(self, chunks: int = 640) -> None:
        self.chunks = chunks
        self.written = 0
        self.largest = 0
        self.cancelled = 0

    async def __call__(self, request: Request, responder: Responder) -> None:
        responder.start(200, [])
        transport = responder._outlet.transport
        try:
            for _ in range(self.chunks):
                responder.write(b"x" * 65536)
                self.written += 65536
                self.largest = max(self.largest, transport.get_write_buffer_size())
                await responder.drain()
            responder.end()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise


def test_a_slow_reader_holds_the_handler_up(serve: Serve) -> None:
    handler = Flood()
    running = serve(handler)
    client = running.connect(receive_buffer=4096)
    client.send(get())
    client.head()
    assert settled(lambda: handler.written) < 20 * MEGABYTE
    assert sum(map(len, client.chunks())) == handler.written == 40 * MEGABYTE
    assert handler.largest <= 65536 * 2 + 100
    client.send(get("/again"))
    assert client.head().status == 200


def test_the_high_water_mark_can_be_set(serve: Serve) -> None:
    handler = Flood()
    running = serve(handler, limits=ServerLimits(high_water=MEGABYTE, sweep_seconds=QUICK))
    client = running.connect(receive_buffer=4096)
    client.send(get())
    assert len(client.reply().body) == 40 * MEGABYTE
    assert MEGABYTE < handler.largest < MEGABYTE + 70_000


@pytest.mark.parametrize("leave", [Client.close, Client.reset])
def test_a_slow_reader_that_leaves(serve: Serve, leave: Callable[[Client], None]) -> None:
    handler = Flood()
    running = serve(handler)
    client = running.connect(receive_buffer=4096)
    client.send(get())
    client.head()
    leave(client)
    assert_empty(running)
    assert handler.cancelled == 1
    assert running.errors == []


def test_a_client_that_half_closes_has_gone_even_with_much_to_be_sent(serve: Serve) -> None:
    handler = Flood()
    running = serve(handler)
    client = running.connect(receive_buffer=4096)
    client.send(get())
    client.head()
    client.half_close()
    eventually(lambda: handler.cancelled)
    assert running.server.connections == 1


def test_a_reader_that_has_stopped_is_given_up(serve: Serve) -> None:
    handler = Flood()
    running = serve(handler, limits=ServerLimits(unread_seconds=0.2, sweep_seconds=QUICK))
    client = running.connect(receive_buffer=4096)
    client.send(get())
    client.head()
    eventually(lambda: handler.cancelled)
    assert_empty(running)


def test_a_reader_that_is_slow_but_steady_is_not_given_up(serve: Serve) -> None:
    """Each read lets some of what is unsent go, long before the handler may write again."""

    async def handler(request: Request, responder: Responder) -> None:
        responder.start(200, [])
        responder.write(b"x" * (24 * MEGABYTE))
        await responder.drain()
        responder.end()

    running = serve(handler, limits=ServerLimits(unread_seconds=1, sweep_seconds=QUICK))
    client = running.connect()
    client.send(get())
    client.head()
    size = 0
    for _ in range(12):
        time.sleep(0.12)
        size += len(client.file.read(MEGABYTE))
    assert size == 12 * MEGABYTE
    assert running.errors == []


@pytest.mark.parametrize("headers", [[], ["Connection: close"]])
def test_a_whole_reply_that_nobody_reads_is_given_up(serve: Serve, headers: list[str]) -> None:
    """Kept alive or closing: the handler is long done, and what is unsent would stay forever."""

    async def handler(request: Request, responder: Responder) -> None:
        responder.send(200, [], b"x" * (20 * MEGABYTE))

    running = serve(handler, limits=ServerLimits(unread_seconds=1, sweep_seconds=QUICK))
    client = running.connect(receive_buffer=4096)
    client.send(get("/", *headers))
    client.head()
    time.sleep(0.1)
    client.file.read(2 * MEGABYTE)
    stopped = time.monotonic()
    assert_empty(running)
    assert time.monotonic() - stopped > 0.5


def test_a_refused_client_that_neither_reads_nor_closes_is_given_up(serve: Serve) -> None:
    running = serve(
        Echo(),
        check_head=lambda _: (401, [], b"x" * (20 * MEGABYTE)),
        limits=ServerLimits(linger_seconds=0.1, unread_seconds=0.2, sweep_seconds=QUICK),
    )
    client = running.connect(receive_buffer=4096)
    client.send(get("/", "Content-Length: 5", method="POST"))
    client.head()
    assert_empty(running)


def test_replies_that_nobody_reads_do_not_pile_up(serve: Serve) -> None:
    """The next request in the pipeline is not looked at before there is room for its reply."""
    count = 0

    async def handler(request: Request, responder: Responder) -> None:
        nonlocal count
        count += 1
        responder.send(200, [], b"x" * MEGABYTE)

    running = serve(handler)
    client = running.connect(receive_buffer=4096)
    client.send(get() * 100)
    time.sleep(0.3)
    held_at = count
    assert held_at < 20
    for _ in range(100):
        assert len(client.reply().body) == MEGABYTE
    assert count == 100


def test_refusals_that_nobody_reads_do_not_pile_up(serve: Serve) -> None:
    count = 0

    def check_head(request: Request) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        nonlocal count
        count += 1
        return 401, [], b"x" * MEGABYTE

    running = serve(Echo(), check_head=check_head)
    client = running.connect(receive_buffer=4096)
    client.send(get() * 100)
    time.sleep(0.3)
    assert count < 20
    for _ in range(100):
        assert len(client.reply().body) == MEGABYTE
    assert count == 100


def test_drain_may_be_given_up(serve: Serve) -> None:
    """A keep-alive of the handler's own may time out while it waits for room."""
    timeouts = 0

    async def handler(request: Request, responder: Responder) -> None:
        nonlocal timeouts
        responder.start(200, [])
        responder.write(b"x" * (20 * MEGABYTE))
        while True:
            try:
                await asyncio.wait_for(responder.drain(), 0.02)
                break
            except TimeoutError:
                timeouts += 1
        responder.end()

    running = serve(handler)
    client = running.connect(receive_buffer=4096)
    client.send(get())
    time.sleep(0.1)
    assert len(client.reply().body) == 20 * MEGABYTE
    assert timeouts


def test_a_client_that_vanishes_while_a_body_is_lingered_over(serve: Serve) -> None:
    running = serve(Echo(), limits=ServerLimits(body_bytes=10, sweep_seconds=QUICK))
    client = running.connect()
    client.send(get("/", "Content-Length: 1000", method="POST"))
    assert client.reply().status == 413
    client.reset()
    assert_empty(running)
    client = running.connect()
    client.send(post(b"fine"))
    assert client.reply().body == b"fine"


@pytest.mark.parametrize("leave", LEAVING)
def test_a_client_that_sent_far_ahead_and_left_is_noticed(serve: Serve, leave: Callable[[Client], None]) -> None:
    """Nothing is read from it any more, so its end does not arrive as such."""
    handler = Patient()
    running = serve(handler)
    client = running.connect()
    client.send(get(), get() * 5000)
    eventually(lambda: handler.begun)
    leave(client)
    eventually(lambda: handler.cancelled)
    assert_empty(running)


@pytest.mark.parametrize("stream", [True, False])
def test_a_shutdown_that_runs_out_of_time_tells_the_client(serve: Serve, stream: bool) -> None:
    handler = Untold(stream=stream)
    running = serve(handler)
    client = running.connect()
    client.send(get())
    eventually(lambda: handler.begun)
    running.call(running.server.shutdown(0.05))
    if stream:
        client.head()
        assert client.rest().endswith(b"the last words\r\n")
    else:
        assert client.reply().status == 503
    assert running.errors == []


class Untold(Patient):
    """It tells a client that still listens to a stream that it was cancelled."""

    async def __call__(self, request: Request, responder: Responder) -> None:
        self.begun += 1
        if self.stream:
            responder.start(200, [])
            responder.write(b"some")
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            if self.stream:
                responder.write(b"the last words")
            raise
