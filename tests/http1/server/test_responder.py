"""What each call of a handler writes, and which calls are mistakes."""

import asyncio
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from claude_code_proxy.http1.server.request import Request
from claude_code_proxy.http1.server.responder import Responder
from claude_code_proxy.http1.server.streams import InputStream
from claude_code_proxy.http1.server.types import Handler
from tests.http1.server.conftest import Serve
from tests.http1.server.wire import CHUNKED, chunked, eventually, get, settled

JSON = [(b"content-type", b"application/json")]


class Wire(asyncio.WriteTransport):
    """A transport that keeps each write."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []

    def write(self, data: Any) -> None:
        self.writes.append(bytes(data))

    def is_closing(self) -> bool:
        return False


class Unbounded:
    """A source of input that need not be held back."""

    def hold_input(self) -> None: ...

    def release_input(self) -> None: ...

    def input_wanted(self) -> None: ...


class RecordingOutlet:
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

    def take_over(self) -> InputStream:
        self.stream = InputStream(Unbounded(), 10)
        return self.stream


def responder(
    method: str = "GET", *, http10: bool = False, keep_alive: bool = True, closing: bool = False
) -> tuple[Responder, RecordingOutlet]:
    request = Request(method, "/")
    request.http10 = http10
    request.keep_alive = keep_alive
    connection = RecordingOutlet(closing=closing)
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


def test_a_streamed_reply_of_known_length() -> None:
    reply, connection = responder()
    reply.start(200, [], length=5)
    reply.write(b"abc")
    reply.write_end(b"de")
    assert b"".join(connection.wire.writes) == b"HTTP/1.1 200\r\ncontent-length: 5\r\n\r\nabcde"
    assert connection.ended == [True]


@pytest.mark.parametrize("last", [b"", b"cd", b"cdef"])
def test_a_streamed_reply_keeps_the_length_that_it_announced(last: bytes) -> None:
    reply, connection = responder()
    reply.start(200, [], length=5)
    reply.write(b"ab")
    with pytest.raises(RuntimeError, match="length"):
        reply.write_end(last)
    reply.abort()
    assert connection.ended == [False]


def test_an_upgrade_is_a_head_without_framing() -> None:
    reply, connection = responder()
    raw = reply.upgrade([(b"upgrade", b"echo")])
    raw.write(b"hello")
    assert connection.wire.writes == [b"HTTP/1.1 101\r\nupgrade: echo\r\n\r\n", b"hello"]
    with pytest.raises(RuntimeError):
        reply.send(200, [])


SIZE = 20_000_000


class CountingFile(BytesIO):
    """A file that counts what was read from it."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self.was_read = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.was_read += len(data)
        return data


def sending(file: BinaryIO, length: int) -> Handler:
    async def handler(request: Request, answer: Responder) -> None:
        await answer.send_file(200, JSON, file=file, length=length)

    return handler


def test_a_file_is_sent_as_the_client_takes_it(serve: Serve) -> None:
    content = bytes(range(250)) * (SIZE // 250)
    file = CountingFile(b"skipped" + content)
    file.seek(7)
    client = serve(sending(file, SIZE)).connect(receive_buffer=4096)
    client.send(get())
    head = client.head()
    assert head["content-length"] == str(SIZE)
    assert settled(lambda: file.was_read) < SIZE / 2
    assert client.file.read(SIZE) == content
    assert client.is_silent()


def test_a_file_on_the_disk(serve: Serve, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")

    async def handler(request: Request, answer: Responder) -> None:
        with path.open("rb") as file:
            await answer.send_file(200, [], file=file, length=4)

    client = serve(handler).connect()
    client.send(get("/", method="HEAD"), get(), get("/", "Connection: close"))
    assert client.reply("HEAD")["content-length"] == "4"
    assert [client.reply().body for _ in range(2)] == [b"0123"] * 2
    assert client.is_closed()


def test_a_file_that_is_too_short_breaks_the_reply_off(serve: Serve) -> None:
    running = serve(sending(BytesIO(b"abc"), 10))
    client = running.connect()
    client.send(get())
    assert client.head()["content-length"] == "10"
    assert client.rest() == b"abc"
    eventually(lambda: running.errors)
    assert isinstance(running.errors[0], EOFError)


def test_a_client_that_leaves_ends_the_sending_of_a_file(serve: Serve) -> None:
    file = CountingFile(b"x" * SIZE)
    running = serve(sending(file, SIZE))
    client = running.connect(receive_buffer=4096)
    client.send(get())
    client.head()
    client.reset()
    eventually(lambda: (running.server.connections, running.server.open_requests) == (0, 0))
    assert file.was_read < SIZE
    assert running.errors == []


@pytest.mark.parametrize("method", ["DELETE", "PUT", "PATCH", "OPTIONS", "PROPFIND"])
def test_methods_other_than_post_may_have_a_body(serve: Serve, method: str) -> None:
    async def handler(request: Request, answer: Responder) -> None:
        answer.send(200, [], request.method.encode() + request.body)

    client = serve(handler).connect()
    counted = get("/", "Content-Length: 2", method=method) + b"ab"
    client.send(get(method=method), counted, get("/", CHUNKED, method=method), chunked(b"cd"))
    assert [client.reply().body for _ in range(3)] == [method.encode() + body for body in (b"", b"ab", b"cd")]
