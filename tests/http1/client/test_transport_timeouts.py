"""Each kind of waiting has its own limit, and what has taken too long leaves nothing behind."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from claude_code_proxy.errors import Overloaded, ProxyError, UpstreamTimeout, UpstreamUnavailable
from claude_code_proxy.http1.client.dial import ConnectTimeout
from claude_code_proxy.http1.client.limits import ClientLimits, Timeouts
from tests.http1.client.scripted_server import CHUNKED, OK, Peer, answering, connected, eventually, serving, slots


async def fails(what: Callable[[], Awaitable[object]], kind: type[ProxyError], *, not_before: float) -> str:
    loop = asyncio.get_running_loop()
    started = loop.time()
    with pytest.raises(ProxyError) as failure:
        await what()
    assert type(failure.value) is kind
    assert not_before <= loop.time() - started < 10  # a slow machine may take its time, but not the default's
    return failure.value.message


async def silent(peer: Peer) -> None:
    await peer.gone()


async def test_a_server_that_never_answers() -> None:
    async with serving(silent) as server, connected(server, timeouts=Timeouts(first_byte=0.2)) as transport:
        message = await fails(lambda: transport.request(b"GET", b"/"), UpstreamTimeout, not_before=0.15)
        assert message == f"127.0.0.1:{server.port} did not begin to answer for 0.2 seconds."
        assert slots(transport) == (0, 0, 0)
        await eventually(lambda: server.open == 0)


async def test_a_server_that_never_reads() -> None:
    async def deaf(peer: Peer) -> None:
        await asyncio.sleep(5)

    async with serving(deaf) as server, connected(server, timeouts=Timeouts(send=0.2)) as transport:
        body = b"x" * 100_000_000
        message = await fails(lambda: transport.request(b"POST", b"/", body=body), UpstreamTimeout, not_before=0.15)
        assert "took no more of the request for 0.2 seconds" in message
        assert slots(transport) == (0, 0, 0)


async def test_a_server_that_falls_silent_in_the_body() -> None:
    async def fading(peer: Peer) -> None:
        await peer.request()
        await peer.send(CHUNKED)
        for _ in range(4):
            await asyncio.sleep(0.1)
            await peer.send(b"2\r\nhi\r\n")
        await peer.gone()

    async with serving(fading) as server, connected(server, timeouts=Timeouts(idle=0.25)) as transport:
        response = await transport.request(b"GET", b"/")
        for _ in range(4):
            assert await response.chunk() == b"hi"
        message = await fails(response.chunk, UpstreamTimeout, not_before=0.15)
        assert "sent no more of its answer for 0.25 seconds" in message
        assert slots(transport) == (0, 0, 0)
        await eventually(lambda: server.open == 0)


async def test_a_reader_may_take_its_time() -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(CHUNKED + b"2\r\nhi\r\n")
        await asyncio.sleep(0.3)
        await peer.send(b"2\r\nho\r\n0\r\n\r\n")
        await peer.gone()

    async with serving(script) as server, connected(server, timeouts=Timeouts(idle=0.1)) as transport:
        response = await transport.request(b"GET", b"/")
        await asyncio.sleep(0.5)
        assert await response.read() == b"hiho"
        assert slots(transport) == (0, 1, 0)


async def test_a_tls_handshake_that_never_ends() -> None:
    async with serving(silent) as server:
        url = f"https://127.0.0.1:{server.port}"
        async with connected(url, timeouts=Timeouts(connect=0.2)) as transport:
            message = await fails(lambda: transport.request(b"GET", b"/"), ConnectTimeout, not_before=0.19)
            assert message == f"Connecting to 127.0.0.1:{server.port} took more than 0.2 seconds."
            assert slots(transport) == (0, 0, 0)
            await eventually(lambda: server.open == 0)


async def test_a_proxy_that_never_consents() -> None:
    async with serving(silent) as relay:
        options = {"timeouts": Timeouts(connect=0.2), "proxy": relay.url}
        async with connected("https://upstream.test", **options) as transport:  # type: ignore[arg-type]
            await fails(lambda: transport.request(b"GET", b"/"), ConnectTimeout, not_before=0.19)
        await eventually(lambda: relay.open == 0)


async def test_a_stale_connection_whose_replacement_cannot_be_made() -> None:
    async def stale(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK)
        await peer.head()

    async with serving(stale, silent) as server, connected(server, timeouts=Timeouts(first_byte=0.2)) as transport:
        await (await transport.request(b"GET", b"/")).read()
        await fails(lambda: transport.request(b"GET", b"/"), UpstreamTimeout, not_before=0.15)
        assert (server.accepted, slots(transport)) == (2, (0, 0, 0))


async def test_a_line_that_does_not_move() -> None:
    limits = ClientLimits(max_connections=1)
    async with serving(silent) as server, connected(server, limits=limits, timeouts=Timeouts(slot=0.2)) as transport:
        first = asyncio.create_task(transport.request(b"GET", b"/"))
        await asyncio.sleep(0.01)
        message = await fails(lambda: transport.request(b"GET", b"/"), Overloaded, not_before=0.19)
        assert message.startswith(f"All 1 connections to 127.0.0.1:{server.port} are in use")
        assert slots(transport) == (1, 0, 0)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)


async def test_a_connection_rests_only_so_long() -> None:
    async with serving(answering(OK)) as server, connected(server, limits=ClientLimits(keep_alive=0.2)) as transport:
        await (await transport.request(b"GET", b"/")).read()
        assert slots(transport) == (0, 1, 0)
        await eventually(lambda: slots(transport) == (0, 0, 0))
        await eventually(lambda: server.open == 0)


def soon() -> float:
    return asyncio.get_running_loop().time() + 0.3


async def test_a_deadline_ends_the_wait_for_an_answer() -> None:
    async with serving(silent) as server, connected(server, timeouts=Timeouts(idle=0.4)) as transport:
        ask = lambda: transport.request(b"GET", b"/", deadline=soon())  # noqa: E731
        message = await fails(ask, UpstreamTimeout, not_before=0.25)
        assert "in the time there was" in message
        assert slots(transport) == (0, 0, 0)


async def test_a_deadline_ends_an_answer_that_never_ends() -> None:
    async def endless(peer: Peer) -> None:
        await peer.request()
        await peer.send(CHUNKED)
        while True:
            await peer.send(b"2\r\nhi\r\n")
            await asyncio.sleep(0.001)

    async with serving(endless) as server, connected(server, timeouts=Timeouts(idle=0.4)) as transport:
        response = await transport.request(b"GET", b"/", deadline=soon())
        await fails(response.read, UpstreamTimeout, not_before=0.25)
        assert slots(transport) == (0, 0, 0)
        await eventually(lambda: server.open == 0)


async def test_a_deadline_ends_the_wait_in_line_and_the_connecting() -> None:
    limits = ClientLimits(max_connections=1)
    async with serving(silent) as server, connected(server.url.replace("http", "https"), limits=limits) as transport:
        asks = [transport.request(b"GET", b"/", deadline=soon()) for _ in range(2)]
        results = await asyncio.gather(*asks, return_exceptions=True)
        assert [type(result) for result in results] == [ConnectTimeout, Overloaded]
        assert slots(transport) == (0, 0, 0)


async def test_a_deadline_that_is_over_fails_before_anything_is_sent() -> None:
    async with serving(answering(OK)) as server, connected(server) as transport:
        with pytest.raises(UpstreamUnavailable):
            await transport.request(b"GET", b"/", deadline=asyncio.get_running_loop().time() - 1)
        assert slots(transport) == (0, 0, 0)


async def test_a_deadline_does_not_stay_with_the_connection() -> None:
    async with serving(answering(OK)) as server, connected(server, timeouts=Timeouts(idle=0.1)) as transport:
        await (await transport.request(b"GET", b"/", deadline=soon())).read()
        await asyncio.sleep(0.5)
        assert slots(transport) == (0, 1, 0)
        await (await transport.request(b"GET", b"/")).read()
        assert server.accepted == 1
