"""The decoder's complaints in OpenAI's terms: the path of the field, a code, and words that say what would be right."""

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from msgspec import inspect

from claude_code_proxy.endpoints.chat_completions.schema import ChatRequest
from claude_code_proxy.endpoints.openai.invalid_request import to_invalid_request

KIND = inspect.type_info(ChatRequest)
HELLO = {"role": "user", "content": "Hello."}


def complaint(**fields: Any) -> tuple[str, str | None, str | None]:
    body = json.dumps({"messages": [HELLO]} | fields).encode()
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.json.decode(body, type=ChatRequest)
    error = to_invalid_request(caught.value, KIND)
    return error.message, error.param, error.code


def test_the_role_is_named_with_the_roles_there_are() -> None:
    message, param, code = complaint(messages=[HELLO, {"role": "wizard", "content": "x"}])
    assert message == (
        "Invalid value for 'messages[1].role': 'wizard'. "
        "Supported values are: 'system', 'developer', 'user', 'assistant', 'tool', 'function'."
    )
    assert (param, code) == ("messages[1].role", "invalid_value")


def test_what_is_missing_is_named_itself() -> None:
    parts = [{"type": "text", "text": "x"}, {"type": "image_url"}]
    assert complaint(messages=[{"role": "user", "content": parts}]) == (
        "Missing required parameter: 'messages[0].content[1].image_url'.",
        "messages[0].content[1].image_url",
        "missing_required_parameter",
    )


def test_a_wrong_type_is_told_beside_the_right_ones() -> None:
    assert complaint(stop=5) == (
        "Invalid type for 'stop': expected a string or an array, but got an integer instead.",
        "stop",
        "invalid_type",
    )


def test_a_literal_is_told_beside_the_others() -> None:
    message, param, _ = complaint(thinking={"type": "deep"})
    assert message.startswith("Invalid value for 'thinking.type': 'deep'. Supported values are: 'adaptive', ")
    assert param == "thinking.type"


def test_a_long_value_is_not_repeated_in_full() -> None:
    message, _, _ = complaint(messages=[{"role": "x" * 10_000, "content": ""}])
    assert len(message) < 250


@pytest.mark.parametrize("value", ["x - at `$.model", "x - at `$.model`", " - at `$." + "x" * 2_000_000, "\n - at `$`"])
@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("messages[0].role", lambda value: {"messages": [{"role": value, "content": ""}]}),
        ("reasoning_effort", lambda value: {"reasoning_effort": value}),
        ("tools[0].type", lambda value: {"tools": [{"type": value}]}),
    ],
)
def test_a_value_cannot_name_another_field(path: str, fields: Callable[[str], dict[str, Any]], value: str) -> None:
    message, param, code = complaint(**fields(value))
    assert (param, code) == (path, "invalid_value")
    assert message.startswith(f"Invalid value for '{path}': '")
    assert len(message) < 250


def test_nothing_long_is_repeated_in_full() -> None:
    long = "x" * 10_000
    error = to_invalid_request(msgspec.ValidationError(f"Object contains unknown field `{long}` - at `$.{long}`"), KIND)
    assert error.param == "x" * 60 + "…"
    assert len(error.message) < 250


def test_a_number_out_of_range() -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.json.decode(b'{"messages":[],"temperature":1e999}', type=ChatRequest)
    error = to_invalid_request(caught.value, KIND)
    assert (error.message, error.param) == ("Invalid 'temperature': Number out of range.", "temperature")


@pytest.mark.parametrize(
    ("complained", "param"),
    [
        ("Expected `str`, got `int` - at `$.content`", "input[0].content"),
        ("Expected `str`, got `int` - at `$[1].text`", "input[0][1].text"),
        ("Expected `object`, got `int`", "input[0]"),
    ],
)
def test_the_path_of_a_part_begins_with_the_place_of_the_part(complained: str, param: str) -> None:
    assert to_invalid_request(msgspec.ValidationError(complained), KIND, at="input[0]").param == param


def test_text_without_a_path_is_about_the_whole_body() -> None:
    error = to_invalid_request(msgspec.ValidationError("Expected `object`, got `array`"), KIND)
    assert (error.param, error.message) == (
        None,
        "Invalid type for the request body: expected an object, but got an array instead.",
    )
