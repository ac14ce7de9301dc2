"""Errors name the field that the client sent, although what is sent upstream may stand elsewhere by then."""

import base64
from typing import Any

import pytest

from tests.server.running import running
from tests.server.scripted_upstream import ScriptedUpstream, refusal

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"0" * 64).decode()
TEXT = {"type": "text", "text": "Look."}


def image(data: str = PNG, media_type: str = "image/png") -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": f"data:{media_type};base64,{data}"}}


def user(*parts: Any) -> dict[str, Any]:
    return {"role": "user", "content": list(parts)}


CALL = {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (image(base64.b64encode(b"BM" + b"0" * 64).decode(), "image/bmp"), "Not a format"),
        (image("A" * 14_000_004), "larger than"),
        (image("***", "image/png"), "base64"),
    ],
)
async def test_an_image_that_is_refused_here(upstream: ScriptedUpstream, bad: dict[str, Any], words: str) -> None:
    async with running(upstream.url) as proxy:
        first = await proxy.ask(messages=[{"role": "system", "content": "S"}, user(TEXT, image(), bad)])
        results = [user(TEXT), {"role": "assistant", "tool_calls": [CALL]}]
        results += [{"role": "tool", "tool_call_id": "a", "content": [TEXT, bad]}]
        second = await proxy.ask(messages=results, tools=[TOOL])
    assert (first.status, first.error["param"]) == (400, "messages[1].content[2].image_url")
    assert (second.status, second.error["param"]) == (400, "messages[2].content[1].image_url")
    assert words in first.error["message"]
    assert upstream.calls == []


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("place", "param"),
    [
        ("messages.0.content.2.image.source.base64.data", "messages[2].content[0].image_url"),
        ("messages.0.content.0.text", "messages[1].content[0]"),
        ("messages.2.content.0.tool_result.content.0.image.source", "messages[4].content[0].image_url"),
        ("messages.2.content.0.content.0.image.source", "messages[4].content[0].image_url"),
        ("messages.7.content.0.image", "messages"),
        ("messages.0", "messages"),
        ("temperature", "temperature"),
    ],
)
async def test_what_the_upstream_refuses(upstream: ScriptedUpstream, place: str, param: str, *, stream: bool) -> None:
    """The two user messages become one, and the last block of the history gets a breakpoint."""
    upstream.answers(refusal(400, "invalid_request_error", f"{place}: Could not process it"))
    conversation = [
        {"role": "system", "content": "S"},
        user(TEXT, {"type": "text", "text": "And this:"}),
        user(image(media_type="image/jpeg")),
        {"role": "assistant", "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "a", "content": [image()]},
    ]
    async with running(upstream.url) as proxy:
        reply = await proxy.ask(messages=conversation, tools=[TOOL], stream=stream)
    assert len(upstream.calls[0].json["messages"]) == 3
    assert (reply.status, reply.error["param"]) == (400, param)


async def test_of_a_prompt_there_is_but_one(upstream: ScriptedUpstream) -> None:
    upstream.answers(refusal(400, "invalid_request_error", "messages.0.content.0.text: no"))
    async with running(upstream.url) as proxy:
        reply = await proxy.ask(path="/v1/completions", prompt="Once", messages=None)
    assert reply.error["param"] == "prompt"
