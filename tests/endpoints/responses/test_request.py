"""The other fields of a request."""

from typing import Any

import pytest

from claude_code_proxy.errors import InvalidRequest
from tests.endpoints.responses.responses_replies import adjusted, decode, translated

SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}}


def test_the_smallest_request() -> None:
    assert translated() == {
        "model": "claude-default",
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Hello."}]}],
    }


@pytest.mark.parametrize(
    ("field", "value", "made"),
    [
        ("model", "claude-x", {"model": "claude-x"}),
        ("max_output_tokens", 100, {"max_tokens": 100}),
        ("temperature", 0.5, {"temperature": 0.5}),
        ("top_p", 0.5, {"top_p": 0.5}),
        ("service_tier", "default", {"service_tier": "standard_only"}),
        ("service_tier", "flex", {"service_tier": "auto"}),
        ("service_tier", "fast", {"service_tier": "auto", "speed": "fast"}),
        ("reasoning", {"effort": "high"}, {"thinking": {"type": "adaptive"}, "output_config": {"effort": "high"}}),
        ("reasoning", {"effort": "none", "summary": "auto"}, {"thinking": {"type": "disabled"}}),
        (
            "reasoning",
            {"effort": "low", "summary": "detailed"},
            {"thinking": {"type": "adaptive", "display": "summarized"}, "output_config": {"effort": "low"}},
        ),
        ("reasoning", {}, {}),
        ("reasoning", {"context": "all_turns"}, {}),
        ("text", {"format": {"type": "text"}, "verbosity": "low"}, {}),
        ("text", {"format": {"type": "json_object"}}, {"output_config": {"format": {"type": "json_object"}}}),
        (
            "text",
            {"format": {"type": "json_schema", "name": "n", "strict": True, "schema": SCHEMA}},
            {"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}},
        ),
        (
            "text",
            {"format": {"type": "json_schema", "name": "n", "schema": SCHEMA, "description": "A number."}},
            {"output_config": {"format": {"type": "json_schema", "schema": {"description": "A number.", **SCHEMA}}}},
        ),
    ],
)
def test_fields(field: str, value: object, made: dict[str, Any]) -> None:
    whole = translated(**{field: value})
    assert {name: whole[name] for name in made} == made
    assert whole.keys() - made.keys() <= {"model", "messages"}


def test_a_user_is_hashed() -> None:
    (hashed,) = translated(user="ada@example.com")["metadata"].values()
    assert hashed == translated(safety_identifier="ada@example.com", user="bob")["metadata"]["user_id"]
    assert "ada" not in hashed


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"input": []}, "input"),
        ({"input": ""}, "input"),
        ({"input": None}, "input"),
        ({"temperature": 3}, "temperature"),
        ({"max_output_tokens": -2}, "max_output_tokens"),
        ({"text": {"format": {"type": "json_schema", "schema": 3, "description": "x"}}}, "text.format.schema"),
        ({"reasoning": {"effort": "huge"}}, "reasoning.effort"),
        ({"previous_response_id": "resp_0"}, "previous_response_id"),
        (
            {
                "input": [
                    {"type": "configuration_update", "reasoning": {"effort": "huge"}},
                    {"role": "user", "content": "x"},
                ]
            },
            "input[0].reasoning.effort",
        ),
    ],
)
def test_mistakes_name_the_field(fields: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        decode(**fields)
    assert (refusal.value.param, refusal.value.status) == (param, 400)


def test_the_last_configuration_counts() -> None:
    update = {"type": "configuration_update", "reasoning": {"effort": "low"}}
    items = [update | {"reasoning": {"effort": "max"}}, {"role": "user", "content": "x"}, update]
    assert translated(reasoning={"effort": "high"}, input=items)["output_config"] == {"effort": "low"}


def test_instructions_may_be_items() -> None:
    items = [{"role": "developer", "content": "Be brief."}, {"role": "user", "content": "An example."}]
    made = translated(instructions=items)
    assert [block["text"] for block in made["system"]] == ["Be brief.", "An example."]


def test_what_claude_does_not_have_is_named() -> None:
    request = decode(
        top_logprobs=3, truncation="auto", background=False, max_tool_calls=2, foo=1, reasoning={"mode": "pro"}
    )
    assert adjusted(request) == dict.fromkeys(["top_logprobs", "max_tool_calls", "foo", "reasoning.mode"], "ignored")
