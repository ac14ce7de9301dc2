"""A body, whole or as it comes; a response that is given up; one that is closed under its reader."""

import asyncio

import pytest

from claude_code_proxy.errors import UpstreamBroke, UpstreamUnavailable
from claude_code_proxy.http1.client.limits import ClientLimits
from tests.http1.client.scripted_server import (
    CHUNKED,
    OK,
    Peer,
    Script,
    answering,
    connected,
    eventually,
    serving,
    slots,
)


def stepping(*parts: bytes) -> tuple[Script, asyncio.Semaphore]:
    """Send the head, then a part for each release of the semaphore."""
    go = asyncio.Semaphore(0)

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(CHUNKED)
        for part in parts:
            await go.acquire()
            await peer.send(part)
        await peer.gone()

    return script, go


async def test_a_chunk_is_what_one_read_brought() -> None:
    script, go = stepping(b"1\r\na\r\n1\r\nb\r\n", b"1\r\nc\r\n", b"2\r\nde\r\n0\r\n\r\n")
    async with serving(script) as server, connected(server) as transport:
        response = await transport.request(b"GET", b"/")
        for expected in (b"ab", b"c", b"de"):
            go.release()
            assert await response.chunk() == expected
        assert slots(transport) == (0, 1, 0)  # given back with the last byte, not with the asking for more
        assert await response.chunk() is None
        assert await response.chunk() is None


async def test_what_has_come_in_the_meantime_is_one_chunk() -> None:
    script, go = stepping(b"1\r\na\r\n", b"1\r\nb\r\n", b"1\r\nc\r\n0\r\n\r\n")
    async with serving(script) as server, connected(server) as transport:
        response = await transport.request(b"GET", b"/")
        for _ in range(3):
            go.release()
        await asyncio.sleep(0.05)
        assert await response.chunk() == b"abc"
        assert await response.chunk() is None


async def test_an_end_that_comes_alone_is_waited_for() -> None:
    script, go = stepping(b"1\r\na\r\n", b"0\r\n\r\n")
    async with serving(script) as server, connected(server) as transport:
        response = await transport.request(b"GET", b"/")
        go.release()
        assert await response.chunk() == b"a"
        assert slots(transport) == (1, 0, 0)
        go.release()
        assert await response.chunk() is None
        assert slots(transport) == (0, 1, 0)


@pytest.mark.parametrize("size", [0, 1, 70_000, 3_000_000])
@pytest.mark.parametrize("chunked", [False, True], ids=["counted", "chunked"])
async def test_a_body_is_read_whole(size: int, chunked: bool) -> None:
    body = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    if chunked:
        pieces = [body[start : start + 9999] for start in range(0, size, 9999)]
        answer = CHUNKED + b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    else:
        answer = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % size + body
    async with serving(answering(answer)) as server, connected(server) as transport:
        for _ in range(2):
            assert await (await transport.request(b"GET", b"/")).read() == body
        assert (server.accepted, slots(transport)) == (1, (0, 1, 0))


async def test_the_rest_of_a_body_can_be_read_whole() -> None:
    script, go = stepping(b"1\r\na\r\n", b"1\r\nb\r\n", b"1\r\nc\r\n0\r\n\r\n")
    async with serving(script) as server, connected(server) as transport:
        response = await transport.request(b"GET", b"/")
        go.release()
        assert await response.chunk() == b"a"
        go.release()
        go.release()
        assert await response.read() == b"bc"
        assert await response.read() == b""


@pytest.mark.parametrize(("size", "fits"), [(100, True), (101, False)])
async def test_a_whole_body_has_a_limit(size: int, fits: bool) -> None:
    answer = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % size + b"x" * size
    async with serving(answering(answer)) as server, connected(server, limits=ClientLimits(body=100)) as transport:
        response = await transport.request(b"GET", b"/")
        if fits:
            assert len(await response.read()) == size
        else:
            with pytest.raises(UpstreamBroke, match="larger than 100 bytes"):
                await response.read()
        assert slots(transport)[0] == 0


async def test_a_body_over_the_limit_is_not_read_to_its_end() -> None:
    async def endless(peer: Peer) -> None:
        await peer.request()
        await peer.send(CHUNKED)
        while True:
            await peer.send(b"1000\r\n" + b"x" * 4096 + b"\r\n")

    async with serving(endless) as server, connected(server, limits=ClientLimits(body=1_000_000)) as transport:
        response = await transport.request(b"GET", b"/")
        with pytest.raises(UpstreamBroke, match="larger"):
            await response.read()
        await eventually(lambda: server.open == 0)
        assert slots(transport) == (0, 0, 0)


@pytest.mark.parametrize("taken", [0, 1])
async def test_closing_an_unfinished_response_ends_the_upstreams_work_at_once(taken: int) -> None:
    script, go = stepping(b"1\r\na\r\n", b"1\r\nb\r\n")
    async with serving(script) as server, connected(server) as transport:
        response = await transport.request(b"GET", b"/")
        for _ in range(taken):
            go.release()
            await response.chunk()
        response.close()
        assert slots(transport) == (0, 0, 0)
        go.release()
        go.release()
        await eventually(lambda: server.open == 0)
        response.close()
        assert slots(transport) == (0, 0, 0)
        with pytest.raises(UpstreamBroke, match="closed before it was complete"):
            await response.chunk()


async def test_closing_a_complete_response_keeps_the_connection_even_if_nobody_read_it() -> None:
    async with serving(answering(OK)) as server, connected(server) as transport:
        for _ in range(2):
            response = await transport.request(b"GET", b"/")
            response.close()
            assert slots(transport) == (0, 1, 0)
        assert await (await transport.request(b"GET", b"/")).read() == b"ok"
        assert server.accepted == 1


async def test_closing_under_a_reader_ends_the_reading() -> None:
    script, _ = stepping()
    async with serving(script) as server, connected(server) as transport:
        response = await transport.request(b"GET", b"/")
        reading = asyncio.create_task(response.chunk())
        await asyncio.sleep(0.01)
        response.close()
        with pytest.raises(UpstreamBroke, match="closed before it was complete"):
            await reading
        await eventually(lambda: server.open == 0)


async def test_a_reader_does_not_touch_a_connection_that_already_serves_another() -> None:
    """The last byte wakes the reader, but before it runs the response is closed and its connection taken again."""
    script, go = stepping(b"0\r\n\r\n")

    async with serving(script) as server, connected(server, limits=ClientLimits(max_connections=1)) as transport:
        response = await transport.request(b"GET", b"/")
        reading = asyncio.create_task(response.chunk())
        await asyncio.sleep(0.01)
        (connection,) = transport._connections
        connection.data_received(b"0\r\n\r\n")
        response.close()
        assert slots(transport) == (0, 1, 0)
        other = asyncio.create_task(transport.request(b"GET", b"/"))
        with pytest.raises(UpstreamBroke, match="closed"):
            await reading
        assert not other.done()
        connection.data_received(OK)
        assert await (await other).read() == b"ok"
        go.release()


async def test_giving_up_on_a_chunk_loses_nothing() -> None:
    script, go = stepping(b"1\r\na\r\n", b"1\r\nb\r\n0\r\n\r\n")
    async with serving(script) as server, connected(server) as transport:
        response = await transport.request(b"GET", b"/")
        for _ in range(3):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(response.chunk(), 0.01)
        go.release()
        assert await response.chunk() == b"a"
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(response.chunk(), 0.01)
        go.release()
        assert await response.read() == b"b"
        assert slots(transport) == (0, 1, 0)


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
async def test_what_came_before_the_break_is_handed_out_first(reset: bool) -> None:
    go = asyncio.Event()

    async def breaking(peer: Peer) -> None:
        await peer.request()
        await peer.send(CHUNKED + b"2\r\nok\r\n")
        await go.wait()
        if reset:
            peer.reset()

    async with serving(breaking) as server, connected(server) as transport:
        response = await transport.request(b"GET", b"/")
        await asyncio.sleep(0.01)
        go.set()
        await eventually(lambda: not transport._connections)
        assert await response.chunk() == b"ok"
        with pytest.raises(UpstreamBroke, match="before its answer was complete"):
            await response.chunk()
        assert slots(transport) == (0, 0, 0)


async def test_a_slow_reader_holds_the_server_back_and_gets_every_byte() -> None:
    total = 8 * 1024 * 1024
    sent = 0

    async def flood(peer: Peer) -> None:
        nonlocal sent
        await peer.request()
        await peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % total)
        while sent < total:
            await peer.send(b"x" * 65536)
            sent += 65536
        await peer.gone()

    async with serving(flood) as server, connected(server) as transport:
        response = await transport.request(b"GET", b"/")
        await asyncio.sleep(0.1)
        (connection,) = transport._connections
        held = sum(map(len, connection.chunks))
        assert held <= 256 * 1024 * 2
        assert sent < total  # the rest waits in the server: the sockets' buffers are full
        assert len(await response.read()) == total
        assert slots(transport) == (0, 1, 0)


async def test_a_server_that_answers_before_the_whole_request_is_heard() -> None:
    async def hasty(peer: Peer) -> None:
        await peer.head()
        await peer.send(b"HTTP/1.1 413 Content Too Large\r\ncontent-length: 2\r\n\r\nno")
        await asyncio.sleep(0.2)  # reads nothing more

    async with serving(hasty) as server, connected(server) as transport:
        response = await transport.request(b"POST", b"/", body=b"x" * 50_000_000)
        assert (response.status, await response.read()) == (413, b"no")
        assert slots(transport) == (0, 0, 0)


async def test_a_server_that_hangs_up_one_way_only_does_not_keep_the_request_waiting() -> None:
    async def mute(peer: Peer) -> None:
        await peer.head()
        peer.writer.write_eof()
        await asyncio.sleep(5)

    async with serving(mute) as server, connected(server) as transport:
        with pytest.raises(UpstreamUnavailable, match="before it answered"):
            await asyncio.wait_for(transport.request(b"POST", b"/", body=b"x" * 50_000_000), 5)
        assert slots(transport) == (0, 0, 0)


async def test_a_large_request_arrives_whole() -> None:
    body = bytes(range(256)) * 40_000
    seen: list[bytes] = []

    async def slow(peer: Peer) -> None:
        await asyncio.sleep(0.05)
        seen.append(await peer.request())
        await peer.send(OK)
        await peer.gone()

    async with serving(slow) as server, connected(server) as transport:
        assert await (await transport.request(b"POST", b"/", body=body)).read() == b"ok"
        assert slots(transport) == (0, 1, 0)
    assert seen[0].partition(b"\r\n\r\n")[2] == body
