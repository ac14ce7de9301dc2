"""Threads: created, continued once, and refused with the error codes that SDKs act on."""

import asyncio
from typing import Any

import pytest

from claude_code_proxy.simulator import Running
from tests.simulator.raw_client import KEY, RawResponse, send
from tests.simulator.requests import CLOCK, WEATHER, Json, make_request, result, user
from tests.simulator.streams import parse_events

HEADERS = {**KEY, "anthropic-beta": "message-threads-2026-08-12"}
CREATE = {"type": "create"}


async def ask(running: Running, *messages: Any, **fields: Any) -> RawResponse:
    return await send(running.url, make_request(*messages, **fields), headers=HEADERS)


async def created(running: Running, **fields: Any) -> Json:
    message: Json = (await ask(running, "weather in Rome?", tools=[WEATHER], thread=CREATE, **fields)).json
    return message


def continued(message: Json) -> Json:
    return {"thread": {"type": "continue", "previous_message_id": message["id"]}}


def outcome(reply: Json) -> Json:
    return user(*(result(block["id"], "sunny") for block in reply["content"] if block["type"] == "tool_use"))


async def test_only_new_messages_are_sent(running: Running) -> None:
    first = await created(running, system="Be brief.")
    second = (await ask(running, outcome(first), **continued(first))).json
    assert second["content"][-1]["text"] == "get_weather returned: sunny"
    third = await ask(running, "Thanks.", stream=True, **continued(second))
    assert parse_events(third.body)[-1]["type"] == "message_stop"
    assert second["usage"]["input_tokens"] > first["usage"]["input_tokens"]


@pytest.mark.parametrize(
    ("fields", "status", "details"),
    [
        (
            {"thread": {"type": "continue", "previous_message_id": "msg_none"}},
            404,
            {"error_code": "thread_not_found"},
        ),
        (
            {"thread": CREATE, "thinking": {"type": "adaptive"}, "cache_control": {"type": "ephemeral"}},
            400,
            {"error_code": "thread_unsupported_request", "unsupported": ["cache_control", "thinking"]},
        ),
        (
            {"thread": CREATE, "system": [{"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}}]},
            400,
            {"error_code": "thread_unsupported_request", "unsupported": ["cache_control"]},
        ),
    ],
)
async def test_what_cannot_be_a_thread(running: Running, fields: Json, status: int, details: Json) -> None:
    reply = await ask(running, "Hello", **fields)
    assert (reply.status, reply.json["error"]["details"]) == (status, details)
    assert reply.json["request_id"] == reply.headers["request-id"]


async def test_an_answer_is_continued_once(running: Running) -> None:
    first = await created(running)
    changed = await ask(running, outcome(first), tools=[CLOCK], **continued(first))
    assert changed.json["error"]["details"] == {"error_code": "thread_fingerprint_mismatch"}
    slow = user(*outcome(first)["content"], {"type": "text", "text": "[[simulate: head-delay=60]]"})
    streaming = asyncio.create_task(ask(running, slow, **continued(first)))
    while len(running.requests) < 3:
        await asyncio.sleep(0.01)
    second = await ask(running, outcome(first), **continued(first))
    assert second.json["error"]["details"] == {"error_code": "thread_continue_in_flight"}
    streaming.cancel()
    await asyncio.wait_for(running.requests[2].done.wait(), 10)
    third = await ask(running, outcome(first), **continued(first))
    assert third.json["error"]["details"] == {"error_code": "thread_already_continued"}


async def test_the_field_is_unknown_without_its_beta(running: Running) -> None:
    reply = await send(running.url, make_request(thread=CREATE))
    assert reply.json["error"]["message"] == "thread: Extra inputs are not permitted"
