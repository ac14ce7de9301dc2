"""Requests become bytes and responses come back; connections are kept, renewed when stale, and closed."""

import asyncio

import pytest

from claude_code_proxy.errors import Misconfigured, UpstreamBroke, UpstreamUnavailable
from claude_code_proxy.http1 import client
from claude_code_proxy.http1.client import ClientLimits, Transport, encode_headers, parse_origin
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


async def test_a_request_goes_out_byte_for_byte() -> None:
    seen: list[bytes] = []

    async def script(peer: Peer) -> None:
        seen.append(await peer.request())
        await peer.send(OK)

    async with serving(script) as server, connected(f"{server.url}/gateway/") as transport:
        fields = [(b"x-api-key", b"sk-ant-test-1"), (b"accept", b"*/*")]
        response = await transport.request(b"POST", b"/v1/messages", headers=fields, body=b'{"a": 1}')
        assert (response.status, await response.read()) == (200, b"ok")
    assert seen == [
        b"POST /gateway/v1/messages HTTP/1.1\r\nhost: 127.0.0.1:%d\r\n" % server.port
        + b'x-api-key: sk-ant-test-1\r\naccept: */*\r\ncontent-length: 8\r\n\r\n{"a": 1}'
    ]


@pytest.mark.parametrize(
    ("method", "body", "length"),
    [(b"GET", b"", None), (b"HEAD", b"", None), (b"POST", b"", b"0"), (b"GET", b"x", b"1"), (b"DELETE", b"", b"0")],
)
async def test_the_length_is_told_where_a_body_could_be(method: bytes, body: bytes, length: bytes | None) -> None:
    seen: list[bytes] = []

    async def script(peer: Peer) -> None:
        seen.append(await peer.request())
        await peer.send(b"HTTP/1.1 204 No Content\r\n\r\n")

    async with serving(script) as server, connected(server) as transport:
        response = await transport.request(method, b"/v1/models?limit=2", body=body)
        assert await response.read() == b""
    lines = [line.partition(b": ")[2] for line in seen[0].split(b"\r\n") if line.startswith(b"content-length")]
    assert lines == ([] if length is None else [length])
    assert seen[0].startswith(method + b" /v1/models?limit=2 HTTP/1.1\r\n")


@pytest.mark.parametrize("path", [b"", b"v1", b"/a b", b"/a\r\nx: y", b"/\xc3\xa9", b"/a\x00"])
async def test_a_path_cannot_smuggle_anything(path: bytes) -> None:
    async with connected("http://127.0.0.1:9") as transport:
        with pytest.raises(ValueError, match="path"):
            await transport.request(b"GET", path)


@pytest.mark.parametrize("field", [(b"a\r\nb", b"c"), (b"a", b"b\nc: d"), (b"a", b"\0")])
def test_a_header_field_cannot_smuggle_anything(field: tuple[bytes, bytes]) -> None:
    with pytest.raises(ValueError, match="line break"):
        encode_headers([field])


def test_headers_are_encoded_in_order() -> None:
    assert encode_headers([(b"b", b"1"), (b"a", b"2")]) == b"b: 1\r\na: 2\r\n"


async def test_one_connection_serves_one_request_after_the_other() -> None:
    async with serving(answering(OK)) as server, connected(server) as transport:
        for _ in range(5):
            response = await transport.request(b"GET", b"/")
            assert await response.read() == b"ok"
            assert slots(transport) == (0, 1, 0)
        assert server.accepted == 1


async def test_the_connection_that_rested_shortest_is_taken_first() -> None:
    names: list[int] = []

    def naming(number: int) -> Script:
        async def script(peer: Peer) -> None:
            while True:
                await peer.request()
                names.append(number)
                await peer.send(OK)

        return script

    async with serving(naming(1), naming(2)) as server, connected(server) as transport:
        first, second = [await transport.request(b"GET", b"/") for _ in range(2)]
        await first.read()
        await second.read()
        for _ in range(3):
            await (await transport.request(b"GET", b"/")).read()
    assert names == [1, 2, 2, 2, 2]


async def test_a_connection_closed_while_it_rested_is_not_taken() -> None:
    async def once(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK)

    async with serving(once) as server, connected(server) as transport:
        for _ in range(3):
            await (await transport.request(b"GET", b"/")).read()
            await eventually(lambda: slots(transport) == (0, 0, 0))
        assert server.accepted == 3


async def test_a_connection_that_is_closing_while_it_rests_is_not_taken() -> None:
    async with serving(answering(OK)) as server, connected(server, limits=ClientLimits(max_connections=1)) as transport:
        await (await transport.request(b"GET", b"/")).read()
        (connection,) = transport._connections
        connection._transport.close()  # its loss is told in the event loop's next round
        assert slots(transport) == (0, 1, 0)
        assert await (await transport.request(b"GET", b"/")).read() == b"ok"
        assert (server.accepted, slots(transport)) == (2, (0, 1, 0))


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
@pytest.mark.parametrize("body", [b"", b"x" * 3_000_000], ids=["small", "large"])
async def test_a_request_that_met_a_stale_connection_goes_out_once_more(reset: bool, body: bytes) -> None:
    """The server closes at the very moment the next request is on its way."""
    seen: list[bytes] = []

    async def stale(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK)
        await peer.head()
        if reset:
            peer.reset()

    async def fresh(peer: Peer) -> None:
        seen.append(await peer.request())
        await peer.send(OK)

    async with serving(stale, fresh) as server, connected(server) as transport:
        await (await transport.request(b"GET", b"/")).read()
        response = await transport.request(b"POST", b"/", body=body)
        assert await response.read() == b"ok"
        assert (server.accepted, len(seen), seen[0].endswith(b"\r\n\r\n" + body)) == (2, 1, True)


async def test_a_new_connection_that_closes_without_an_answer_is_not_tried_again() -> None:
    async def mute(peer: Peer) -> None:
        await peer.request()

    async with serving(mute) as server, connected(server) as transport:
        with pytest.raises(UpstreamUnavailable, match=r"127\.0\.0\.1:\d+ closed the connection before it answered"):
            await transport.request(b"GET", b"/")
        assert (server.accepted, slots(transport)) == (1, (0, 0, 0))


async def test_a_kept_connection_that_breaks_in_the_head_is_not_tried_again() -> None:
    async def half(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK)
        await peer.request()
        await peer.send(b"HTTP/1.1 2")

    async with serving(half) as server, connected(server) as transport:
        await (await transport.request(b"GET", b"/")).read()
        with pytest.raises(UpstreamUnavailable):
            await transport.request(b"GET", b"/")
        assert (server.accepted, slots(transport)) == (1, (0, 0, 0))


async def test_a_request_that_the_server_has_worked_on_is_not_sent_again() -> None:
    """A server that takes its time before it closes had the request, and may have acted on it."""

    async def crashing(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK)
        await peer.request()
        await asyncio.sleep(0.7)

    async with serving(crashing, answering(OK)) as server, connected(server) as transport:
        await (await transport.request(b"POST", b"/")).read()
        with pytest.raises(UpstreamUnavailable, match="before it answered"):
            await transport.request(b"POST", b"/")
        assert server.accepted == 1


async def test_when_no_new_connection_replaces_the_stale_one_the_request_fails_and_holds_no_slot() -> None:
    async def stale(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK)
        await peer.head()

    async def mute(peer: Peer) -> None:
        await peer.request()

    async with serving(stale, mute) as server, connected(server, limits=ClientLimits(max_connections=1)) as transport:
        await (await transport.request(b"GET", b"/")).read()
        with pytest.raises(UpstreamUnavailable, match="before it answered"):
            await transport.request(b"GET", b"/")
        assert (server.accepted, slots(transport)) == (2, (0, 0, 0))


async def test_bytes_that_nobody_asked_for_end_a_resting_connection() -> None:
    async def chatty(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK)
        await asyncio.sleep(0.02)
        await peer.send(b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n")
        await peer.gone()

    async with serving(chatty) as server, connected(server) as transport:
        await (await transport.request(b"GET", b"/")).read()
        assert slots(transport) == (0, 1, 0)
        await eventually(lambda: slots(transport) == (0, 0, 0))
        await eventually(lambda: server.open == 0)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok",
        OK + b"HTTP/1.1 500 Oops\r\n\r\n",
        OK + b"garbage",
    ],
    ids=["told to close", "HTTP/1.0", "an answer too many", "more than the body"],
)
async def test_a_connection_is_closed_rather_than_kept(answer: bytes) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(answer)
        await peer.gone()

    async with serving(script) as server, connected(server) as transport:
        for count in (1, 2):
            response = await transport.request(b"GET", b"/")
            assert (response.status, await response.read()) == (200, b"ok")
            assert (server.accepted, slots(transport)) == (count, (0, 0, 0))
        await eventually(lambda: server.open == 0)


async def test_when_all_connections_are_in_use_requests_are_served_in_order_of_arrival() -> None:
    served: list[bytes] = []

    async def script(peer: Peer) -> None:
        while True:
            request = await peer.request()
            served.append(request.split()[1])
            await asyncio.sleep(0)
            await peer.send(OK)

    async def ask(transport: Transport, number: int) -> None:
        response = await transport.request(b"GET", b"/%d" % number)
        await asyncio.sleep(0)
        assert await response.read() == b"ok"

    async with serving(script) as server, connected(server, limits=ClientLimits(max_connections=1)) as transport:
        await asyncio.gather(*(ask(transport, number) for number in range(20)))
        assert (server.accepted, slots(transport)) == (1, (0, 1, 0))
    assert served == [b"/%d" % number for number in range(20)]


async def test_the_bound_holds_under_a_crowd() -> None:
    most = 0

    async def script(peer: Peer) -> None:
        nonlocal most
        while True:
            await peer.request()
            most = max(most, server.open)
            await asyncio.sleep(0)
            await peer.send(OK)

    async def ask(transport: Transport) -> None:
        for _ in range(5):
            assert await (await transport.request(b"GET", b"/")).read() == b"ok"

    async with serving(script) as server, connected(server, limits=ClientLimits(max_connections=3)) as transport:
        await asyncio.gather(*(ask(transport) for _ in range(30)))
        assert (most, server.accepted, slots(transport)) == (3, 3, (0, 3, 0))


async def test_who_waits_gets_the_slot_of_a_connection_that_was_closed() -> None:
    async def close_after_one(peer: Peer) -> None:
        await peer.request()
        await peer.send(CHUNKED + b"2\r\nhi\r\n")
        await peer.gone()

    async with (
        serving(close_after_one) as server,
        connected(server, limits=ClientLimits(max_connections=1)) as transport,
    ):
        response = await transport.request(b"GET", b"/")
        waiting = [asyncio.create_task(transport.request(b"GET", b"/")) for _ in range(3)]
        await asyncio.sleep(0.01)
        assert slots(transport) == (1, 0, 3)
        for task in waiting:
            response.close()  # unfinished
            response = await task
        assert (server.accepted, slots(transport)) == (4, (1, 0, 0))
        response.close()


async def test_who_waits_opens_a_connection_when_the_one_it_was_handed_has_just_closed() -> None:
    async def once(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK)
        await peer.gone()

    async with serving(once) as server, connected(server, limits=ClientLimits(max_connections=1)) as transport:
        response = await transport.request(b"GET", b"/")
        waiting = asyncio.create_task(transport.request(b"GET", b"/"))
        await asyncio.sleep(0.01)
        (connection,) = transport._connections
        await response.read()
        connection.abort()  # between the handing over and the taking
        assert await (await waiting).read() == b"ok"
        assert (server.accepted, slots(transport)) == (2, (0, 1, 0))


async def test_closing_ends_everything() -> None:
    async def hang(peer: Peer) -> None:
        await peer.request()
        await peer.send(CHUNKED + b"2\r\nhi\r\n")
        await peer.gone()

    async with serving(hang) as server, connected(server, limits=ClientLimits(max_connections=1)) as transport:
        response = await transport.request(b"GET", b"/")
        waiting = asyncio.create_task(transport.request(b"GET", b"/"))
        assert await response.chunk() == b"hi"
        reading = asyncio.create_task(response.chunk())
        await asyncio.sleep(0.01)
        await transport.close()
        for task in (waiting, reading):
            with pytest.raises(UpstreamUnavailable, match="shutting down"):
                await task
        with pytest.raises(UpstreamUnavailable, match="shutting down"):
            await transport.request(b"GET", b"/")
        await eventually(lambda: server.open == 0)
        with pytest.raises(UpstreamBroke, match="closed"):
            await response.chunk()


async def test_closing_ends_a_connection_that_is_just_being_made() -> None:
    async with serving(answering(OK)) as server, connected(server) as transport:
        task = asyncio.create_task(transport.request(b"GET", b"/"))
        await asyncio.sleep(0)
        await transport.close()
        with pytest.raises(UpstreamUnavailable, match="shutting down"):
            await task


async def test_closing_twice_and_closing_unused_are_fine() -> None:
    transport = Transport(parse_origin("http://127.0.0.1:9"))
    await transport.close()
    await transport.close()


async def test_an_idle_timer_runs_only_while_there_are_connections() -> None:
    async with serving(answering(OK)) as server, connected(server, limits=ClientLimits(keep_alive=0.05)) as transport:
        await (await transport.request(b"GET", b"/")).read()
        assert transport._ticking is not None
        await eventually(lambda: transport._ticking is None)
        assert slots(transport) == (0, 0, 0)
        await (await transport.request(b"GET", b"/")).read()
        assert (server.accepted, slots(transport)) == (2, (0, 1, 0))


async def test_the_package_alone_serves_another_api() -> None:
    """All that a forwarder of embeddings needs is in the package's face; the errors name the service that it asked."""
    seen: list[bytes] = []

    async def script(peer: Peer) -> None:
        seen.append(await peer.request())
        await peer.send(OK)

    async with serving(script) as server:
        transport = client.Transport(
            client.parse_origin(f"{server.url}/compatible", name="EMBEDDINGS_BASE"),
            timeouts=client.Timeouts(connect=5.0),
            limits=client.ClientLimits(max_connections=1),
        )
        headers = client.encode_headers([(b"authorization", b"Bearer made-up")])
        response = await transport.request(b"POST", b"/v1/embeddings", headers=headers, body=b"{}")
        assert await response.read() == b"ok"
    with pytest.raises(client.CannotConnect, match=f"127.0.0.1:{server.port}"):
        await transport.request(b"POST", b"/v1/embeddings", headers=headers, body=b"{}")
    await transport.close()
    assert seen[0].startswith(b"POST /compatible/v1/embeddings HTTP/1.1\r\nhost: 127.0.0.1")
    with pytest.raises(Misconfigured, match="EMBEDDINGS_BASE"):
        client.parse_origin("ftp://127.0.0.1", name="EMBEDDINGS_BASE")
