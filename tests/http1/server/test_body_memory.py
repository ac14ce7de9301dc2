"""The memory of all bodies together: reserved from the head on, waited for, and let go however a request ends."""

import asyncio
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_code_proxy.http1.server import Request, Responder, ServerLimits
from claude_code_proxy.http1.server.body_memory import BodyMemory
from tests.http1.server.conftest import Serve
from tests.http1.server.wire import CHUNKED, QUICK, Client, Echo, Running, chunked, eventually, get, post

MEGABYTE = 1 << 20
LEAVING: list[Callable[[Client], None]] = [Client.close, Client.reset, Client.half_close]


def limits(memory: int = 8 * MEGABYTE, *, seconds: float = 30.0) -> ServerLimits:
    return ServerLimits(body_memory=memory, body_memory_seconds=seconds, sweep_seconds=QUICK)


def request(length: int) -> Request:
    made = Request("POST", "/")
    made.length = length
    return made


def announced(length: int, *headers: str) -> bytes:
    return get("/", f"Content-Length: {length}", *headers, method="POST")


def assert_free(running: Running) -> None:
    memory = running.server.memory
    eventually(lambda: (memory.used, memory.waiting) == (0, 0))


class Held:
    """A handler that answers when it is told to."""

    def __init__(self) -> None:
        self.begun = 0
        self.told = asyncio.Event()

    async def __call__(self, request: Request, responder: Responder) -> None:
        self.begun += 1
        await self.told.wait()
        responder.send(200, [], b"%d" % len(request.body))


@given(st.lists(st.integers(1, 3 * MEGABYTE), min_size=1, max_size=30), st.randoms(use_true_random=False))
def test_every_body_gets_its_turn_and_no_more_is_taken_than_there_is(lengths: list[int], random: "object") -> None:
    memory = BodyMemory(4 * MEGABYTE)
    held: list[Request] = []
    for length in lengths:
        one = request(length)
        if memory.take(one, length):
            held.append(one)
        else:
            memory.wait(one, lambda one=one: held.append(one))  # type: ignore[misc]
        assert memory.free >= 0
        assert sum(each.reserved for each in held) == memory.used
    served = 0
    while held:
        memory.release(held.pop(random.randrange(len(held))))  # type: ignore[attr-defined]
        served += 1
        assert memory.free >= 0
    assert served == len(lengths)
    assert (memory.used, memory.waiting) == (0, 0)


def test_a_small_body_does_not_wait_behind_a_large_one() -> None:
    memory = BodyMemory(8 * MEGABYTE)
    first, second, small = request(2 * MEGABYTE), request(3 * MEGABYTE), request(1000)
    assert memory.take(first, 2 * MEGABYTE)
    assert not memory.take(second, 3 * MEGABYTE)
    memory.wait(second, lambda: None)
    assert not memory.take(request(MEGABYTE), MEGABYTE)
    assert memory.take(small, 1000)


def test_a_body_waits_for_memory_and_is_served(serve: Serve) -> None:
    handler = Held()
    running = serve(handler, limits=limits())
    first, second = running.connect(), running.connect()
    body = b"x" * (3 * MEGABYTE)
    first.send(post(body))
    eventually(lambda: handler.begun == 1)
    second.send(announced(len(body), "Expect: 100-continue"))
    eventually(lambda: running.server.memory.waiting == 1)
    assert second.is_silent()
    running.soon(handler.told.set)
    assert first.reply().body == b"3145728"
    assert second.reply().status == 100
    second.send(body)
    assert second.reply().body == b"3145728"
    assert_free(running)


def test_what_was_sent_while_it_waited_is_read(serve: Serve) -> None:
    """Also a whole small body, with another request behind it."""
    handler = Held()
    running = serve(handler, limits=limits(4000))
    first, second = running.connect(), running.connect()
    first.send(announced(1500))
    eventually(lambda: running.server.memory.used == 3000)
    second.send(post(b"y" * 600), post(b"z" * 7))
    eventually(lambda: running.server.memory.waiting == 1)
    first.close()
    running.soon(handler.told.set)
    assert [second.reply().body, second.reply().body] == [b"600", b"7"]
    assert_free(running)


def test_without_memory_in_time_a_request_is_refused(serve: Serve) -> None:
    running = serve(Echo(), limits=limits(seconds=0.2))
    first, second = running.connect(), running.connect()
    first.send(announced(3 * MEGABYTE))
    eventually(lambda: running.server.memory.used)
    started = time.monotonic()
    second.send(post(b"x" * (3 * MEGABYTE)))
    reply = second.reply()
    assert reply.status == 503
    assert time.monotonic() - started > 0.15
    assert second.rest() == b""
    first.send(b"x" * (3 * MEGABYTE))
    assert first.reply().status == 200
    assert_free(running)


@pytest.mark.parametrize("leave", LEAVING)
@pytest.mark.parametrize("sent", [b"", b"some", b"x" * (3 * MEGABYTE)])
def test_a_client_that_leaves_gives_its_memory_back(serve: Serve, leave: Callable[[Client], None], sent: bytes) -> None:
    """While its body arrives, and while its handler runs; one that waited behind it is served."""
    running = serve(Held(), limits=limits())
    first, second, third = running.connect(), running.connect(), running.connect()
    first.send(announced(3 * MEGABYTE), sent)
    eventually(lambda: running.server.memory.used)
    second.send(announced(2 * MEGABYTE))
    third.send(announced(2 * MEGABYTE))
    eventually(lambda: running.server.memory.waiting == 2)
    leave(second)
    leave(first)
    eventually(lambda: (running.server.memory.used, running.server.memory.waiting) == (4 * MEGABYTE, 0))
    leave(third)
    assert_free(running)


def test_a_chunked_body_takes_memory_as_it_grows(serve: Serve) -> None:
    running = serve(Echo(), limits=limits())
    first, second, third = running.connect(), running.connect(), running.connect()
    piece = b"%x\r\n%b\r\n" % (MEGABYTE, b"x" * MEGABYTE)
    for client in (first, second):
        client.send(get("/", CHUNKED, method="POST"))
    first.send(piece, piece)
    eventually(lambda: running.server.memory.used == 4 * MEGABYTE)
    second.send(piece, piece)
    eventually(lambda: running.server.memory.used == 8 * MEGABYTE)
    third.send(get("/", CHUNKED, method="POST"), chunked(b"x" * 100_000))
    assert third.reply().status == 503
    first.send(b"0\r\n\r\n")
    assert len(first.reply().body) == 2 * MEGABYTE
    eventually(lambda: running.server.memory.used == 4 * MEGABYTE)


def test_a_body_over_half_the_memory_is_served_alone_and_one_over_all_of_it_never(serve: Serve) -> None:
    running = serve(Echo(), limits=limits(4 * MEGABYTE))
    first, second = running.connect(), running.connect()
    first.send(post(b"x" * (3 * MEGABYTE)))
    assert len(first.reply().body) == 3 * MEGABYTE
    second.send(announced(4 * MEGABYTE + 1))
    assert second.reply().status == 413


def test_a_body_that_is_refused_gives_its_memory_back(serve: Serve) -> None:
    running = serve(Echo(), limits=limits())
    client = running.connect()
    client.send(get("/", CHUNKED, method="POST"), b"%x\r\n%b\r\n" % (MEGABYTE, b"x" * MEGABYTE), b"no size\r\n")
    assert client.reply().status == 400
    assert_free(running)
