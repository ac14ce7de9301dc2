"""The service over a socket: routes, refusals, headers, answers in both forms, and what it remembers."""

import asyncio
import json

import pytest

from claude_code_proxy.simulator import Running, SimulatorOptions, serve
from tests.simulator.raw_client import KEY, send
from tests.simulator.requests import NEW, OLD, WEATHER, Json, assistant, make_request, text, user
from tests.simulator.streams import parse_events, rebuild


async def test_a_whole_answer(running: Running) -> None:
    response = await send(running.url, make_request("Hello"))
    assert (response.status, response.headers["content-type"]) == (200, "application/json")
    message = response.json
    assert message["content"] == [{"type": "text", "text": "You said: “Hello”"}]
    assert (message["type"], message["role"], message["model"]) == ("message", "assistant", "claude-sonnet-4-6")
    assert (message["stop_reason"], message["stop_sequence"], message["stop_details"]) == ("end_turn", None, None)
    assert message["usage"]["input_tokens"] > 0


async def test_a_streamed_answer(running: Running) -> None:
    response = await send(running.url, make_request("weather in Rome?", tools=[WEATHER], stream=True))
    assert (response.status, response.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
    message = rebuild(parse_events(response.body))
    assert message["content"][-1]["input"] == {"city": "Rome"}
    assert message["stop_reason"] == "tool_use"
    assert len(response.chunks) > 10, "event by event"


async def test_headers_of_an_answer(running: Running) -> None:
    response = await send(running.url, make_request())
    assert response.headers["request-id"].startswith("req_011")
    assert response.headers["anthropic-organization-id"]
    for name in ("requests", "tokens", "input-tokens", "output-tokens"):
        assert int(response.headers[f"anthropic-ratelimit-{name}-limit"]) >= int(
            response.headers[f"anthropic-ratelimit-{name}-remaining"]
        )
        assert response.headers[f"anthropic-ratelimit-{name}-reset"].endswith("Z")


async def test_a_dated_model_answers_for_its_alias(running: Running) -> None:
    assert (await send(running.url, make_request(model=OLD))).json["model"] == "claude-sonnet-4-5-20250929"


@pytest.mark.parametrize("stream", [False, True])
async def test_a_refusal_is_json_also_where_a_stream_was_asked_for(running: Running, stream: bool) -> None:
    response = await send(running.url, make_request(foo=1, stream=stream))
    assert (response.status, response.headers["x-should-retry"]) == (400, "false")
    assert response.json == {
        "type": "error",
        "error": {"type": "invalid_request_error", "message": "foo: Extra inputs are not permitted"},
        "request_id": response.headers["request-id"],
    }


@pytest.mark.parametrize(
    ("method", "path", "status", "message"),
    [
        ("GET", "/v1/messages", 405, "Method Not Allowed"),
        ("DELETE", "/v1/models", 405, "Method Not Allowed"),
        ("POST", "/v1/complete", 404, "Not Found"),
        ("GET", "/", 404, "Not Found"),
        ("GET", "/v1/models/claude-2.1", 404, "model: claude-2.1"),
    ],
)
async def test_other_paths(running: Running, method: str, path: str, status: int, message: str) -> None:
    response = await send(running.url, method=method, path=path)
    assert (response.status, response.json["error"]["message"]) == (status, message)
    assert response.json["type"] == "error"


@pytest.mark.parametrize(
    ("headers", "status", "message"),
    [
        ({"anthropic-version": "2023-06-01"}, 401, "x-api-key header is required"),
        ({"x-api-key": "k"}, 400, "anthropic-version: header is required"),
    ],
)
async def test_headers_that_must_be_there(running: Running, headers: dict[str, str], status: int, message: str) -> None:
    for response in (
        await send(running.url, make_request(), headers=headers),
        await send(running.url, method="GET", path="/v1/models", headers=headers),
    ):
        assert (response.status, response.json["error"]["message"]) == (status, message)


async def test_a_body_that_is_not_json(running: Running) -> None:
    response = await send(running.url, b"{")
    assert response.status == 400
    assert response.json["error"]["message"].startswith("The request body is not valid JSON: ")


async def test_a_body_that_is_too_large(running: Running) -> None:
    response = await send(running.url, b" " * (33 * 1024 * 1024))
    assert response.status == 413
    assert response.json == {"error": {"type": "request_too_large", "message": "Request exceeds the maximum size"}}


async def test_counting(running: Running) -> None:
    body = {"model": NEW, "messages": [user("Hello " * 100)]}
    response = await send(running.url, body, path="/v1/messages/count_tokens?beta=true")
    assert response.json == {"input_tokens": 204}
    whole = await send(running.url, {**body, "max_tokens": 5})
    assert whole.json["usage"]["input_tokens"] == 204


async def test_counting_with_context_management(running: Running) -> None:
    body = {"model": NEW, "messages": [user("Hello")], "context_management": {"edits": []}}
    headers = {**KEY, "anthropic-beta": "context-management-2025-06-27"}
    counted = (await send(running.url, body, path="/v1/messages/count_tokens", headers=headers)).json
    assert counted["context_management"] == {"original_input_tokens": counted["input_tokens"]}


async def test_counting_takes_no_mcp_servers(running: Running) -> None:
    server = {"type": "url", "url": "https://example.com/mcp", "name": "a"}
    body = {"model": NEW, "messages": [user("Hello")], "mcp_servers": [server]}
    headers = {**KEY, "anthropic-beta": "mcp-client-2025-11-20"}
    refused = await send(running.url, body, path="/v1/messages/count_tokens", headers=headers)
    assert refused.json["error"]["message"] == "mcp_servers: Extra inputs are not permitted"


async def test_models(running: Running) -> None:
    page = (await send(running.url, method="GET", path="/v1/models?limit=2")).json
    assert [entry["id"] for entry in page["data"]] == ["claude-fable-5-2", "claude-mythos-5-2"]
    one = (await send(running.url, method="GET", path="/v1/models/claude-haiku-4-5")).json
    assert one["id"] == "claude-haiku-4-5-20251001"


async def test_the_prompt_cache_shows_in_usage(running: Running) -> None:
    body = make_request("a", system=[text("word " * 2000, cache_control={"type": "ephemeral"})])
    first = (await send(running.url, body)).json["usage"]
    second = (await send(running.url, {**body, "stream": True})).body
    read = rebuild(parse_events(second))["usage"]
    assert first["cache_creation_input_tokens"] == first["cache_creation"]["ephemeral_5m_input_tokens"] > 2000
    assert (read["cache_read_input_tokens"], read["cache_creation_input_tokens"]) == (
        first["cache_creation_input_tokens"],
        0,
    )
    assert read["input_tokens"] == first["input_tokens"]


async def test_thinking_goes_back_and_forth(running: Running) -> None:
    body = make_request("Hello", model=NEW)
    first = (await send(running.url, body)).json
    again = {**body, "messages": [*body["messages"], assistant(*first["content"]), user("And?")]}
    assert (await send(running.url, again)).status == 200
    edited = await send(running.url, {**again, "system": "New."})
    assert "bound to a different conversation" in edited.json["error"]["message"]
    controls = {**KEY, "anthropic-beta": "thinking-binding-controls-2026-08-01"}
    drop = {"type": "adaptive", "block_binding": {"prefix_mismatch_behavior": "drop_block"}}
    dropped = await send(running.url, {**again, "system": "New.", "thinking": drop}, headers=controls)
    assert dropped.json["input_transformations"] == [
        {"type": "thinking_dropped", "path": "messages.1.content.0", "reason": "prefix_binding_mismatch"}
    ]


async def test_what_it_received_can_be_looked_at(running: Running) -> None:
    body = make_request("Hello")
    await send(running.url, body, path="/v1/messages?beta=true", headers={**KEY, "X-Mine": "a"})
    received = running.requests[0]
    assert (received.method, received.path, received.query) == ("POST", "/v1/messages", "beta=true")
    assert received.body == body
    assert received.headers["x-mine"] == "a"
    assert (received.status, received.disconnected) == (200, False)


async def test_a_client_that_leaves_is_noticed(running: Running) -> None:
    slow = make_request("[[simulate: pace=20]] Count to 500", max_tokens=4096, stream=True)
    leaving = asyncio.create_task(send(running.url, slow))
    await asyncio.sleep(0.3)
    leaving.cancel()
    await asyncio.wait_for(running.requests[0].done.wait(), 5)
    assert running.requests[0].disconnected


async def test_only_the_keys_that_it_is_told() -> None:
    one = await serve(options=SimulatorOptions(api_keys=frozenset({"right"})))
    try:
        assert (await send(one.url, make_request())).json["error"]["message"] == "invalid x-api-key"
        assert (await send(one.url, make_request(), headers={**KEY, "x-api-key": "right"})).status == 200
    finally:
        await one.close()


async def test_the_same_seed_gives_the_same_ids() -> None:
    ids = []
    for _ in range(2):
        one = await serve(options=SimulatorOptions(seed="s"))
        ids.append((await send(one.url, make_request())).json["id"])
        await one.close()
    assert ids[0] == ids[1]


async def test_many_streams_at_once(running: Running) -> None:
    body = make_request("[[simulate: words=50 pace=200]]", stream=True)
    response = await asyncio.gather(*(send(running.url, body) for _ in range(200)))
    assert {one.end for one in response} == {"whole"}
    texts = {json.dumps(rebuild(parse_events(one.body))["content"]) for one in response}
    assert len(texts) == 1


async def test_ids_are_never_given_twice(running: Running) -> None:
    bodies: list[Json] = [make_request("weather", tools=[WEATHER]) for _ in range(20)]
    response = [await send(running.url, body) for body in bodies]
    ids = [block["id"] for one in response for block in one.json["content"] if block["type"] == "tool_use"]
    assert len(set(ids)) == len(ids) == 20
    assert len({one.json["id"] for one in response}) == 20
