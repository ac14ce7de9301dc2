"""`/v1/messages` with a Claude Code login behind it: what Claude Code carries is answered, the rest is refused."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from tests.upstreams.claude_code.stage import Stage, login, staged

pytestmark = pytest.mark.claude_code

HELLO: dict[str, Any] = {
    "model": "claude-sonnet-5-5",
    "max_tokens": 1000,
    "messages": [{"role": "user", "content": "Hello there"}],
}
WEATHER = {"name": "get_weather", "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}}}
UNSUPPORTED: dict[str, dict[str, Any]] = {
    "tools": {"tools": [{"type": "web_search_20250305", "name": "web_search"}]},
    "speed": {"speed": "fast"},
    "tools[0].input_examples": {"tools": [{**WEATHER, "input_examples": [{"city": "Rome"}]}]},
}


@pytest.fixture
async def stage(network: bool, tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path, login_document=login(), CLAUDE_LOGIN_VIA="claude-code") as made:
        yield made


async def post(stage: Stage, path: str, body: dict[str, Any], **headers: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        return await client.post(
            f"{stage.url}{path}", json=body, headers={"anthropic-version": "2023-06-01", **headers}
        )


async def test_a_message_and_a_stream_are_answered_in_the_apis_own_form(stage: Stage) -> None:
    whole = await post(stage, "/messages", HELLO)
    streamed = await post(stage, "/messages", {**HELLO, "stream": True})
    assert (whole.status_code, streamed.status_code) == (200, 200), (whole.text, streamed.text)
    message = whole.json()
    assert (message["type"], message["role"], message["stop_reason"]) == ("message", "assistant", "end_turn")
    texts = [block["text"] for block in message["content"] if block["type"] == "text"]
    assert texts == ["You said: “Hello there”"]
    names = [line.removeprefix("event: ") for line in streamed.text.splitlines() if line.startswith("event: ")]
    assert (names[0], names[-1]) == ("message_start", "message_stop")
    assert len(stage.bodies) == 2


async def test_a_tool_call_and_its_result(stage: Stage) -> None:
    question = {"role": "user", "content": "Weather in Rome? [[simulate: call=get_weather]]"}
    called = (await post(stage, "/messages", {**HELLO, "messages": [question], "tools": [WEATHER]})).json()
    call = next(block for block in called["content"] if block["type"] == "tool_use")
    result = {"type": "tool_result", "tool_use_id": call["id"], "content": "21 degrees"}
    conversation = [
        question,
        {"role": "assistant", "content": called["content"]},
        {"role": "user", "content": [result]},
    ]
    ended = (await post(stage, "/messages", {**HELLO, "messages": conversation, "tools": [WEATHER]})).json()
    assert (called["stop_reason"], call["name"], ended["stop_reason"]) == ("tool_use", "get_weather", "end_turn")


@pytest.mark.parametrize("field", UNSUPPORTED)
async def test_what_claude_code_cannot_carry_is_refused_with_the_apis_error(stage: Stage, field: str) -> None:
    body = {**HELLO, **UNSUPPORTED[field]}
    refused = await post(stage, "/messages", body)
    error = refused.json()
    assert (refused.status_code, error["type"], error["error"]["type"]) == (400, "error", "invalid_request_error")
    assert f"'{field}' cannot be honoured" in error["error"]["message"]
    assert error["request_id"] == refused.headers["request-id"]
    assert stage.bodies == []
    adapted = await post(stage, "/messages", body, **{"x-claude-proxy-adapt": "true"})
    assert adapted.status_code == 200, adapted.text
    assert f"{field}=dropped" in adapted.headers["x-claude-proxy-adjustments"]


async def test_tokens_are_estimated_and_marked(stage: Stage) -> None:
    counted = await post(stage, "/messages/count_tokens", {key: HELLO[key] for key in ("model", "messages")})
    longer = [{"role": "user", "content": "Hello there " * 1000}]
    more = await post(stage, "/messages/count_tokens", {"model": HELLO["model"], "messages": longer})
    assert (counted.status_code, counted.headers["x-claude-proxy-estimate"]) == (200, "true")
    assert 0 < counted.json()["input_tokens"] < 100
    assert more.json()["input_tokens"] > 2000
    assert stage.bodies == []


async def test_a_refusal_of_the_service_has_the_apis_error(stage: Stage) -> None:
    question = [{"role": "user", "content": "Hello [[simulate: status=529 times=9]]"}]
    refused = await post(stage, "/messages", {**HELLO, "messages": question})
    error = json.loads(refused.text)
    assert (refused.status_code, error["type"], error["error"]["type"]) == (529, "error", "overloaded_error")
