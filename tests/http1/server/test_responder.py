"""What each call of a handler writes, and which calls are mistakes."""

import asyncio
from typing import Any

import pytest

from claude_code_proxy.http1.server.request import Request
from claude_code_proxy.http1.server.responder import Responder

JSON = [(b"content-type", b"application/json")]


class Wire(asyncio.WriteTransport):
    """A transport that keeps each write."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []

    def write(self, data: Any) -> None:
        self.writes.append(bytes(data))


class ServerConnection:
    """An outlet that keeps what it is told."""

    def __init__(self, *, closing: bool = False) -> None:
        self.wire = Wire()
        self.closing = closing
        self.ended: list[bool] = []
        self.awaited: asyncio.Future[None] | None = None

    @property
    def transport(self) -> asyncio.WriteTransport:
        return self.wire

    def opening(self, status: int) -> bytes:
        return b"HTTP/1.1 %d\r\n" % status

    def keeps_alive(self, request: Request) -> bool:
        return request.keep_alive and not self.closing

    def reply_ended(self, *, keep_alive: bool) -> None:
        self.ended.append(keep_alive)

    def room(self) -> asyncio.Future[None] | None:
        return self.awaited


def responder(
    method: str = "GET", *, http10: bool = False, keep_alive: bool = True, closing: bool = False
) -> tuple[Responder, ServerConnection]:
    request = Request(method, "/")
    request.http10 = http10
    request.keep_alive = keep_alive
    connection = ServerConnection(closing=closing)
    return Responder(connection, request), connection


def test_a_whole_reply_is_one_write() -> None:
    reply, connection = responder()
    reply.send(200, JSON, b"{}")
    assert connection.wire.writes == [b"HTTP/1.1 200\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"]
    assert connection.ended == [True]
    assert reply.started
    assert reply.finished
    assert reply.bytes_sent == len(connection.wire.writes[0])


def test_a_body_in_pieces_is_one_write_too() -> None:
    reply, connection = responder()
    reply.send(200, [], b"ab", b"", b"c")
    assert connection.wire.writes == [b"HTTP/1.1 200\r\ncontent-length: 3\r\n\r\nabc"]


def test_head_is_answered_without_the_body() -> None:
    reply, connection = responder("HEAD")
    reply.send(200, JSON, b"{}")
    assert connection.wire.writes == [b"HTTP/1.1 200\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n"]


@pytest.mark.parametrize("status", [204, 304])
def test_statuses_without_a_body(status: int) -> None:
    reply, connection = responder()
    reply.send(status, [], b"ignored")
    assert connection.wire.writes == [b"HTTP/1.1 %d\r\n\r\n" % status]
    reply, connection = responder()
    reply.start(status, [])
    reply.write(b"ignored")
    reply.end()
    assert b"".join(connection.wire.writes) == b"HTTP/1.1 %d\r\n\r\n" % status
    assert connection.ended == [True]


def test_a_streamed_reply_holds_its_head_back_for_the_first_write() -> None:
    reply, connection = responder()
    reply.start(200, JSON)
    assert connection.wire.writes == []
    assert reply.started
    reply.write(b"")
    assert connection.wire.writes == []
    reply.write(b"ab")
    reply.write(b"c" * 17)
    reply.end()
    assert connection.wire.writes == [
        b"HTTP/1.1 200\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n",
        b"11\r\n" + b"c" * 17 + b"\r\n",
        b"0\r\n\r\n",
    ]
    assert connection.ended == [True]
    assert reply.bytes_sent == sum(map(len, connection.wire.writes))


def test_the_last_chunk_may_go_with_the_last_data() -> None:
    reply, connection = responder()
    reply.start(200, [])
    reply.write_end(b"ab")
    assert connection.wire.writes == [b"HTTP/1.1 200\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n"]
    assert connection.ended == [True]


def test_an_empty_stream() -> None:
    reply, connection = responder()
    reply.start(200, [])
    reply.end()
    assert connection.wire.writes == [b"HTTP/1.1 200\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"]


def test_a_stream_for_head_is_its_head() -> None:
    reply, connection = responder("HEAD")
    reply.start(200, [])
    reply.write(b"ab")
    reply.write(b"cd")
    reply.end()
    assert b"".join(connection.wire.writes) == b"HTTP/1.1 200\r\ntransfer-encoding: chunked\r\n\r\n"
    assert connection.ended == [True]


def test_http_1_0_streams_until_the_connection_closes() -> None:
    reply, connection = responder(http10=True)
    reply.start(200, [])
    reply.write(b"ab")
    reply.write_end(b"cd")
    assert connection.wire.writes == [b"HTTP/1.1 200\r\nconnection: close\r\n\r\nab", b"cd"]
    assert connection.ended == [False]


def test_http_1_0_is_told_that_its_connection_is_kept() -> None:
    reply, connection = responder(http10=True)
    reply.send(200, [], b"")
    assert connection.wire.writes == [b"HTTP/1.1 200\r\ncontent-length: 0\r\nconnection: keep-alive\r\n\r\n"]
    assert connection.ended == [True]


@pytest.mark.parametrize("options", [{"keep_alive": False}, {"closing": True}, {"keep_alive": False, "http10": True}])
def test_a_connection_that_is_not_kept_says_so(options: dict[str, Any]) -> None:
    reply, connection = responder(**options)
    reply.send(200, [], b"")
    assert connection.wire.writes == [b"HTTP/1.1 200\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"]
    assert connection.ended == [False]


def test_an_aborted_reply_ends_the_connection_without_the_last_chunk() -> None:
    reply, connection = responder()
    reply.start(200, [])
    reply.write(b"ab")
    written = list(connection.wire.writes)
    reply.abort()
    reply.abort()
    assert connection.wire.writes == written
    assert connection.ended == [False]
    assert reply.finished


def test_a_reply_may_be_aborted_before_it_has_begun() -> None:
    reply, connection = responder()
    reply.abort()
    assert connection.wire.writes == []
    assert connection.ended == [False]


def test_an_ended_reply_cannot_be_aborted() -> None:
    reply, connection = responder()
    reply.send(200, [], b"")
    reply.abort()
    assert connection.ended == [True]


def test_answers_out_of_order_are_mistakes() -> None:
    reply, connection = responder()
    for call in (lambda: reply.write(b"a"), reply.end, lambda: reply.write_end(b"")):
        with pytest.raises(RuntimeError, match="not been started"):
            call()
    reply.start(200, [])
    for call in (lambda: reply.start(200, []), lambda: reply.send(200, [], b"")):
        with pytest.raises(RuntimeError, match="started already"):
            call()
    reply.end()
    for call in (lambda: reply.write(b"a"), reply.end, lambda: reply.write_end(b"")):
        with pytest.raises(RuntimeError, match="ended already"):
            call()
    assert connection.ended == [True]


def test_a_header_that_cannot_be_sent_leaves_the_reply_unstarted() -> None:
    reply, connection = responder()
    for call in (reply.start, reply.send):
        with pytest.raises(ValueError, match="line break"):
            call(200, [(b"a", b"b\r\nc: d")])
        assert not reply.started
    assert connection.wire.writes == []


async def test_nothing_happens_once_the_client_has_gone() -> None:
    reply, connection = responder()
    reply.gone = True
    connection.awaited = asyncio.get_running_loop().create_future()
    reply.start(200, [])
    reply.write(b"a")
    reply.write_end(b"a")
    reply.end()
    reply.send(200, [], b"")
    reply.abort()
    await reply.drain()
    assert connection.wire.writes == []
    assert connection.ended == []
    assert reply.bytes_sent == 0


async def test_drain_waits_for_room() -> None:
    reply, connection = responder()
    await reply.drain()
    connection.awaited = asyncio.get_running_loop().create_future()
    draining = asyncio.ensure_future(reply.drain())
    await asyncio.sleep(0)
    assert not draining.done()
    connection.awaited.set_result(None)
    await draining
