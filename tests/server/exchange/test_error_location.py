"""Errors name the field that the client sent, although what is sent upstream may stand elsewhere by then."""

import base64
from typing import Any

import pytest

from claude_code_proxy.errors import InvalidRequest, ProxyError
from claude_code_proxy.messages import MessagesRequest
from claude_code_proxy.server.exchange.error_location import client_field
from tests.endpoints import recordings
from tests.endpoints.replies import decode_chat
from tests.rejections import rejected
from tests.server.running import running
from tests.server.scripted_upstream import ScriptedUpstream, refusal

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"  # one pixel
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
    assert words in first.error["message"]
    assert second.status == 200, "a tool result stays in the history, so an error would come back with every turn"
    (call,) = upstream.calls
    assert words in call.json["messages"][2]["content"][0]["content"][1]["text"]


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


# The field that each recorded refusal names; the others name none.
RECORDED = {
    "rig-error-identity-edge-validation-error-carries-identity": "temperature",
    "err-400-stop-sequence-whitespace": "stop",
    "err-400-temperature-and-top-p": "temperature",
    "ddtrace-anthropic-completion-error": "messages",
    "err-400-image-too-big": "messages",
    "opencode-err-400-tool-use-without-tool-result": "messages",
    "sdkpy-f59a9391-643b-422c-96dc-1f28bc7ea4d7-s1": "messages",
    "lingua-responses-gpt56-reasoning-max-pro-context-param": "max_tokens",
}
ERRORS = recordings.messages_errors()


def named(error: ProxyError) -> str | None:
    nothing = MessagesRequest("m", ())
    return client_field(error, nothing, sent=nothing, field_name=decode_chat().field_name)


@pytest.mark.parametrize("name", ERRORS)
def test_the_field_of_a_recorded_refusal(name: str) -> None:
    response = ERRORS[name]["response"]
    assert named(rejected(response["body"]["error"]["message"], response["status"])) == RECORDED.get(name)


@pytest.mark.parametrize(
    ("message", "param"),
    [
        ("temperature: range: 0..1", "temperature"),
        ("`temperature` and `top_p` cannot both be specified for this model.", "temperature"),
        ("messages.1.content.0: something", "messages"),
        ("system: text content blocks must be non-empty", "messages"),
        ('"thinking.type.enabled" is not supported for this model.', "thinking"),
        ("tools: Tool names must be unique.", "tools"),
        ("output_config.format.schema: Schema is too complex.", "response_format"),
        ("output_config.effort: Input should be 'low'", "reasoning_effort"),
        ("system trouble", None),
        ("toolsmith: x", None),
        ("the temperature: x", None),
    ],
)
def test_the_field_that_the_upstream_names(message: str, param: str | None) -> None:
    assert named(rejected(message)) == param
    assert named(rejected(message, 500)) is None


def test_the_field_that_an_error_of_the_proxy_names() -> None:
    assert named(InvalidRequest("No.", path="stop_sequences")) == "stop"
    assert named(InvalidRequest("No.", path="messages")) == "messages"
    assert named(InvalidRequest("No.", param="seed", path="stop_sequences")) == "seed"
    assert named(InvalidRequest("No.")) is None
