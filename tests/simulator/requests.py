"""What the simulator's tests share: small requests, and the verdict on them."""

import json
from typing import Any

import pytest

from claude_code_proxy.simulator import signature
from claude_code_proxy.simulator.answers.answer import Answer, compose
from claude_code_proxy.simulator.answers.intent import read_intent
from claude_code_proxy.simulator.parsed_request import Caller, ParsedRequest
from claude_code_proxy.simulator.refusal import Refusal
from claude_code_proxy.simulator.validation import validate

Json = dict[str, Any]

OLD = "claude-sonnet-4-5"  # budgets, sampling, prefill
NEW = "claude-opus-5-5"  # adaptive only, bound thinking, no forced tools
PLAIN = "claude-sonnet-4-6"

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8/5+hHgAHggJ/PchI7wAAAABJRU5ErkJggg=="
GIF = "R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw=="
PDF = "JVBERi0xLjQKJSVFT0YK"

WEATHER: Json = {
    "name": "get_weather",
    "description": "Current weather",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
CLOCK: Json = {"name": "get_time", "input_schema": {"type": "object", "properties": {}}}
SEARCH: Json = {"type": "web_search_20250305", "name": "web_search"}


def text(words: str, **more: Any) -> Json:
    return {"type": "text", "text": words, **more}


def user(*content: Any) -> Json:
    return {"role": "user", "content": content[0] if content and isinstance(content[0], str) else list(content)}


def assistant(*content: Any) -> Json:
    return {"role": "assistant", "content": content[0] if content and isinstance(content[0], str) else list(content)}


def system(*content: Any) -> Json:
    return {"role": "system", "content": content[0] if content and isinstance(content[0], str) else list(content)}


def call(id_: str = "toolu_1", name: str = "get_weather", **arguments: Any) -> Json:
    return {"type": "tool_use", "id": id_, "name": name, "input": arguments}


def result(id_: str = "toolu_1", content: Any = "sunny", **more: Any) -> Json:
    return {"type": "tool_result", "tool_use_id": id_, "content": content, **more}


def image(data: str = PNG, media_type: str = "image/png") -> Json:
    return {"type": "image", "source": {"type": "base64", "media_type": media_type, "data": data}}


def document(words: str = "Ruby is red. It shines.", **more: Any) -> Json:
    return {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": words}, **more}


def make_request(*messages: Any, **fields: Any) -> Json:
    """Return a request. A message that is only a string is a user message."""
    answer_text = [user(message) if isinstance(message, str) else message for message in messages or ("Hello",)]
    return {"model": PLAIN, "max_tokens": 1024, "messages": answer_text, **fields}


def accept(body: Json, *beta: str, **caller: Any) -> ParsedRequest:
    return validate(json.loads(json.dumps(body)), Caller(betas=frozenset(beta), **caller))


def get_refusal(body: Json, *beta: str, **caller: Any) -> Refusal:
    with pytest.raises(Refusal) as caught:
        accept(body, *beta, **caller)
    return caught.value


def refusal_message(body: Json, *beta: str, **caller: Any) -> str:
    refusal = get_refusal(body, *beta, **caller)
    assert (refusal.status, refusal.kind) == (400, "invalid_request_error")
    return refusal.message


def answer_to(body: Json, *beta: str, **caller: Any) -> Answer:
    request = accept(body, *beta, **caller)
    numbers = iter(range(1_000_000))
    salt = signature.fingerprint(json.dumps(body))
    return compose(request, read_intent(request), new_id=lambda prefix: f"{prefix}{salt}{next(numbers)}")


def answer_text(answer: Answer) -> str:
    return "".join(block["text"] for block in answer.blocks if block["type"] == "text")


def tools_called(answer: Answer) -> list[tuple[str, Json]]:
    return [(block["name"], block["input"]) for block in answer.blocks if block["type"] == "tool_use"]


def continue_with(body: Json, answer: Answer, *more: Json) -> Json:
    """Return the conversation with the answer appended unchanged, and the messages that follow it."""
    return {**body, "messages": [*body["messages"], assistant(*answer.blocks), *more]}
