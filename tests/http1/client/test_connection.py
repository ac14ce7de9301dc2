"""One connection, driven by hand: framing at any split, limits, flow control, and what may follow on it."""

import asyncio
from collections.abc import Callable, Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_code_proxy.errors import ProxyError, UpstreamBroke, UpstreamTimeout, UpstreamUnavailable
from claude_code_proxy.http1.client.connection import ClientConnection, Stale
from claude_code_proxy.http1.client.limits import ClientLimits, Timeouts, idle_policy
from claude_code_proxy.http1.client.states import ClientState

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


class Wire(asyncio.Transport):
    """The socket's side: remembers what was written and asked of it."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.reading = True
        self.closing = False
        self.after_write: Callable[[], None] = lambda: None

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written.append(bytes(data))
        self.after_write()

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview]) -> None:
        self.write(b"".join(list_of_data))

    def is_closing(self) -> bool:
        return self.closing

    def abort(self) -> None:
        self.closing = True

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True


class Bench:
    """A connection between a wire and somebody who asks."""

    def __init__(self, limits: ClientLimits | None = None, timeouts: Timeouts | None = None) -> None:
        self.loop = asyncio.get_running_loop()
        self.lost: list[ClientConnection] = []
        limits = limits or ClientLimits()
        self.connection = ClientConnection(
            self.loop,
            "api.example:443",
            limits=limits,
            idle_policy=idle_policy("api.example:443", timeouts=timeouts or Timeouts(), limits=limits),
            on_lost=self.lost.append,
        )
        self.wire = Wire()
        self.connection.connection_made(self.wire)

    async def ask(
        self, body: bytes = b"", *, head_only: bool = False, deadline: float | None = None
    ) -> "asyncio.Task[None]":
        exchange = self.connection.exchange(b"HEAD", body, deadline=deadline, head_only=head_only)
        task = self.loop.create_task(exchange)
        await asyncio.sleep(0)
        return task

    async def answered(self, *reads: bytes) -> ClientConnection:
        task = await self.ask()
        for data in reads:
            self.connection.data_received(data)
        await task
        return self.connection

    async def failed(self, *reads: bytes) -> ProxyError:
        """Return the error of an exchange that ends before there is a head."""
        task = await self.ask()
        for data in reads:
            self.connection.data_received(data)
        with pytest.raises(ProxyError) as failure:
            await task
        assert self.wire.closing
        return failure.value


def is_complete(connection: ClientConnection) -> bool:
    return connection.state is ClientState.COMPLETE


def failure_of(connection: ClientConnection, kind: type[ProxyError] = ProxyError) -> str | None:
    """Return the text of its error, which must be of this kind; empty without an error."""
    if connection.error is None:
        return None
    assert isinstance(connection.error, kind)
    return connection.error.message


def pieces(data: bytes, cuts: Iterable[int]) -> list[bytes]:
    edges = [0, *sorted({cut % len(data) for cut in cuts} - {0}), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


WHOLE = [
    (OK, 200, b"ok", True),
    (CHUNKED + b"2\r\nok\r\n3;ext=1\r\nay!\r\n0\r\n\r\n", 200, b"okay!", True),
    (CHUNKED + b"2\r\nok\r\n0\r\nx-trailer: 1\r\n\r\n", 200, b"ok", True),
    (b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", 200, b"ok", True),
    (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\n" + OK, 200, b"ok", True),
    (b"HTTP/1.1 204 No Content\r\ncontent-length: 7\r\n\r\n", 204, b"", True),
    (b"HTTP/1.1 304 Not Modified\r\ntransfer-encoding: chunked\r\n\r\n", 304, b"", True),
    (b"HTTP/1.1 529 \r\ncontent-length: 0\r\n\r\n", 529, b"", True),
    (b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok", 200, b"ok", False),
    (b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok", 200, b"ok", False),
    (b"HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\nok", 200, b"ok", True),
]


@pytest.mark.parametrize(("data", "status", "body", "reusable"), WHOLE)
@given(cuts=st.lists(st.integers(0, 400), max_size=8))
async def test_however_it_is_cut_the_answer_is_the_same(
    data: bytes, status: int, body: bytes, reusable: bool, cuts: list[int]
) -> None:
    connection = await Bench().answered(*pieces(data, cuts))
    assert (connection.status, is_complete(connection), connection.error) == (status, True, None)
    assert b"".join(connection.chunks) == body
    assert connection.reusable == reusable
    assert b"link" not in connection.headers
    assert b"x-trailer" not in connection.headers


@pytest.mark.parametrize(("data", "status", "body", "reusable"), WHOLE)
async def test_byte_by_byte_the_answer_is_the_same(data: bytes, status: int, body: bytes, reusable: bool) -> None:
    connection = await Bench().answered(*(bytes([byte]) for byte in data))
    assert (connection.status, is_complete(connection), connection.reusable) == (status, True, reusable)
    assert connection.take() == body


async def test_header_names_are_lower_case_and_repeated_ones_joined() -> None:
    head = b"HTTP/1.1 200 OK\r\nRequest-Id: r1 \r\nVary: a\r\nX-Empty:\r\nvary: b\r\nContent-Length: 0\r\n\r\n"
    connection = await Bench().answered(head)
    assert connection.headers == {b"request-id": b"r1", b"vary": b"a, b", b"x-empty": b"", b"content-length": b"0"}


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n"])
async def test_without_a_length_the_body_ends_with_the_connection(head: bytes) -> None:
    bench = Bench()
    connection = await bench.answered(head + b"o", b"k")
    assert not is_complete(connection)
    connection.eof_received()
    bench.wire.closing = True
    connection.connection_lost(None)
    assert (is_complete(connection), connection.take(), connection.reusable) == (True, b"ok", False)


@pytest.mark.parametrize("data", [b"HTTP/1.1 200 OK\r\n\r\nok", b"HTTP/1.1 200 OK\r\ntransfer-encoding: x\r\n\r\nok"])
async def test_such_a_body_is_not_complete_when_the_connection_just_breaks(data: bytes) -> None:
    """As when TLS ends without a close_notify: somebody may have cut it."""
    connection = await Bench().answered(data)
    connection.connection_lost(None)
    assert (is_complete(connection), type(connection.error)) == (False, UpstreamBroke)


@pytest.mark.parametrize("data", [OK[:-1], CHUNKED + b"2\r\nok\r\n", CHUNKED + b"2\r\nok\r\n0\r\n"])
@pytest.mark.parametrize("cause", [None, ConnectionResetError()])
async def test_a_framed_body_is_not_complete_before_its_end(data: bytes, cause: Exception | None) -> None:
    bench = Bench()
    connection = await bench.answered(data)
    if cause is None:
        connection.eof_received()
    connection.connection_lost(cause)
    assert not is_complete(connection)
    assert isinstance(connection.error, UpstreamBroke)
    assert connection.error.message == "api.example:443 closed the connection before its answer was complete."
    assert connection.error.__cause__ is cause
    assert bench.lost == [connection]


async def test_the_end_of_what_the_upstream_says_is_told_before_the_loss() -> None:
    """It may have closed one way only, and read nothing of the request: then the loss does not come by itself."""
    bench = Bench()
    bench.connection.pause_writing()
    task = await bench.ask(BIG)
    bench.connection.eof_received()
    with pytest.raises(UpstreamUnavailable, match="before it answered"):
        await task
    assert bench.wire.closing


async def test_the_end_of_an_unframed_body_is_told_before_the_loss() -> None:
    connection = await Bench().answered(b"HTTP/1.1 413 Content Too Large\r\n\r\nno")
    connection.take()
    waiting = connection.change()
    connection.eof_received()
    await waiting
    assert is_complete(connection)


async def test_a_head_request_has_no_body_whatever_the_head_says() -> None:
    bench = Bench()
    task = await bench.ask(head_only=True)
    bench.connection.data_received(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nand more")
    await task
    assert (bench.connection.status, is_complete(bench.connection), bench.connection.chunks) == (200, True, [])
    assert bench.connection.headers == {b"content-length": b"100"}
    assert not bench.connection.reusable


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"SSH-2.0-OpenSSH_9\r\n", "valid HTTP/1.1: Expected HTTP/"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n", "Duplicate Content-Length"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n", "can't be present"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n", "Content-Length"),
        (b"HTTP/1.1 200 OK\r\na: b\r\n folded\r\n\r\n", "whitespace"),
        (b"HTTP/1.1 200 OK\nlength: 1\n\n", "CR"),
        (b"HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n", "switches protocols"),
        (b"HTTP/1.1 101 Switching\r\n\r\n", "switches protocols"),
        (b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 257 + b"\r\n", "more than 256 header fields"),
        (b"HTTP/1.1 200 OK\r\na: " + b"x" * 65536, "head of more than 65536 bytes"),
        (b"HTTP/1.1 103 Hints\r\n\r\n" * 3200, "head of more than 65536 bytes"),
    ],
)
async def test_a_head_that_is_not_valid_breaks_the_exchange(data: bytes, words: str) -> None:
    error = await Bench().failed(data)
    assert isinstance(error, UpstreamBroke)
    assert error.message.startswith("api.example:443 sent ")
    assert words in error.message


async def test_the_limit_of_a_head_does_not_count_a_body_that_came_with_it() -> None:
    connection = await Bench(ClientLimits(head=100)).answered(
        b"HTTP/1.1 200 OK\r\ncontent-length: 200\r\n\r\n" + b"x" * 200
    )
    assert is_complete(connection)


@pytest.mark.parametrize("data", [b"zz\r\n", b"2\r\nokay", b"2 \r\nok\r\n", b"2\r\nok\r\n0\r\n" + b"a: b\r\n" * 300])
async def test_a_body_that_is_not_valid_breaks_the_exchange(data: bytes) -> None:
    bench = Bench()
    connection = await bench.answered(CHUNKED)
    connection.data_received(data)
    assert isinstance(connection.error, UpstreamBroke)
    assert "not valid HTTP/1.1" in connection.error.message
    assert connection.error.__cause__ is not None
    assert (is_complete(connection), bench.wire.closing) == (False, True)


async def test_framing_without_end_breaks_the_exchange() -> None:
    connection = await Bench(ClientLimits(unread=1000)).answered(CHUNKED)
    for _ in range(10):
        connection.data_received(b"2;" + b"x" * 400)
        connection.data_received(b"\r\nok\r\n")
        connection.take()
    assert failure_of(connection) is None
    connection.data_received(b"2;" + b"x" * 1001)
    assert "more framing" in str(failure_of(connection, UpstreamBroke))


async def test_a_slow_reader_holds_the_upstream_back() -> None:
    bench = Bench(ClientLimits(unread=1000))
    connection = await bench.answered(b"HTTP/1.1 200 OK\r\ncontent-length: 3000\r\n\r\n")
    connection.take()
    seen = []
    for data in (b"x" * 1000, b"x"):
        connection.data_received(data)
        seen.append(bench.wire.reading)
    assert len(connection.take()) == 1001
    seen.append(bench.wire.reading)
    connection.data_received(b"x" * 1999)
    assert [*seen, bench.wire.reading] == [True, False, True, True]
    assert is_complete(connection)


async def test_a_held_back_connection_reads_again_before_it_rests() -> None:
    bench = Bench(ClientLimits(unread=1))
    connection = await bench.answered(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nok")
    assert not bench.wire.reading
    connection.data_received(b"!")
    connection.rest()
    assert (bench.wire.reading, connection.chunks) == (True, [])


@pytest.mark.parametrize("data", [b"x", OK])
async def test_bytes_after_the_end_are_not_a_second_answer(data: bytes) -> None:
    for reads in ([OK + data], [OK, data]):
        bench = Bench()
        connection = await bench.answered(*reads)
        assert (connection.status, is_complete(connection), connection.take()) == (200, True, b"ok")
        assert not connection.reusable


async def test_bytes_before_the_first_request_end_the_connection() -> None:
    bench = Bench()
    bench.connection.data_received(OK)
    assert (bench.wire.closing, bench.connection.status) == (True, 0)


async def test_a_second_exchange_knows_nothing_of_the_first() -> None:
    bench = Bench()
    connection = await bench.answered(b"HTTP/1.1 404 Not Found\r\na: b\r\ncontent-length: 2\r\n\r\nno")
    assert connection.reusable
    connection.rest()
    await bench.answered(OK)
    assert (connection.status, connection.headers, connection.take()) == (200, {b"content-length": b"2"}, b"ok")
    assert connection.reusable


@pytest.mark.parametrize(
    ("used", "data", "kind"),
    [
        (False, b"", UpstreamUnavailable),
        (True, b"", Stale),
        (True, b"H", UpstreamUnavailable),
        (True, b"HTTP/1.1 100 Continue\r\n\r\n", UpstreamUnavailable),
    ],
)
async def test_only_a_kept_connection_that_said_nothing_counts_as_stale(
    used: bool, data: bytes, kind: type[ProxyError]
) -> None:
    bench = Bench()
    if used:
        (await bench.answered(OK)).rest()
    task = await bench.ask()
    if data:
        bench.connection.data_received(data)
    bench.connection.connection_lost(None)
    with pytest.raises(UpstreamUnavailable) as failure:
        await task
    assert type(failure.value) is kind


BIG = b"x" * (5 * 256 * 1024 + 7)


async def test_a_large_body_leaves_in_pieces_the_first_with_the_head() -> None:
    bench = Bench()
    task = await bench.ask(BIG)
    bench.connection.data_received(OK)
    await task
    assert b"".join(bench.wire.written) == b"HEAD" + BIG
    assert [len(piece) for piece in bench.wire.written] == [256 * 1024 + 4, *[256 * 1024] * 4, 7]
    assert bench.connection.reusable


async def test_a_large_body_waits_for_a_slow_upstream() -> None:
    bench = Bench()
    bench.wire.after_write = bench.connection.pause_writing
    task = await bench.ask(BIG)
    for count in range(1, 6):
        await asyncio.sleep(0)
        assert len(bench.wire.written) == count
        bench.connection.resume_writing()
    await asyncio.sleep(0)
    bench.connection.resume_writing()
    bench.connection.data_received(OK)
    await task
    assert b"".join(bench.wire.written) == b"HEAD" + BIG
    assert bench.connection.reusable


async def test_an_early_answer_ends_the_sending_and_the_connection() -> None:
    bench = Bench()
    bench.connection.pause_writing()
    task = await bench.ask(BIG)
    bench.connection.data_received(b"HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\n\r\nno")
    await task
    assert (bench.connection.status, len(bench.wire.written)) == (413, 1)
    bench.connection.resume_writing()
    assert not bench.connection.reusable


async def test_an_early_answer_while_the_socket_still_holds_the_rest_ends_the_connection() -> None:
    bench = Bench()
    task = await bench.ask(BIG[: 256 * 1024])
    bench.connection.pause_writing()
    bench.connection.data_received(OK)
    await task
    assert not bench.connection.reusable


async def test_a_connection_that_breaks_while_sending_fails_the_exchange() -> None:
    bench = Bench()
    bench.connection.pause_writing()
    task = await bench.ask(BIG)
    bench.connection.connection_lost(BrokenPipeError())
    with pytest.raises(UpstreamUnavailable, match="before it answered"):
        await task


async def test_a_connection_that_is_closing_gets_no_more_of_the_body() -> None:
    bench = Bench()
    bench.connection.pause_writing()
    task = await bench.ask(BIG)
    bench.wire.closing = True  # the loss is on its way
    bench.connection.resume_writing()
    await asyncio.sleep(0)
    assert len(bench.wire.written) == 1
    bench.connection.connection_lost(None)
    with pytest.raises(UpstreamUnavailable):
        await task


SHORT = Timeouts(send=2.0, first_byte=3.0, idle=4.0)


def ticks_until_error(bench: Bench, most: int = 400) -> int:
    """With these timeouts there are four ticks to the second."""
    for count in range(1, most):
        bench.connection.tick(bench.loop.time())
        if bench.connection.error is not None:
            return count
    return most


async def test_silence_after_sending_is_a_timeout() -> None:
    bench = Bench(timeouts=SHORT)
    task = await bench.ask()
    assert ticks_until_error(bench) == 13
    with pytest.raises(UpstreamTimeout, match="did not begin to answer for 3 seconds"):
        await task
    assert bench.wire.closing


async def test_a_blocked_request_is_a_timeout_unless_it_moves() -> None:
    bench = Bench(timeouts=SHORT)
    bench.connection.pause_writing()
    task = await bench.ask(BIG)
    for _ in range(6):
        bench.connection.tick(0)
    bench.connection.resume_writing()
    bench.connection.pause_writing()
    await asyncio.sleep(0)
    assert ticks_until_error(bench) == 9
    with pytest.raises(UpstreamTimeout, match="took no more of the request for 2 seconds"):
        await task


async def test_silence_in_the_body_is_a_timeout_only_while_somebody_waits() -> None:
    bench = Bench(timeouts=SHORT)
    connection = await bench.answered(CHUNKED + b"2\r\nok\r\n")
    assert ticks_until_error(bench, 100) == 100
    connection.take()
    waiting = connection.change()
    for _ in range(10):
        connection.tick(0)
    connection.data_received(b"2\r\nok\r\n")
    await waiting
    connection.take()
    waiting = connection.change()
    assert ticks_until_error(bench) == 17
    await waiting
    assert isinstance(connection.error, UpstreamTimeout)
    assert connection.error.message == "api.example:443 sent no more of its answer for 4 seconds."


async def test_a_connection_rests_only_so_long() -> None:
    bench = Bench(ClientLimits(keep_alive=2.0))
    connection = await bench.answered(OK)
    connection.rest()
    assert ticks_until_error(bench) == 9
    assert bench.wire.closing


async def test_the_deadline_holds_even_for_a_busy_answer() -> None:
    bench = Bench()
    task = await bench.ask(deadline=bench.loop.time() + 100)
    bench.connection.data_received(CHUNKED)
    await task
    bench.connection.data_received(b"2\r\nok\r\n")
    bench.connection.tick(bench.loop.time() + 99)
    assert failure_of(bench.connection) is None
    bench.connection.tick(bench.loop.time() + 101)
    assert "in the time there was" in str(failure_of(bench.connection, UpstreamTimeout))


async def test_the_first_error_stays() -> None:
    bench = Bench()
    connection = await bench.answered(CHUNKED)
    first, second = UpstreamBroke("one"), UpstreamBroke("two")
    connection.fail(first)
    connection.fail(second)
    connection.connection_lost(None)
    assert connection.error is first


async def test_waking_somebody_who_has_given_up_is_harmless() -> None:
    bench = Bench()
    connection = await bench.answered(CHUNKED)
    connection.change().cancel()
    connection.data_received(b"2\r\nok\r\n")
    assert connection.take() == b"ok"
