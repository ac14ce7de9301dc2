"""What the server turns away by itself or by its gate, and that the client can read the answer each time."""

import asyncio
import threading
import time
from typing import Any

import pytest

from claude_code_proxy.http1.server import Headers, Request, Responder, ServerLimits
from tests.http1.server.conftest import Serve
from tests.http1.server.wire import CHUNKED, QUICK, Client, Echo, Reply, chunked, eventually, get, post

MEGABYTE = 1 << 20


def render_error(status: int, message: str, *, request: Request | None) -> tuple[Headers, bytes]:
    return [(b"content-type", b"application/json"), (b"x-fault", b"%d" % status)], b'{"error":"%b"}' % message.encode()


def limits(**values: Any) -> ServerLimits:
    return ServerLimits(sweep_seconds=QUICK, **values)


def last_reply(client: Client) -> Reply:
    """Return a reply after which the server closes, without a reset that could lose it."""
    reply = client.reply()
    assert reply["connection"] == "close"
    assert client.rest() == b""
    return reply


@pytest.mark.parametrize(
    ("status", "data"),
    [
        (400, b"nonsense\r\n\r\n"),
        (400, b"GET / HTTP/1.1\r\n\r\n"),
        (400, post(b"", "Content-Length: 1")),
        (
            400,
            get("/", CHUNKED, "Content-Length: 4", method="POST")
            + b"0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n",
        ),
        (400, get("/", "A: b", " folded")),
        (400, get("/", "A: b\x00")),
        (501, get("a:443", method="CONNECT") + b"\x16\x03\x01"),
        (501, get("/", "Transfer-Encoding: gzip, chunked", method="POST")),
        (505, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        (400, get("/", CHUNKED, method="POST") + b"zz\r\n"),
        (400, get("/", CHUNKED, method="POST") + b"1\r\nab\r\n0\r\n\r\n"),
        # what cannot become a request is not waited for
        (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
        (400, b"GET / HTTP/1.1\nHost: a\n\n"),
        (400, b"GET / HTTP/1.1\r\nHost: a\n\r\n"),
        (400, b"GET / HTTP/1.1\r\nHost: a\r\n\n"),
        (400, b" GET / HTTP/1.1"),
    ],
)
def test_malformed_requests(serve: Serve, status: int, data: bytes) -> None:
    echo = Echo()
    client = serve(echo, render_error=render_error).connect()
    client.send(data)
    reply = last_reply(client)
    assert reply.status == status
    assert reply["x-fault"] == str(status)
    assert reply.body.startswith(b'{"error":"')
    assert echo.requests == []


def test_a_malformed_request_in_pieces(serve: Serve) -> None:
    client = serve(Echo(), render_error=render_error).connect()
    client.send(b"GET / HTTP/1.1\nHost")
    assert client.is_silent(0.05)
    client.send(b": a\n")
    assert client.is_silent(0.05)
    client.send(b"\n")
    assert last_reply(client).status == 400


def test_requests_before_a_malformed_one_are_answered(serve: Serve) -> None:
    echo = Echo()
    client = serve(echo, render_error=render_error).connect()
    client.send(post(b"a"), post(b"b"), b"garbage\r\n\r\n", post(b"c"))
    assert [client.reply().body for _ in range(2)] == [b"a", b"b"]
    assert last_reply(client).status == 400
    assert len(echo.requests) == 2


def test_without_a_fault_of_ones_own_refusals_are_plain(serve: Serve) -> None:
    client = serve(Echo()).connect()
    client.send(b"nonsense\r\n\r\n")
    assert last_reply(client).body == b"The request line is malformed.\n"


@pytest.mark.parametrize("whole", [True, False])
def test_a_head_that_is_too_large(serve: Serve, whole: bool) -> None:
    client = serve(Echo(), render_error=render_error, limits=limits(head_bytes=1000)).connect()
    request = get("/", "A: " + "x" * 2000)
    client.send(request if whole else request[:1500])
    assert last_reply(client).status == 431


def test_the_head_limit_is_exact(serve: Serve) -> None:
    request = get("/", "A: " + "x" * 500)
    running = serve(Echo(), limits=limits(head_bytes=len(request)))
    client = running.connect()
    client.send(request)
    assert client.reply().status == 200
    client.send(get("/", "A: " + "x" * 501))
    assert last_reply(client).status == 431


def test_an_endless_head(serve: Serve) -> None:
    client = serve(Echo(), render_error=render_error, limits=limits(linger_bytes=10 * MEGABYTE)).connect()
    client.send(b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * (MEGABYTE // 6))
    assert client.reply().status == 431
    client.half_close()
    assert client.is_closed()


def test_too_many_headers(serve: Serve) -> None:
    client = serve(Echo(), render_error=render_error, limits=limits(head_count=10)).connect()
    client.send(get("/", *[f"x{number}: y" for number in range(20)]))
    assert last_reply(client).status == 431


def test_a_head_that_does_not_come_in_time(serve: Serve) -> None:
    client = serve(Echo(), render_error=render_error, limits=limits(head_seconds=0.1)).connect()
    client.send(post(b"x"))
    assert client.reply().status == 200
    client.send(b"GET / HT")
    started = time.monotonic()
    reply = last_reply(client)
    assert reply.status == 408
    assert 0.05 < time.monotonic() - started < 4


def test_the_time_for_a_head_begins_with_its_first_byte(serve: Serve) -> None:
    client = serve(Echo(), limits=limits(head_seconds=1)).connect()
    time.sleep(1.2)
    request = get()
    client.send(request[:-5])
    assert client.is_silent(0.1)
    client.send(request[-5:])
    assert client.reply().status == 200


def test_a_head_that_comes_drop_by_drop(serve: Serve) -> None:
    """The time runs from the first byte, whatever follows; across many connections at once."""
    running = serve(Echo(), render_error=render_error, limits=limits(head_seconds=0.2))
    clients = [running.connect() for _ in range(50)]
    started = time.monotonic()
    open_ones = list(clients)
    while open_ones:
        for client in open_ones:
            client.send(b"G" if client.is_silent(0.0001) else b"")
        open_ones = [client for client in open_ones if client.is_silent(0.0001)]
        assert time.monotonic() - started < 4
        time.sleep(0.02)
    assert [client.reply().status for client in clients] == [408] * 50


def test_an_idle_connection_is_closed_in_silence(serve: Serve) -> None:
    running = serve(Echo(), limits=limits(keep_alive_seconds=0.1))
    fresh, used = running.connect(), running.connect()
    used.send(get())
    assert used.reply().status == 200
    assert fresh.rest() == b""
    assert used.rest() == b""
    eventually(lambda: running.server.connections == 0)


def test_a_connection_that_is_used_is_not_idle(serve: Serve) -> None:
    async def slow(request: Request, responder: Responder) -> None:
        await asyncio.sleep(1)
        responder.send(200, [], b"")

    client = serve(slow, limits=limits(keep_alive_seconds=0.7, head_seconds=0.7, body_idle_seconds=0.7)).connect()
    client.send(get())
    assert client.reply().status == 200
    client.send(get())
    assert client.reply().status == 200


@pytest.mark.parametrize("framing", ["Content-Length: 10", CHUNKED])
def test_a_body_that_stops(serve: Serve, framing: str) -> None:
    client = serve(Echo(), render_error=render_error, limits=limits(body_idle_seconds=0.1)).connect()
    client.send(get("/", framing, method="POST"), b"5\r\nab")
    assert last_reply(client).status == 408


def test_a_body_that_comes_steadily_may_take_its_time(serve: Serve) -> None:
    client = serve(Echo(), limits=limits(body_idle_seconds=0.7, body_bytes_per_second=1)).connect()
    request = post(b"x" * 8)
    client.send(request[:-8])
    for _ in range(8):
        time.sleep(0.12)
        client.send(b"x")
    assert client.reply().body == b"x" * 8


def test_a_body_that_drips(serve: Serve) -> None:
    client = serve(
        Echo(), render_error=render_error, limits=limits(body_idle_seconds=0.2, body_bytes_per_second=1000)
    ).connect()
    client.send(get("/", "Content-Length: 1000", method="POST"))
    while client.is_silent(0.03):
        client.send(b"x")
    assert last_reply(client).status == 408


def test_a_body_that_is_too_large_is_refused_by_its_length(serve: Serve) -> None:
    echo = Echo()
    client = serve(echo, render_error=render_error, limits=limits(body_bytes=100)).connect()
    client.send(get("/", "Content-Length: 101", "Expect: 100-continue", method="POST"))
    assert last_reply(client).status == 413
    assert echo.requests == []


def test_a_body_of_the_largest_size_is_taken(serve: Serve) -> None:
    client = serve(Echo(), limits=limits(body_bytes=100)).connect()
    client.send(post(b"x" * 100), get("/", CHUNKED, method="POST"), chunked(b"y" * 60, b"y" * 40))
    assert [client.reply().body for _ in range(2)] == [b"x" * 100, b"y" * 100]


def test_a_body_that_is_too_large_but_here_already_spares_the_connection(serve: Serve) -> None:
    client = serve(Echo(), render_error=render_error, limits=limits(body_bytes=100)).connect()
    client.send(post(b"x" * 101), post(b"y"))
    assert client.reply().status == 413
    assert client.reply().body == b"y"


@pytest.mark.parametrize("framing", ["Content-Length: 20000000", CHUNKED])
def test_a_client_that_sends_it_all_before_it_reads_gets_its_refusal(serve: Serve, framing: str) -> None:
    client = serve(Echo(), render_error=render_error, limits=limits(body_bytes=MEGABYTE)).connect()
    head = get("/", framing, method="POST")
    client.send(head, chunked(b"x" * 20_000_000) if framing == CHUNKED else b"x" * 20_000_000)
    assert last_reply(client).status == 413


def test_a_chunked_body_that_grows_too_large(serve: Serve) -> None:
    client = serve(Echo(), render_error=render_error, limits=limits(body_bytes=100)).connect()
    client.send(get("/", CHUNKED, method="POST"), b"32\r\n" + b"x" * 50 + b"\r\n")
    assert client.is_silent(0.05)
    client.send(b"33\r\n")
    assert last_reply(client).status == 413


def test_a_client_that_never_stops_sending_is_cut_off(serve: Serve) -> None:
    running = serve(Echo(), render_error=render_error, limits=limits(body_bytes=100, linger_bytes=MEGABYTE))
    client = running.connect()
    client.send(get("/", CHUNKED, method="POST"), b"fffffff\r\n")
    with pytest.raises(ConnectionError):
        client.send(b"x" * (100 * MEGABYTE))
    eventually(lambda: running.server.connections == 0)


def test_a_client_that_stays_after_its_refusal_is_cut_off(serve: Serve) -> None:
    running = serve(Echo(), render_error=render_error, limits=limits(body_bytes=100, linger_seconds=0.1))
    client = running.connect()
    client.send(get("/", "Content-Length: 1000", method="POST"))
    assert last_reply(client).status == 413
    eventually(lambda: running.server.connections == 0)


def test_the_gate_sees_the_head_and_refuses_before_the_body(serve: Serve) -> None:
    seen: list[tuple[str, bytes, bytes]] = []

    def check_head(request: Request) -> tuple[int, Headers, bytes] | None:
        seen.append((request.path, request.headers[b"authorization"], request.body))
        return None if request.headers[b"authorization"] == b"Bearer good" else (401, [(b"x-y", b"z")], b"denied")

    echo = Echo()
    client = serve(echo, check_head=check_head).connect()
    client.send(post(b"hello", "Authorization: Bearer good", path="/1"))
    assert client.reply().body == b"hello"
    client.send(get("/2", "Content-Length: 5", "Expect: 100-continue", "Authorization: Bearer bad", method="POST"))
    reply = last_reply(client)
    assert (reply.status, reply["x-y"], reply.body) == (401, "z", b"denied")
    assert seen == [("/1", b"Bearer good", b""), ("/2", b"Bearer bad", b"")]
    assert len(echo.requests) == 1


def test_a_request_that_the_gate_refuses_spares_the_connection_if_it_is_whole(serve: Serve) -> None:
    client = serve(Echo(), check_head=lambda request: (401, [], b"no") if request.path == "/no" else None).connect()
    client.send(get("/no"), post(b"x", path="/no"), get("/no", method="HEAD"), post(b"yes"))
    assert [client.reply().status for _ in range(2)] == [401, 401]
    assert client.reply("HEAD")["content-length"] == "2"
    assert client.reply().body == b"yes"


def test_the_gates_answer_to_http_1_0(serve: Serve) -> None:
    client = serve(Echo(), check_head=lambda _: (401, [], b"no")).connect()
    client.send(get("/", version="1.0"))
    assert last_reply(client).status == 401


def test_a_large_refused_upload_can_still_be_answered(serve: Serve) -> None:
    client = serve(Echo(), check_head=lambda _: (401, [], b"no")).connect()
    client.send(post(b"x" * (8 * MEGABYTE)))
    assert last_reply(client).body == b"no"


def test_a_gate_that_raises(serve: Serve) -> None:
    def check_head(request: Request) -> None:
        raise KeyError(request.path)

    running = serve(Echo(), check_head=check_head, render_error=render_error)
    client = running.connect()
    client.send(get("/a"))
    reply = client.reply()
    assert (reply.status, reply["x-fault"]) == (500, "500")
    assert b"/a" not in reply.body
    assert [str(error) for error in running.errors] == ["'/a'"]
    client.send(get("/b"))
    assert client.reply().status == 500


def test_a_fault_that_raises(serve: Serve) -> None:
    def broken(status: int, message: str, *, request: Request | None) -> tuple[Headers, bytes]:
        raise KeyError(status)

    async def handler(request: Request, responder: Responder) -> None:
        raise ValueError("first")

    running = serve(handler, render_error=broken)
    client = running.connect()
    client.send(get())
    assert client.reply().status == 500
    eventually(lambda: [type(error) for error in running.errors] == [KeyError, ValueError])
    client.send(b"nonsense\r\n\r\n")
    assert last_reply(client).body == b"The request line is malformed.\n"


def test_a_handler_that_raises(serve: Serve, capfd: pytest.CaptureFixture[str]) -> None:
    async def handler(request: Request, responder: Responder) -> None:
        if request.path == "/bad":
            raise ValueError("private words")
        responder.send(200, [], b"")

    running = serve(handler, render_error=render_error)
    client = running.connect()
    client.send(get("/bad"), get("/good"))
    reply = client.reply()
    assert (reply.status, reply["x-fault"]) == (500, "500")
    assert b"private" not in reply.body
    assert client.reply().status == 200
    eventually(lambda: [str(error) for error in running.errors] == ["private words"])
    assert capfd.readouterr() == ("", "")


def test_a_handler_that_raises_after_it_has_begun(serve: Serve, capfd: pytest.CaptureFixture[str]) -> None:
    async def handler(request: Request, responder: Responder) -> None:
        responder.start(200, [])
        responder.write(b"some")
        raise ValueError("private words")

    running = serve(handler)
    client = running.connect()
    client.send(get())
    client.head()
    assert client.rest() == b"4\r\nsome\r\n"
    eventually(lambda: [str(error) for error in running.errors] == ["private words"])
    assert capfd.readouterr() == ("", "")


def test_a_handler_that_raises_after_its_reply(serve: Serve) -> None:
    async def handler(request: Request, responder: Responder) -> None:
        responder.send(200, [], b"fine")
        raise ValueError("afterwards")

    running = serve(handler)
    client = running.connect()
    client.send(get(), get())
    assert [client.reply().body for _ in range(2)] == [b"fine", b"fine"]
    eventually(lambda: len(running.errors) == 2)


def test_a_handler_that_does_not_answer(serve: Serve) -> None:
    async def handler(request: Request, responder: Responder) -> None:
        return

    running = serve(handler, render_error=render_error)
    client = running.connect()
    client.send(get(), get())
    assert [client.reply().status for _ in range(2)] == [500, 500]
    eventually(lambda: len(running.errors) == 2)
    assert all("without having answered" in str(error) for error in running.errors)


def test_a_handler_that_does_not_finish_its_answer(serve: Serve) -> None:
    async def handler(request: Request, responder: Responder) -> None:
        responder.start(200, [])
        responder.write(b"some")

    running = serve(handler)
    client = running.connect()
    client.send(get())
    client.head()
    assert client.rest() == b"4\r\nsome\r\n"
    eventually(lambda: len(running.errors) == 1)


def test_a_handler_that_is_cancelled_by_somebody_else(serve: Serve) -> None:
    async def handler(request: Request, responder: Responder) -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(0)

    running = serve(handler, render_error=render_error)
    client = running.connect()
    client.send(get(), get())
    assert [client.reply().status for _ in range(2)] == [500, 500]
    eventually(lambda: (len(running.errors), running.server.open_requests) == (2, 0))


def test_a_handler_may_break_its_reply_off(serve: Serve) -> None:
    """What was written arrives, even when the client has sent more in the meantime; the last chunk does not."""

    async def handler(request: Request, responder: Responder) -> None:
        responder.start(200, [])
        for _ in range(64):
            responder.write(b"x" * 65536)
        responder.abort()

    running = serve(handler)
    client = running.connect()
    sender = threading.Thread(target=client.send, args=(get() + post(b"y" * 200_000),))
    sender.start()
    client.head()
    assert client.rest() == (b"10000\r\n" + b"x" * 65536 + b"\r\n") * 64
    sender.join()
    assert running.errors == []


def test_a_last_reply_survives_more_than_is_read_ahead(serve: Serve) -> None:
    """The client sends on and on before it reads; nothing of it was wanted, but its reply must reach it."""

    async def handler(request: Request, responder: Responder) -> None:
        await asyncio.sleep(0.1)
        responder.send(200, [], b"the last word")

    client = serve(handler).connect()
    client.send(get("/", "Connection: close"), b"x" * (20 * MEGABYTE))
    assert last_reply(client).body == b"the last word"


def test_without_anybody_to_tell_the_event_loop_is_told(serve: Serve) -> None:
    async def handler(request: Request, responder: Responder) -> None:
        raise ValueError("told")

    running = serve(handler, on_error=None)
    client = running.connect()
    client.send(get())
    assert client.reply().status == 500
    eventually(lambda: [str(context["exception"]) for context in running.complaints] == ["told"])
    running.complaints.clear()
