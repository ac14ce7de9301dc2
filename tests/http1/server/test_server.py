"""A server as a whole: where it listens, how it ends, and real clients."""

import asyncio
import http.client
import os
import socket
import tempfile
import threading
import time
from concurrent.futures import Future
from pathlib import Path

import pytest

from claude_code_proxy.http1.server import Request, Responder, Server, ServerLimits, bind
from tests.http1.server.conftest import Serve
from tests.http1.server.wire import QUICK, Client, Echo, Running, eventually, get, post

MEGABYTE = 1 << 20


class Gated:
    """A handler that streams one chunk, and the rest when it is let go."""

    def __init__(self) -> None:
        self.let_go = asyncio.Event()
        self.cancelled = 0

    async def __call__(self, request: Request, responder: Responder) -> None:
        try:
            if request.path == "/whole":
                await self.let_go.wait()
                responder.send(200, [], b"done")
                return
            responder.start(200, [])
            responder.write(b"some")
            await self.let_go.wait()
            responder.write_end(b"more")
        except asyncio.CancelledError:
            self.cancelled += 1
            raise


def shutdown(running: Running, drain_seconds: float) -> Future[None]:
    return asyncio.run_coroutine_threadsafe(running.server.shutdown(drain_seconds), running.loop)


def test_two_servers_share_a_loop(serve: Serve) -> None:
    async def other(request: Request, responder: Responder) -> None:
        responder.send(200, [], b"other")

    running = serve(Echo())
    second = Server(other)
    running.call(second.start())
    client = running.connect()
    client.send(post(b"first"))
    assert client.reply().body == b"first"
    with Client(("127.0.0.1", second.port)) as visitor:
        visitor.send(get())
        assert visitor.reply().body == b"other"
        assert (running.server.connections, second.connections) == (1, 1)
    running.call(second.shutdown(1))
    client.send(post(b"still"))
    assert client.reply().body == b"still"


def test_it_serves_on_sockets_that_it_is_given(serve: Serve) -> None:
    sockets = [*bind("127.0.0.1", 0), *bind("127.0.0.1", 0)]
    running = serve(Echo(), sockets=sockets)
    assert running.server.port == sockets[0].getsockname()[1]
    for listener in sockets:
        with Client(listener.getsockname()) as client:
            client.send(get())
            assert client.reply().status == 200


def test_ipv6(serve: Serve) -> None:
    try:
        sockets = bind("::1", 0)
    except OSError:
        pytest.skip("this machine has no IPv6")
    echo = Echo()
    running = serve(echo, sockets=sockets)
    with Client(("::1", running.server.port), family=socket.AF_INET6) as client:
        client.send(get())
        assert client.reply().status == 200
        assert echo.requests[0].peer == f"[::1]:{client.socket.getsockname()[1]}"


def test_a_unix_socket(serve: Serve) -> None:
    listener = socket.socket(socket.AF_UNIX)
    with tempfile.TemporaryDirectory() as directory:
        path = str(Path(directory) / "http.sock")
        listener.bind(path)
        echo = Echo()
        running = serve(echo, sockets=[listener])
        with Client(path, family=socket.AF_UNIX) as client:
            client.send(post(b"x" * 100_000))
            assert client.reply().body == b"x" * 100_000
        assert echo.requests[0].peer == "unix"
        assert running.server.port == 0
        eventually(lambda: running.server.connections == 0)


def test_small_writes_are_not_delayed(serve: Serve) -> None:
    delays: list[int] = []

    async def handler(request: Request, responder: Responder) -> None:
        fd = responder._outlet.transport.get_extra_info("socket").fileno()
        with socket.socket(fileno=os.dup(fd)) as copy:
            delays.append(copy.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        responder.send(200, [], b"")

    for sockets in (None, bind("127.0.0.1", 0)):
        client = serve(handler, sockets=sockets).connect()
        client.send(get())
        assert client.reply().status == 200
    assert all(delays)


def test_a_taken_port_is_an_error(serve: Serve) -> None:
    running = serve(Echo())
    second = Server(Echo())
    with pytest.raises(OSError, match="in use"):
        running.call(second.start(port=running.server.port))


def test_a_port_taken_between_binding_and_listening_is_an_error(serve: Serve) -> None:
    (first,) = bind("127.0.0.1", 0)
    sockets = [*bind("127.0.0.1", 0), *bind("127.0.0.1", first.getsockname()[1])]
    serve(Echo(), sockets=[first])
    second = serve(Echo())
    with pytest.raises(OSError, match="in use"):
        second.call(Server(Echo()).start(sockets))
    assert [listener.fileno() for listener in sockets] == [-1, -1]


def test_several_processes_may_share_a_port(serve: Serve) -> None:
    (first,) = bind("127.0.0.1", 0, reuse_port=True)
    running = serve(Echo(), sockets=[first])
    second = Server(Echo(), limits=ServerLimits(sweep_seconds=QUICK))
    running.call(second.start(port=running.server.port, reuse_port=True))
    clients = [running.connect() for _ in range(64)]
    for client in clients:
        client.send(get())
    assert {client.reply().status for client in clients} == {200}
    assert running.server.connections
    assert second.connections
    assert running.server.connections + second.connections == 64
    running.call(second.shutdown(0))


def test_shutdown_closes_idle_connections_at_once(serve: Serve) -> None:
    running = serve(Echo())
    fresh, used = running.connect(), running.connect()
    used.send(get())
    assert used.reply().status == 200
    eventually(lambda: running.server.connections == 2)
    started = time.monotonic()
    running.call(running.server.shutdown(10))
    assert time.monotonic() - started < 4
    assert fresh.rest() == used.rest() == b""
    with pytest.raises(ConnectionRefusedError):
        running.connect()


def test_shutdown_lets_requests_finish(serve: Serve) -> None:
    handler = Gated()
    running = serve(handler)
    stream, whole, body = running.connect(), running.connect(), running.connect()
    stream.send(get("/stream"))
    whole.send(get("/whole"))
    request = post(b"abcdef", path="/whole")
    body.send(request[:-3])
    stream.head()
    chunks = stream.chunks()
    assert next(chunks) == b"some"
    eventually(lambda: running.server.open_requests == 2)
    ending = shutdown(running, 10)
    time.sleep(0.05)
    assert not ending.done()
    body.send(request[-3:])
    eventually(lambda: running.server.open_requests == 3)
    running.soon(handler.let_go.set)
    assert list(chunks) == [b"more"]
    assert stream.is_closed()
    for client in (whole, body):
        reply = client.reply()
        assert (reply.body, reply["connection"]) == (b"done", "close")
        assert client.is_closed()
    ending.result(5)
    assert handler.cancelled == 0


def test_shutdown_answers_a_pipelined_request_or_closes(serve: Serve) -> None:
    handler = Gated()
    running = serve(handler)
    client = running.connect()
    client.send(get("/stream"), get("/whole"))
    client.head()
    ending = shutdown(running, 10)
    running.soon(handler.let_go.set)
    assert list(client.chunks()) == [b"some", b"more"]
    reply = client.reply()
    assert (reply.body, reply["connection"]) == (b"done", "close")
    assert client.rest() == b""
    ending.result(5)


def test_shutdown_ends_what_takes_too_long(serve: Serve) -> None:
    handler = Gated()
    running = serve(handler)
    stream, body = running.connect(), running.connect()
    stream.send(get("/stream"))
    body.send(post(b"abc")[:-1])
    stream.head()
    eventually(lambda: running.server.connections == 2)
    started = time.monotonic()
    running.call(running.server.shutdown(0.1))
    assert 0.05 < time.monotonic() - started < 4
    assert handler.cancelled == 1
    assert (running.server.connections, running.server.open_requests) == (0, 0)
    assert body.is_closed()


def test_a_second_shutdown_may_be_less_patient(serve: Serve) -> None:
    handler = Gated()
    running = serve(handler)
    client = running.connect()
    client.send(get("/whole"))
    eventually(lambda: running.server.open_requests)
    patient = shutdown(running, 30)
    time.sleep(0.05)
    assert not patient.done()
    shutdown(running, 0).result(5)
    patient.result(5)
    assert handler.cancelled == 1
    assert client.reply().status == 503
    assert client.is_closed()


def test_shutdown_ends_what_a_handler_does_after_its_reply(serve: Serve) -> None:
    cancelled: list[bool] = []

    async def handler(request: Request, responder: Responder) -> None:
        responder.send(200, [], b"")
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    running = serve(handler)
    client = running.connect()
    client.send(get())
    assert client.reply().status == 200
    running.call(running.server.shutdown(0.05))
    assert cancelled == [True]


def test_shutdown_does_not_wait_for_a_handler_that_will_not_end(serve: Serve) -> None:
    let_go = asyncio.Event()

    async def handler(request: Request, responder: Responder) -> None:
        while not let_go.is_set():
            try:
                await let_go.wait()
            except asyncio.CancelledError:
                continue

    running = serve(handler)
    client = running.connect()
    client.send(get())
    eventually(lambda: running.server.open_requests)
    started = time.monotonic()
    running.call(running.server.shutdown(0))
    assert time.monotonic() - started < 4
    assert client.is_closed()
    assert running.server.open_requests == 1
    running.soon(let_go.set)
    eventually(lambda: running.server.open_requests == 0)


def test_a_connection_accepted_too_late_is_closed(serve: Serve) -> None:
    handler = Gated()
    running = serve(handler)
    busy = running.connect()
    busy.send(get("/whole"))
    eventually(lambda: running.server.open_requests)
    running.server._service.closing = True  # and the listener not closed yet
    assert running.connect().rest() == b""


def test_a_connection_is_small(serve: Serve) -> None:
    """Python objects of one idle connection, without the event loop's transport."""
    running = serve(Echo())
    client = running.connect()
    client.send(get())
    assert client.reply().status == 200
    (connection,) = running.server._service.connections
    assert not hasattr(connection, "__dict__")
    size = connection.__sizeof__() + sum(
        getattr(connection, name).__sizeof__() for name in ("_peer", "_waiting") if hasattr(connection, name)
    )
    assert size < 400


# Real clients.


def test_pythons_own_client(serve: Serve) -> None:
    echo = Echo()
    running = serve(echo)
    client = http.client.HTTPConnection("127.0.0.1", running.server.port, timeout=5)
    client.request("POST", "/counted", body=b"a" * 100_000)
    assert client.getresponse().read() == b"a" * 100_000
    client.request("POST", "/chunked", body=iter([b"b" * 70_000, b"c"]), encode_chunked=True)
    assert client.getresponse().read() == b"b" * 70_000 + b"c"
    client.request("HEAD", "/")
    response = client.getresponse()
    assert (response.read(), response.getheader("Content-Length")) == (b"", "0")
    client.request("GET", "/", headers={"Connection": "close"})
    response = client.getresponse()
    assert response.read() == b""
    assert response.will_close
    client.close()
    assert [request.path for request in echo.requests] == ["/counted", "/chunked", "/", "/"]


def test_pythons_own_client_reads_a_stream(serve: Serve) -> None:
    async def handler(request: Request, responder: Responder) -> None:
        responder.start(200, [(b"content-type", b"text/event-stream")])
        for number in range(100):
            responder.write(b"data: %d\n\n" % number)
            await asyncio.sleep(0)
        responder.end()

    running = serve(handler)
    client = http.client.HTTPConnection("127.0.0.1", running.server.port, timeout=5)
    for _ in range(3):
        client.request("GET", "/")
        response = client.getresponse()
        assert [int(line[6:]) for line in response if line.strip()] == list(range(100))
    client.close()


def test_many_clients_at_once(serve: Serve) -> None:
    async def handler(request: Request, responder: Responder) -> None:
        await asyncio.sleep(0)
        responder.send(200, [], request.body)

    running = serve(handler)
    wrong: list[str] = []

    def converse(number: int) -> None:
        with Client(("127.0.0.1", running.server.port)) as client:
            for turn in range(20):
                body = b"%d:%d:" % (number, turn) + b"x" * (turn * 5000)
                client.send(post(body))
                if client.reply().body != body:
                    wrong.append(f"{number}:{turn}")

    threads = [threading.Thread(target=converse, args=(number,)) for number in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    eventually(lambda: running.server.connections == 0)
