"""The rest of a request: limits, sampling, thinking, formats, tiers. The ordinary cases stand in the fixtures."""

import hashlib
import json
from typing import Any

import pytest

from claude_code_proxy import messages
from claude_code_proxy.errors import InvalidRequest
from tests.endpoints.replies import decode_chat, translated


def refusal(**fields: Any) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as caught:
        decode_chat(**fields)
    return caught.value


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, 0),
        ({"max_tokens": 5}, 5),
        ({"max_tokens": 5, "max_completion_tokens": 7}, 7),
        ({"max_tokens": 5, "max_completion_tokens": 0}, 5),
        ({"max_tokens": 5, "max_completion_tokens": -1}, 5),
        ({"max_tokens": -1}, 0),
        ({"max_tokens": -1, "max_completion_tokens": 7}, 7),
        ({"max_tokens": 5.0}, 5),
        ({"max_tokens": 10**40}, 2**53),
    ],
)
def test_the_limit(fields: Any, expected: int) -> None:
    assert decode_chat(**fields).request.max_tokens == expected


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"messages": []}, "messages"),
        ({"max_tokens": -2}, "max_tokens"),
        ({"max_tokens": 5, "max_completion_tokens": -2}, "max_completion_tokens"),
        ({"n": 0}, "n"),
        ({"n": 129}, "n"),
        ({"temperature": -0.1}, "temperature"),
        ({"temperature": 2.1}, "temperature"),
        ({"top_p": 1.1}, "top_p"),
        ({"top_p": -1}, "top_p"),
        ({"reasoning": {"effort": "enormous"}}, "reasoning.effort"),
        ({"speed": "warp"}, "speed"),
        ({"cache_control": {"type": "eternal"}}, "cache_control.type"),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"description": "x", "schema": []}}},
            "response_format.json_schema.schema",
        ),
    ],
)
def test_what_is_out_of_range_is_refused_by_name(fields: Any, param: str) -> None:
    assert refusal(**fields).param == param


@pytest.mark.parametrize("fields", [{"temperature": 0}, {"temperature": 2}, {"top_p": 0}, {"top_p": 1}])
def test_the_ends_of_the_ranges_are_in_them(fields: Any) -> None:
    assert translated(**fields).items() >= fields.items()


@pytest.mark.parametrize("n", [1, 2, 128])
def test_several_choices(n: int) -> None:
    assert decode_chat(n=n).n == n
    assert decode_chat(n=None).n == 1


@pytest.mark.parametrize(
    ("stop", "expected"),
    [(None, None), ("", None), ([], None), ([""], None), ("a", ["a"]), (["a", "b", "a"], ["a", "b"]), ("\n", ["\n"])],
)
def test_stop(stop: Any, expected: Any) -> None:
    assert translated(stop=stop).get("stop_sequences") == expected


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        (None, None),
        ({"type": "text"}, None),
        ({"type": "json_object"}, {"type": "json_object"}),
        ({"type": "json_schema", "json_schema": {"name": "x"}}, {"type": "json_object"}),
        ({"type": "json_schema", "json_schema": {"schema": {"a": 1}}}, {"type": "json_schema", "schema": {"a": 1}}),
        ({"json_schema": {"schema": {"a": 1}}}, {"type": "json_schema", "schema": {"a": 1}}),
    ],
)
def test_response_formats(form: Any, expected: Any) -> None:
    assert translated(response_format=form).get("output_config", {}).get("format") == expected


def test_a_schema_format_without_a_schema_is_told() -> None:
    (note,) = decode_chat(response_format={"type": "json_schema", "json_schema": {"name": "x"}}).adjustments
    assert (note.path, note.action) == ("response_format", "mapped")


def test_a_description_of_its_own_is_kept() -> None:
    described = {"name": "x", "description": "outside", "schema": {"type": "object", "description": "inside"}}
    made = translated(response_format={"type": "json_schema", "json_schema": described})
    assert made["output_config"]["format"]["schema"] == {"description": "inside", "type": "object"}


@pytest.mark.parametrize(
    ("tier", "service_tier", "speed", "found"),
    [
        (None, None, None, False),
        ("", None, None, False),
        ("auto", "auto", None, False),
        ("default", "standard_only", None, False),
        ("standard_only", "standard_only", None, False),
        ("priority", "auto", None, False),
        ("fast", "auto", "fast", False),
        ("flex", "auto", None, True),
        ("ultra", "auto", None, True),
    ],
)
def test_service_tiers(tier: str | None, service_tier: str | None, speed: str | None, found: bool) -> None:
    made = decode_chat(service_tier=tier)
    assert (made.request.service_tier, made.request.speed) == (service_tier, speed)
    assert [note.path for note in made.adjustments] == ["service_tier"] * found


def test_people_are_hashed() -> None:
    assert translated(user="ada")["metadata"] == {"user_id": hashlib.sha256(b"ada").hexdigest()}
    assert translated(user="ada", safety_identifier="s")["metadata"] == {"user_id": hashlib.sha256(b"s").hexdigest()}
    assert "metadata" not in translated(user="")


def test_the_same_request_makes_the_same_bytes() -> None:
    """Else nothing would ever be read from the prompt cache."""
    fields = {"tools": [{"type": "custom", "custom": {"name": "b"}}], "user": "ada", "stop": ["b", "a", "b"]}
    assert len({messages.encode_request(decode_chat(**fields).request) for _ in range(3)}) == 1
    assert json.loads(messages.encode_request(decode_chat(**fields).request))["stop_sequences"] == ["b", "a"]


def test_of_two_limits_the_one_that_loses_is_told() -> None:
    found = [(one.path, one.action) for one in decode_chat(max_tokens=10, max_completion_tokens=20).adjustments]
    assert found == [("max_tokens", "ignored")]
    assert decode_chat(max_tokens=20, max_completion_tokens=20).adjustments == ()


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"user": "ada", "safety_identifier": "s"}, "user"),
        ({"tool_choice": "auto", "function_call": "none"}, "function_call"),
        ({"stop": ""}, "stop"),
        ({"stop": [""]}, "stop"),
    ],
)
def test_what_loses_or_says_nothing_is_told(fields: Any, param: str) -> None:
    assert [(note.path, note.action) for note in decode_chat(**fields).adjustments] == [(param, "ignored")]


def test_anthropics_own_fields_pass_as_they_are() -> None:
    own = {
        "container": {"id": "container_1"},
        "context_management": {"edits": [{"type": "clear_tool_uses_20250919", "keep": {"value": 3}}]},
        "fallbacks": [{"model": "claude-haiku-5-5"}],
        "mcp_servers": [{"type": "url", "url": "https://example.com", "name": "a"}],
    }
    request = translated(**own)
    assert {name: request[name] for name in own} == own
    assert decode_chat(**own).adjustments == ()
    assert translated(**dict.fromkeys(own)) == translated()
    assert translated(extra_body=own) == request
