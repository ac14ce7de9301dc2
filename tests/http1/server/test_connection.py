"""A conversation that goes well: requests in any framing, answered in order on one connection."""

import asyncio
import threading

import pytest

from claude_code_proxy.http1.server import Request, Responder, ServerLimits
from tests.http1.server.conftest import Serve
from tests.http1.server.wire import CHUNKED, QUICK, Echo, chunked, eventually, get, post

MEGABYTE = 1 << 20


def test_a_request_is_answered(serve: Serve) -> None:
    echo = Echo()
    client = serve(echo).connect()
    client.send(post(b"hello", path="/a?b=c"))
    reply = client.reply()
    assert reply.status == 200
    assert [name for name, _ in reply.headers] == ["date", "content-type", "content-length"]
    assert reply.body == b"hello"
    (request,) = echo.requests
    assert (request.method, request.path, request.query) == ("POST", "/a", "b=c")
    host, port = client.socket.getsockname()
    assert request.peer == f"{host}:{port}"


def test_a_connection_is_used_again(serve: Serve) -> None:
    running = serve(Echo())
    client = running.connect()
    for number in range(5):
        client.send(post(b"%d" % number))
        assert client.reply().body == b"%d" % number
    assert running.server.connections == 1


@pytest.mark.parametrize("request_", [get("/", "Connection: close"), get("/", version="1.0")])
def test_a_connection_is_closed_when_the_client_wants_that(serve: Serve, request_: bytes) -> None:
    client = serve(Echo()).connect()
    client.send(request_)
    assert client.reply()["connection"] == "close"
    assert client.is_closed()


def test_http_1_0_may_keep_its_connection(serve: Serve) -> None:
    client = serve(Echo()).connect()
    for _ in range(2):
        client.send(get("/", "Connection: keep-alive", version="1.0"))
        assert client.reply()["connection"] == "keep-alive"
    assert client.is_silent()


def test_pipelined_requests_are_answered_in_order_one_at_a_time(serve: Serve) -> None:
    running: list[str] = []
    most = 0

    async def handler(request: Request, responder: Responder) -> None:
        nonlocal most
        running.append(request.path)
        most = max(most, len(running))
        await asyncio.sleep(0.01 if request.path == "/0" else 0)
        responder.send(200, [], request.path.encode() + request.body)
        running.remove(request.path)

    client = serve(handler).connect()
    client.send(get("/0"), post(b"a", path="/1"), get("/2", CHUNKED, method="POST"), chunked(b"b", b"c"), get("/3"))
    assert [client.reply().body for _ in range(4)] == [b"/0", b"/1a", b"/2bc", b"/3"]
    assert most == 1


def test_the_next_request_waits_for_the_handler_to_return(serve: Serve) -> None:
    """It may still have something to write down after its reply."""
    let_go = asyncio.Event()
    asked: list[str] = []

    async def handler(request: Request, responder: Responder) -> None:
        asked.append(request.path)
        responder.send(200, [], b"")
        if request.path == "/1":
            await let_go.wait()

    running = serve(handler)
    client = running.connect()
    client.send(get("/1"), get("/2"))
    assert client.reply().status == 200
    assert client.is_silent()
    assert asked == ["/1"]
    running.soon(let_go.set)
    assert client.reply().status == 200
    assert asked == ["/1", "/2"]


def test_thousands_of_pipelined_requests(serve: Serve) -> None:
    """More than may be read ahead, and far more than a stack is deep."""
    client = serve(Echo()).connect()
    count = 5000
    sender = threading.Thread(target=client.send, args=(post(b"x") * count,))
    sender.start()
    assert all(client.reply().body == b"x" for _ in range(count))
    sender.join()
    assert client.is_silent(0.05)


def test_thousands_of_pipelined_requests_that_the_gate_answers(serve: Serve) -> None:
    """They have no body: one that has not arrived when its request is refused ends the connection."""
    client = serve(Echo(), check_head=lambda _: (401, [], b"no")).connect()
    count = 5000
    sender = threading.Thread(target=client.send, args=(get("/x") * count,))
    sender.start()
    assert all(client.reply().body == b"no" for _ in range(count))
    sender.join()


def test_what_is_read_ahead_is_bounded(serve: Serve) -> None:
    let_go = asyncio.Event()

    async def handler(request: Request, responder: Responder) -> None:
        await let_go.wait()
        responder.send(200, [], b"%d" % len(request.body))

    running = serve(handler, limits=ServerLimits(read_ahead_bytes=1000, sweep_seconds=QUICK))
    client = running.connect()
    client.send(get("/1"))
    body = b"x" * (20 * MEGABYTE)
    request = post(body)
    sent = 0
    while client.takes_more():
        sent += client.socket.send(request[sent : sent + 65536])
    assert sent < 19 * MEGABYTE  # the server reads no more: the socket buffers are full
    running.soon(let_go.set)
    sender = threading.Thread(target=client.send, args=(request[sent:],))
    sender.start()
    assert [client.reply().body for _ in range(2)] == [b"0", b"%d" % len(body)]
    sender.join()


@pytest.mark.parametrize("size", [0, 1, 1000, 300_000, 5_000_000])
def test_counted_bodies(serve: Serve, size: int) -> None:
    echo = Echo()
    client = serve(echo).connect()
    body = bytes(range(256)) * (size // 256) + b"z" * (size % 256)
    client.send(post(body), post(b"next"))
    assert client.reply().body == body
    assert client.reply().body == b"next"
    assert [type(request.body) for request in echo.requests] == [bytes, bytes]


def test_chunked_bodies(serve: Serve) -> None:
    client = serve(Echo()).connect()
    head = get("/", CHUNKED, method="POST")
    big = b"x" * 300_000
    client.send(head, chunked(b"ab", b"c"), head, chunked(), head, chunked(big, b"y", big), post(b"next"))
    assert [client.reply().body for _ in range(4)] == [b"abc", b"", big + b"y" + big, b"next"]


def test_the_handler_starts_when_the_body_is_whole(serve: Serve) -> None:
    echo = Echo()
    client = serve(echo).connect()
    request = post(b"abcdef")
    client.send(request[:-3])
    assert client.is_silent()
    assert echo.requests == []
    client.send(request[-3:])
    assert client.reply().body == b"abcdef"


def test_a_request_byte_by_byte(serve: Serve) -> None:
    client = serve(Echo()).connect()
    for byte in b"\r\n" + post(b"ab") + get("/", CHUNKED, method="POST") + chunked(b"c", b"d"):
        client.send(bytes([byte]))
    assert [client.reply().body for _ in range(2)] == [b"ab", b"cd"]


def test_empty_lines_between_requests_mean_nothing(serve: Serve) -> None:
    client = serve(Echo()).connect()
    client.send(b"\r\n\r\n", post(b"a"), b"\r\n", post(b"b"), b"\r\n\r\n")
    assert [client.reply().body for _ in range(2)] == [b"a", b"b"]
    client.send(post(b"c"))
    assert client.reply().body == b"c"


@pytest.mark.parametrize("framing", ["Content-Length: 5", CHUNKED])
def test_a_client_that_asks_is_told_to_go_on(serve: Serve, framing: str) -> None:
    client = serve(Echo()).connect()
    client.send(get("/", framing, "Expect: 100-Continue", method="POST"))
    assert client.reply().status == 100
    client.send(chunked(b"hello") if framing == CHUNKED else b"hello")
    assert client.reply().body == b"hello"


def test_a_client_that_does_not_wait_for_the_answer_is_not_told(serve: Serve) -> None:
    client = serve(Echo()).connect()
    whole = post(b"hello", "Expect: 100-continue")
    client.send(whole, whole[:-2])
    assert client.reply().body == b"hello"
    assert client.is_silent(0.05)
    client.send(whole[-2:])
    assert client.reply().body == b"hello"


@pytest.mark.parametrize("options", [{"version": "1.0"}, {}])
def test_who_is_never_told_to_go_on(serve: Serve, options: dict[str, str]) -> None:
    """HTTP/1.0 does not know the answer, and other expectations are not ours to meet."""
    client = serve(Echo()).connect()
    expectation = "100-continue" if options else "200-ok"
    client.send(get("/", "Content-Length: 2", f"Expect: {expectation}", method="POST", **options))
    assert client.is_silent(0.05)
    client.send(b"ab")
    assert client.reply().body == b"ab"


def test_going_on_waits_for_the_answer_before(serve: Serve) -> None:
    let_go = asyncio.Event()

    async def handler(request: Request, responder: Responder) -> None:
        if request.path == "/1":
            await let_go.wait()
        responder.send(200, [], request.body)

    running = serve(handler)
    client = running.connect()
    client.send(get("/1"), get("/2", "Content-Length: 2", "Expect: 100-continue", method="POST"))
    assert client.is_silent(0.05)
    running.soon(let_go.set)
    assert [client.reply().status for _ in range(2)] == [200, 100]
    client.send(b"ab")
    assert client.reply().body == b"ab"


def test_head_is_answered_without_the_body(serve: Serve) -> None:
    async def handler(request: Request, responder: Responder) -> None:
        if request.path == "/whole":
            responder.send(200, [], b"abc")
            return
        responder.start(200, [])
        responder.write(b"abc")
        responder.end()

    client = serve(handler).connect()
    client.send(get("/whole", method="HEAD"), get("/stream", method="HEAD"), get("/stream"))
    assert client.reply("HEAD")["content-length"] == "3"
    assert client.reply("HEAD")["transfer-encoding"] == "chunked"
    assert client.reply().body == b"abc"


def test_an_offered_upgrade_is_not_taken(serve: Serve) -> None:
    client = serve(Echo()).connect()
    client.send(post(b"hello", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMA"), get())
    assert client.reply().body == b"hello"
    assert client.reply().status == 200


def test_unknown_methods_and_absolute_targets_reach_the_handler(serve: Serve) -> None:
    echo = Echo()
    client = serve(echo).connect()
    client.send(get("http://elsewhere:1/a/b?c", method="BREW"))
    assert client.reply().status == 200
    assert [(r.method, r.target, r.path) for r in echo.requests] == [("BREW", "http://elsewhere:1/a/b?c", "/a/b")]


def test_a_streamed_reply(serve: Serve) -> None:
    go_on = asyncio.Event()

    async def handler(request: Request, responder: Responder) -> None:
        responder.start(200, [(b"content-type", b"text/event-stream")])
        responder.write(b"first")
        await go_on.wait()
        responder.write(b"second")
        responder.write_end(b"third")

    running = serve(handler)
    client = running.connect()
    client.send(get(), get())
    reply = client.head()
    assert reply["transfer-encoding"] == "chunked"
    chunks = client.chunks()
    assert next(chunks) == b"first"
    assert client.is_silent(0.05)
    running.soon(go_on.set)
    assert list(chunks) == [b"second", b"third"]
    assert client.reply().chunks == [b"first", b"second", b"third"]


def test_a_streamed_reply_to_http_1_0_ends_with_the_connection(serve: Serve) -> None:
    async def handler(request: Request, responder: Responder) -> None:
        responder.start(200, [])
        responder.write(b"one ")
        await asyncio.sleep(0)
        responder.write_end(b"two")

    client = serve(handler).connect()
    client.send(get("/", "Connection: keep-alive", version="1.0"))
    reply = client.reply()
    assert reply["connection"] == "close"
    assert reply.body == b"one two"


def test_a_large_reply(serve: Serve) -> None:
    body = b"0123456789abcdef" * (MEGABYTE // 4)

    async def handler(request: Request, responder: Responder) -> None:
        responder.send(200, [], body)

    client = serve(handler).connect()
    client.send(get(), get("/", "Connection: close"))
    assert client.reply().body == body
    assert client.reply().body == body
    assert client.is_closed()


def test_open_requests_are_counted(serve: Serve) -> None:
    let_go = asyncio.Event()

    async def handler(request: Request, responder: Responder) -> None:
        await let_go.wait()
        responder.send(200, [], b"")

    running = serve(handler)
    clients = [running.connect() for _ in range(3)]
    for client in clients[:2]:
        client.send(get())
    eventually(lambda: (running.server.connections, running.server.open_requests) == (3, 2))
    running.soon(let_go.set)
    assert [client.reply().status for client in clients[:2]] == [200, 200]
    eventually(lambda: (running.server.connections, running.server.open_requests) == (3, 0))
    for client in clients:
        client.close()
    eventually(lambda: running.server.connections == 0)
