"""The service over a socket: routes, refusals, headers, answers in both forms, and what it remembers."""

import asyncio
import json

import pytest

from claude_code_proxy.simulator import Running, SimulatorOptions, serve
from tests.simulator.asking import NEW, OLD, WEATHER, Json, asking, assistant, text, user
from tests.simulator.raw_client import KEY, ask
from tests.simulator.streams import events_of, rebuilt


async def test_a_whole_answer(running: Running) -> None:
    seen = await ask(running.url, asking("Hello"))
    assert (seen.status, seen.headers["content-type"]) == (200, "application/json")
    message = seen.json
    assert message["content"] == [{"type": "text", "text": "You said: “Hello”"}]
    assert (message["type"], message["role"], message["model"]) == ("message", "assistant", "claude-sonnet-4-6")
    assert (message["stop_reason"], message["stop_sequence"], message["stop_details"]) == ("end_turn", None, None)
    assert message["usage"]["input_tokens"] > 0


async def test_a_streamed_answer(running: Running) -> None:
    seen = await ask(running.url, asking("weather in Rome?", tools=[WEATHER], stream=True))
    assert (seen.status, seen.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
    message = rebuilt(events_of(seen.body))
    assert message["content"][-1]["input"] == {"city": "Rome"}
    assert message["stop_reason"] == "tool_use"
    assert len(seen.chunks) > 10, "event by event"


async def test_headers_of_an_answer(running: Running) -> None:
    seen = await ask(running.url, asking())
    assert seen.headers["request-id"].startswith("req_011")
    assert seen.headers["anthropic-organization-id"]
    for name in ("requests", "tokens", "input-tokens", "output-tokens"):
        assert int(seen.headers[f"anthropic-ratelimit-{name}-limit"]) >= int(
            seen.headers[f"anthropic-ratelimit-{name}-remaining"]
        )
        assert seen.headers[f"anthropic-ratelimit-{name}-reset"].endswith("Z")


async def test_a_dated_model_answers_for_its_alias(running: Running) -> None:
    assert (await ask(running.url, asking(model=OLD))).json["model"] == "claude-sonnet-4-5-20250929"


@pytest.mark.parametrize("stream", [False, True])
async def test_a_refusal_is_json_also_where_a_stream_was_asked_for(running: Running, stream: bool) -> None:
    seen = await ask(running.url, asking(foo=1, stream=stream))
    assert (seen.status, seen.headers["x-should-retry"]) == (400, "false")
    assert seen.json == {
        "type": "error",
        "error": {"type": "invalid_request_error", "message": "foo: Extra inputs are not permitted"},
        "request_id": seen.headers["request-id"],
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
    seen = await ask(running.url, method=method, path=path)
    assert (seen.status, seen.json["error"]["message"]) == (status, message)
    assert seen.json["type"] == "error"


@pytest.mark.parametrize(
    ("headers", "status", "message"),
    [
        ({"anthropic-version": "2023-06-01"}, 401, "x-api-key header is required"),
        ({"x-api-key": "k"}, 400, "anthropic-version: header is required"),
    ],
)
async def test_headers_that_must_be_there(running: Running, headers: dict[str, str], status: int, message: str) -> None:
    for seen in (
        await ask(running.url, asking(), headers=headers),
        await ask(running.url, method="GET", path="/v1/models", headers=headers),
    ):
        assert (seen.status, seen.json["error"]["message"]) == (status, message)


async def test_a_body_that_is_not_json(running: Running) -> None:
    seen = await ask(running.url, b"{")
    assert seen.status == 400
    assert seen.json["error"]["message"].startswith("The request body is not valid JSON: ")


async def test_a_body_that_is_too_large(running: Running) -> None:
    seen = await ask(running.url, b" " * (33 * 1024 * 1024))
    assert seen.status == 413
    assert seen.json == {"error": {"type": "request_too_large", "message": "Request exceeds the maximum size"}}


async def test_counting(running: Running) -> None:
    body = {"model": NEW, "messages": [user("Hello " * 100)]}
    seen = await ask(running.url, body, path="/v1/messages/count_tokens?beta=true")
    assert seen.json == {"input_tokens": 204}
    whole = await ask(running.url, {**body, "max_tokens": 5})
    assert whole.json["usage"]["input_tokens"] == 204


async def test_models(running: Running) -> None:
    page = (await ask(running.url, method="GET", path="/v1/models?limit=2")).json
    assert [entry["id"] for entry in page["data"]] == ["claude-fable-5-2", "claude-mythos-5-2"]
    one = (await ask(running.url, method="GET", path="/v1/models/claude-haiku-4-5")).json
    assert one["id"] == "claude-haiku-4-5-20251001"


async def test_the_prompt_cache_shows_in_usage(running: Running) -> None:
    body = asking("a", system=[text("word " * 2000, cache_control={"type": "ephemeral"})])
    first = (await ask(running.url, body)).json["usage"]
    second = (await ask(running.url, {**body, "stream": True})).body
    read = rebuilt(events_of(second))["usage"]
    assert first["cache_creation_input_tokens"] == first["cache_creation"]["ephemeral_5m_input_tokens"] > 2000
    assert (read["cache_read_input_tokens"], read["cache_creation_input_tokens"]) == (
        first["cache_creation_input_tokens"],
        0,
    )
    assert read["input_tokens"] == first["input_tokens"]


async def test_thinking_goes_back_and_forth(running: Running) -> None:
    body = asking("Hello", model=NEW)
    first = (await ask(running.url, body)).json
    again = {**body, "messages": [*body["messages"], assistant(*first["content"]), user("And?")]}
    assert (await ask(running.url, again)).status == 200
    edited = await ask(running.url, {**again, "system": "New."})
    assert "bound to a different conversation" in edited.json["error"]["message"]
    controls = {**KEY, "anthropic-beta": "thinking-binding-controls-2026-08-01"}
    drop = {"type": "adaptive", "block_binding": {"prefix_mismatch_behavior": "drop_block"}}
    dropped = await ask(running.url, {**again, "system": "New.", "thinking": drop}, headers=controls)
    assert dropped.json["input_transformations"] == [
        {"type": "thinking_dropped", "path": "messages.1.content.0", "reason": "prefix_binding_mismatch"}
    ]


async def test_what_it_received_can_be_looked_at(running: Running) -> None:
    body = asking("Hello")
    await ask(running.url, body, path="/v1/messages?beta=true", headers={**KEY, "X-Mine": "a"})
    received = running.requests[0]
    assert (received.method, received.path, received.query) == ("POST", "/v1/messages", "beta=true")
    assert received.body == body
    assert received.headers["x-mine"] == "a"
    assert (received.status, received.left) == (200, False)


async def test_a_client_that_leaves_is_noticed(running: Running) -> None:
    slow = asking("[[simulate: pace=20]] Count to 500", max_tokens=4096, stream=True)
    leaving = asyncio.create_task(ask(running.url, slow))
    await asyncio.sleep(0.3)
    leaving.cancel()
    await asyncio.wait_for(running.requests[0].done.wait(), 5)
    assert running.requests[0].left


async def test_only_the_keys_that_it_is_told() -> None:
    one = await serve(options=SimulatorOptions(api_keys=frozenset({"right"})))
    try:
        assert (await ask(one.url, asking())).json["error"]["message"] == "invalid x-api-key"
        assert (await ask(one.url, asking(), headers={**KEY, "x-api-key": "right"})).status == 200
    finally:
        await one.close()


async def test_the_same_seed_gives_the_same_ids() -> None:
    ids = []
    for _ in range(2):
        one = await serve(options=SimulatorOptions(seed="s"))
        ids.append((await ask(one.url, asking())).json["id"])
        await one.close()
    assert ids[0] == ids[1]


async def test_many_streams_at_once(running: Running) -> None:
    body = asking("[[simulate: words=50 pace=200]]", stream=True)
    seen = await asyncio.gather(*(ask(running.url, body) for _ in range(200)))
    assert {one.end for one in seen} == {"whole"}
    texts = {json.dumps(rebuilt(events_of(one.body))["content"]) for one in seen}
    assert len(texts) == 1


async def test_ids_are_never_given_twice(running: Running) -> None:
    bodies: list[Json] = [asking("weather", tools=[WEATHER]) for _ in range(20)]
    seen = [await ask(running.url, body) for body in bodies]
    ids = [block["id"] for one in seen for block in one.json["content"] if block["type"] == "tool_use"]
    assert len(set(ids)) == len(ids) == 20
    assert len({one.json["id"] for one in seen}) == 20
