"""A request is given up after any number of steps of the event loop: no connection, slot or socket may be left over."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from claude_code_proxy.http1.client import Response, Transport
from claude_code_proxy.http1.client.limits import ClientLimits
from tests.http1.client.certificates import server_context
from tests.http1.client.scripted_server import CHUNKED, OK, Peer, Script, Server, connected, eventually, serving, slots
from tests.http1.client.test_dial import relaying

STEPS = range(60)


async def chunky(peer: Peer) -> None:
    """Answers bit by bit, again and again."""
    while True:
        await peer.request()
        for part in (b"HTTP/1.1 100 Continue\r\n\r\n", CHUNKED, b"2\r\nhi\r\n", b"2\r\nho\r\n", b"0\r\n\r\n"):
            await peer.send(part)
            await asyncio.sleep(0)


async def whole_exchange(transport: Transport, body: bytes = b"x") -> bytes:
    response = await transport.request(b"POST", b"/", body=body)
    try:
        return await response.read()
    finally:
        response.close()


async def give_up_after(steps: int, transport: Transport, body: bytes = b"x") -> bool:
    """Whether there was still something to give up."""
    task = asyncio.create_task(whole_exchange(transport, body))
    for _ in range(steps):
        await asyncio.sleep(0)
    gave_up = task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return gave_up and task.cancelled()


def open_files() -> int:
    files = Path("/proc/self/fd")
    return len(list(files.iterdir())) if files.is_dir() else 0


@dataclass
class Place:
    transport: Transport
    server: Server


@asynccontextmanager
async def plain(*scripts: Script) -> AsyncIterator[Place]:
    async with serving(*scripts) as server, connected(server, limits=ClientLimits(max_connections=1)) as transport:
        yield Place(transport, server)


@asynccontextmanager
async def over_tls(*scripts: Script) -> AsyncIterator[Place]:
    async with (
        serving(*scripts, tls=server_context()) as server,
        connected(server, limits=ClientLimits(max_connections=1)) as transport,
    ):
        yield Place(transport, server)


@asynccontextmanager
async def by_name(*scripts: Script) -> AsyncIterator[Place]:
    async with serving(*scripts) as server:
        url = f"http://localhost:{server.port}"  # two families race, where there are two
        async with connected(url, limits=ClientLimits(max_connections=1)) as transport:
            yield Place(transport, server)


@asynccontextmanager
async def through_a_proxy(*scripts: Script) -> AsyncIterator[Place]:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(serving(*scripts, tls=server_context()))
        relay = await stack.enter_async_context(serving(relaying([])))
        limits = ClientLimits(max_connections=1)
        transport = await stack.enter_async_context(connected(server, limits=limits, proxy=relay.url))
        yield Place(transport, server)


Open = Callable[..., AbstractAsyncContextManager[Place]]
PLACES: list[Open] = [plain, over_tls, by_name, through_a_proxy]


async def left_clean(place: Place, files: int) -> None:
    transport = place.transport
    assert slots(transport) in {(0, 0, 0), (0, 1, 0)}
    await eventually(lambda: len(transport._connections) == slots(transport)[1])
    assert await asyncio.wait_for(whole_exchange(transport), 5) in {b"hiho", b"ok"}  # the only slot is there
    assert slots(transport) == (0, 1, 0)
    await eventually(lambda: place.server.open == 1)
    if files:
        await eventually(lambda: open_files() <= files)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("body", [b"x", b"x" * 2_000_000], ids=["small", "large"])
async def test_giving_up_on_a_request_that_has_to_connect(place: Open, body: bytes) -> None:
    gave_up = []
    async with place(chunky) as there:
        await whole_exchange(there.transport)
        files = open_files()
        for steps in STEPS:
            for connection in tuple(there.transport._connections):
                connection.abort()
            await eventually(lambda: not there.transport._connections and not there.server.open)
            gave_up.append(await give_up_after(steps, there.transport, body))
            await left_clean(there, files)
    assert sum(gave_up) >= 10


@pytest.mark.parametrize("place", [plain, over_tls])
async def test_giving_up_on_a_request_that_takes_a_kept_connection(place: Open) -> None:
    gave_up = []
    async with place(chunky) as there:
        await whole_exchange(there.transport)
        files = open_files()
        for steps in STEPS:
            gave_up.append(await give_up_after(steps, there.transport))
            await left_clean(there, files)
    assert 3 <= sum(gave_up) < len(STEPS)  # the later ones were over before


async def test_giving_up_on_a_request_that_is_sent_again() -> None:
    async def stale(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK)
        await peer.head()

    gave_up = []
    for steps in STEPS:
        async with plain(stale, chunky) as there:
            await whole_exchange(there.transport)
            files = open_files()
            gave_up.append(await give_up_after(steps, there.transport))
            await left_clean(there, files)
    assert 3 <= sum(gave_up) < len(STEPS)


@pytest.mark.parametrize("finish", [False, True], ids=["closed before its end", "read to its end"])
async def test_giving_up_while_waiting_in_line(finish: bool) -> None:
    """The one in front ends after three steps, whether or not somebody behind it has left the line by then."""
    for steps in range(20):
        async with plain(chunky) as there:
            response = await there.transport.request(b"GET", b"/")
            files = open_files()
            leaving, staying = [asyncio.create_task(whole_exchange(there.transport)) for _ in range(2)]
            ending = asyncio.create_task(after(3, ended(response, finish=finish)))
            await after(steps, asyncio.sleep(0))
            leaving.cancel()
            await ending
            assert await asyncio.wait_for(staying, 5) == b"hiho"
            await asyncio.gather(leaving, return_exceptions=True)
            await left_clean(there, files)


async def after(steps: int, what: Awaitable[None]) -> None:
    for _ in range(steps):
        await asyncio.sleep(0)
    await what


async def ended(response: Response, *, finish: bool) -> None:
    if finish:
        await response.read()
    response.close()


async def test_giving_up_on_many_at_once() -> None:
    limits = ClientLimits(max_connections=3)
    for steps in range(0, 40, 3):
        async with serving(chunky) as server, connected(server, limits=limits) as transport:
            tasks = [asyncio.create_task(whole_exchange(transport)) for _ in range(20)]
            await after(steps, asyncio.sleep(0))
            assert [task.cancel() for task in tasks[::2]]
            results = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 10)
            assert results[1::2] == [b"hiho"] * 10
            held, resting, waiting = slots(transport)
            assert (held, 1 <= resting <= 3, waiting) == (0, True, 0)
            await eventually(partial(same_number, server, transport))


def same_number(server: Server, transport: Transport) -> bool:
    return server.open == slots(transport)[1]


async def test_a_response_that_was_given_up_ends_the_upstreams_work_at_once() -> None:
    """As when a client leaves: the task that serves it is cancelled in the middle of the stream."""
    begun, told = asyncio.Event(), asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(CHUNKED + b"2\r\nhi\r\n")
        begun.set()
        await peer.gone()
        told.set()

    async with serving(script) as server, connected(server) as transport:
        task = asyncio.create_task(whole_exchange(transport))
        await begun.wait()
        await asyncio.sleep(0.02)
        task.cancel()
        await asyncio.wait_for(told.wait(), 5)
        assert slots(transport) == (0, 0, 0)
