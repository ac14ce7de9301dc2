"""A body while it arrives: collected or streamed, and given up when it is too slow."""

import asyncio

import pytest

from claude_code_proxy.http1.server.body_memory import BodyMemory
from claude_code_proxy.http1.server.incoming import IncomingBody
from claude_code_proxy.http1.server.request import Request
from claude_code_proxy.http1.server.streams import InputStream
from claude_code_proxy.http1.server.types import ServerLimits
from tests.http1.server.test_streams import Source

LIMITS = ServerLimits(body_idle_seconds=30.0, body_bytes_per_second=1000)
LARGE = 10_000_000


def incoming(
    length: int | None = LARGE, *headers: tuple[bytes, bytes], stream: InputStream | None = None
) -> IncomingBody:
    request = Request("POST", "/", headers=dict(headers))
    request.length = length
    request.stream = stream
    return IncomingBody(request, limits=LIMITS, memory=BodyMemory(), now=0.0)


def test_a_collected_body_becomes_the_requests() -> None:
    body = incoming(6)
    assert body.feed(b"abc", 1.0) is None
    assert body.feed(b"defGET", 1.0) == b"GET"
    assert body.request.body == b"abcdef"
    assert type(body.request.body) is bytes


def test_a_streamed_body_goes_to_its_stream() -> None:
    stream = InputStream(Source(), 100)
    body = incoming(None, stream=stream)
    assert body.feed(b"3\r\nabc\r\n0\r\n\r\n", 1.0) == b""
    assert body.request.body == b""

    async def pieces() -> list[bytes]:
        return [piece async for piece in stream]

    assert asyncio.run(pieces()) == [b"abc"]


@pytest.mark.parametrize(
    ("headers", "http10", "arrived", "awaits"),
    [
        ([(b"expect", b"100-continue")], False, b"", True),
        ([(b"expect", b"100-Continue")], False, b"", True),
        ([(b"expect", b"100-continue")], False, b"x", False),
        ([(b"expect", b"100-continue")], True, b"", False),
        ([(b"expect", b"200-ok")], False, b"", False),
        ([], False, b"", False),
    ],
)
def test_who_waits_for_an_invitation(
    headers: list[tuple[bytes, bytes]], http10: bool, arrived: bytes, awaits: bool
) -> None:
    body = incoming(10, *headers)
    body.request.http10 = http10
    body.feed(arrived, 1.0)
    assert body.awaits_invitation is awaits


def test_silence_is_late() -> None:
    body = incoming()
    assert not body.is_late(30.0)
    assert body.is_late(30.1)
    body.feed(b"x", 30.0)
    assert not body.is_late(59.0)
    assert body.is_late(60.1)


def test_a_burst_buys_no_time() -> None:
    """A body that nearly arrived at once, then goes on byte by byte, would hold its memory for hours."""
    body = incoming()
    body.feed(b"x" * (LARGE - 1000), 0.0)
    given_up = None
    for now in range(1, 1000):
        if now % 20 == 0:
            body.feed(b"x", now)
        if body.is_late(now):
            given_up = now
            break
    assert given_up is not None
    assert given_up <= 125


def test_a_steady_sender_is_never_late() -> None:
    body = incoming()
    for now in range(1, 2000):
        if now % 25 == 0:
            body.feed(b"x" * 25_000 if now < LARGE / 1000 else b"", now)
        assert not body.is_late(now)


def test_the_time_that_a_handler_takes_is_not_the_clients() -> None:
    stream = InputStream(Source(), 10)
    body = incoming(stream=stream)
    body.feed(b"x" * 20, 0.0)
    assert stream.held
    for now in range(1, 500):
        assert not body.is_late(now)

    asyncio.run(stream.read())
    assert not body.is_late(520.0)
    assert body.is_late(530.0)


@pytest.mark.parametrize(("speed", "late"), [(LARGE // 1000, True), (LARGE // 500, False)])
def test_a_slow_body_gives_way_to_those_that_wait_for_memory(speed: int, late: bool) -> None:
    body = incoming()
    for now in range(100):
        body.feed(b"x" * speed, now)
        assert not body.is_late(now)
        assert body.is_late(now, crowded=True) is (late and now % 61 > 4)
