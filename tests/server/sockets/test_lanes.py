"""A WebSocket end to end, with the client of the `websockets` package and a scripted upstream."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from claude_code_proxy.secret import Secret
from claude_code_proxy.server.sockets.service import SocketLimits
from tests.server.running import Running, eventually, running
from tests.server.scripted_upstream import ScriptedUpstream, refusal, scripted_upstream

LAST = {"response.completed", "response.failed", "response.incomplete", "error", "response.steer.failed"}


@pytest_asyncio.fixture
async def proxy(upstream: ScriptedUpstream) -> AsyncIterator[Running]:
    async with running(upstream.url) as proxy:
        yield proxy


def address(proxy: Running) -> str:
    return f"ws://127.0.0.1:{proxy.port}/v1/responses"


async def create(socket: ClientConnection, **fields: Any) -> None:
    await socket.send(json.dumps({"type": "response.create", "model": "claude-sonnet-4-6", **fields}))


async def reply(socket: ClientConnection) -> list[dict[str, Any]]:
    """Return the events up to a last one."""
    events: list[dict[str, Any]] = []
    async with asyncio.timeout(20):
        while not events or events[-1]["type"] not in LAST:
            events.append(json.loads(await socket.recv()))
    return events


async def ask(socket: ClientConnection, **fields: Any) -> list[dict[str, Any]]:
    await create(socket, **fields)
    return await reply(socket)


async def test_the_events_are_those_of_a_stream(proxy: Running) -> None:
    async with connect(address(proxy)) as socket:
        events = await ask(socket, input="Hi.")
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    assert events[0]["type"] == "response.created"
    (item,) = events[-1]["response"]["output"]
    assert item["content"][0]["text"] == "Hello there."
    assert "stream_id" not in events[0]
    assert (await proxy.record()).outcome == "answered"


async def test_a_prepared_request_is_continued_with_what_is_new(proxy: Running, upstream: ScriptedUpstream) -> None:
    tools = [{"type": "function", "name": "add", "parameters": {"type": "object"}}]
    async with connect(address(proxy)) as socket:
        prepared = await ask(
            socket, generate=False, store=False, input=[{"role": "user", "content": "Hi."}], tools=tools
        )
        assert [event["type"] for event in prepared] == [
            "response.created",
            "response.in_progress",
            "response.completed",
        ]
        assert prepared[-1]["response"]["output"] == []
        assert upstream.calls == []
        first = await ask(
            socket, store=False, previous_response_id=prepared[-1]["response"]["id"], input=[], tools=tools
        )
        await ask(socket, store=False, previous_response_id=first[-1]["response"]["id"], input="Again.", tools=tools)
    assert [len(call.json["messages"]) for call in upstream.calls] == [1, 3]


async def test_what_is_not_stored_ends_with_its_connection(proxy: Running) -> None:
    async with connect(address(proxy)) as socket:
        unstored = (await ask(socket, store=False, input="Hi."))[-1]["response"]["id"]
        stored = (await ask(socket, input="Hi."))[-1]["response"]["id"]
    async with connect(address(proxy)) as socket:
        (missing,) = await ask(socket, previous_response_id=unstored, input="Again.")
        assert (missing["status"], missing["error"]["code"]) == (400, "previous_response_not_found")
        assert (await ask(socket, previous_response_id=stored, input="Again."))[-1]["type"] == "response.completed"


async def test_lanes_run_beside_each_other_and_each_one_in_order(proxy: Running) -> None:
    async with connect(address(proxy)) as socket:
        for lane, word in (("a", "1"), ("b", "2"), ("a", "3")):
            await create(socket, stream_id=lane, input=word)
        events = [event for _ in range(3) for event in await reply(socket)]
    by_lane = {lane: [event for event in events if event["stream_id"] == lane] for lane in "ab"}
    assert [event["type"] for event in by_lane["a"]].count("response.completed") == 2
    starts = [index for index, event in enumerate(by_lane["a"]) if event["sequence_number"] == 0]
    assert by_lane["a"][starts[1] - 1]["type"] == "response.completed"  # the second began when the first had ended


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("no JSON", "invalid_json"),
        ("[]", "invalid_json"),
        ('{"type":"response.dance"}', "invalid_value"),
        ('{"type":"response.create","stream_id":"a b","input":"x"}', "invalid_stream_id"),
        ('{"type":"response.create","input":3}', "invalid_type"),
        ('{"type":"response.create","input":[]}', "missing_required_parameter"),
    ],
)
async def test_mistakes_are_errors_and_the_connection_goes_on(proxy: Running, message: str, code: str) -> None:
    async with connect(address(proxy)) as socket:
        await socket.send(message)
        (event,) = await reply(socket)
        assert (event["type"], event["status"], event["error"]["code"]) == ("error", 400, code)
        assert (await ask(socket, input="Hi."))[-1]["type"] == "response.completed"


async def test_steering_is_answered(proxy: Running) -> None:
    async with connect(address(proxy)) as socket:
        await socket.send('{"type":"response.processed","response_id":"resp_1"}')
        await socket.send('{"type":"response.steer","stream_id":"a"}')
        (event,) = await reply(socket)
    assert (event["type"], event["error"]["code"], event["stream_id"]) == (
        "response.steer.failed",
        "steering_not_supported",
        "a",
    )


async def test_errors_of_the_upstream_are_told(proxy: Running, upstream: ScriptedUpstream) -> None:
    upstream.scripts = [refusal(400, "invalid_request_error", "prompt is too long: 2 tokens > 1 maximum")]
    async with connect(address(proxy)) as socket:
        first = (await ask(socket, store=False, generate=False, input="Hi."))[-1]["response"]["id"]
        (event,) = await ask(socket, store=False, previous_response_id=first, input="x")
        assert (event["status"], event["error"]["code"]) == (400, "context_length_exceeded")
        (again,) = await ask(socket, store=False, previous_response_id=first, input="x")
        assert again["error"]["code"] == "previous_response_not_found"  # a failed continuation evicts its parent


async def test_a_client_that_leaves_ends_what_runs_for_it(proxy: Running, upstream: ScriptedUpstream) -> None:
    async def never(call: Any) -> None:
        await call.until_gone()

    upstream.scripts = [never]
    async with connect(address(proxy)) as socket:
        await create(socket, input="Hi.")
        await eventually(lambda: bool(upstream.calls))
    assert (await proxy.record()).outcome == "left"
    await eventually(upstream.calls[0].gone.is_set)


async def test_limits(proxy: Running) -> None:
    proxy.assembly._socket.limits = SocketLimits(lanes=1)
    async with connect(address(proxy)) as socket:
        await ask(socket, stream_id="a", input="Hi.")
        (event,) = await ask(socket, stream_id="b", input="Hi.")
        assert (event["status"], event["error"]["code"]) == (429, "websocket_stream_limit_reached")
    proxy.assembly._socket.limits = SocketLimits(seconds=0)
    async with connect(address(proxy)) as socket:
        (event,) = await ask(socket, stream_id="a", input="Hi.")
        assert event["error"]["code"] == "websocket_connection_limit_reached"


async def test_the_callers_key_is_checked_before_the_upgrade() -> None:
    async with scripted_upstream() as upstream, running(upstream.url, proxy_api_key=(Secret("a-key"),)) as proxy:
        with pytest.raises(InvalidStatus) as refused:
            await connect(address(proxy))
        assert refused.value.response.status_code == 401
        async with connect(address(proxy), additional_headers={"authorization": "Bearer a-key"}) as socket:
            assert (await ask(socket, input="Hi."))[-1]["type"] == "response.completed"
        assert proxy.records[-1].key == "default"
        offered: Any = ["openai-insecure-api-key.a-key"]
        async with connect(address(proxy), subprotocols=offered) as socket:
            assert (await ask(socket, input="Hi."))[-1]["type"] == "response.completed"


async def test_a_server_that_shuts_down_says_so(proxy: Running) -> None:
    async with connect(address(proxy)) as socket:
        await ask(socket, input="Hi.")
        proxy.assembly._socket.drain()
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1001
    with pytest.raises(InvalidStatus) as refused:
        await connect(address(proxy))
    assert refused.value.response.status_code == 426


async def test_what_a_refusal_taught_is_known_to_all(proxy: Running, upstream: ScriptedUpstream) -> None:
    """A connection has its own replies, and shares everything else: limits that were learnt, settings read again."""
    async with connect(address(proxy)) as socket:
        await ask(socket, input="Hi.")
        (session,) = proxy.assembly._socket._sessions
        assert session._state is proxy.assembly.state
    assert len(upstream.calls) == 1
