"""Effort, form and length of an answer, each from the field that says it best."""

from typing import Any

import pytest

from claude_code_proxy.errors import InvalidRequest
from tests.endpoints.replies import decode_chat, translated

SCHEMA = {"type": "json_schema", "schema": {"type": "object"}}


def notes(**fields: Any) -> list[tuple[str, str]]:
    return [(note.path, str(note.action)) for note in decode_chat(**fields).adjustments]


@pytest.mark.parametrize(
    ("fields", "effort", "told"),
    [
        ({"output_config": {"effort": "max"}}, "max", []),
        ({"output_config": {"effort": "max"}, "reasoning_effort": "max"}, "max", []),
        ({"output_config": {"effort": "max"}, "reasoning_effort": "low"}, "max", [("reasoning_effort", "ignored")]),
        ({"output_config": {"effort": "low"}, "thinking": {"type": "disabled"}}, "low", []),
        ({"output_config": {}, "reasoning_effort": "low"}, "low", []),
        ({"verbosity": "low"}, "low", [("verbosity", "mapped")]),
        ({"verbosity": "high"}, "high", [("verbosity", "mapped")]),
        ({"verbosity": "medium"}, None, []),
        ({"verbosity": None}, None, []),
        ({"verbosity": "loud"}, None, [("verbosity", "ignored")]),
    ],
)
def test_effort(fields: dict[str, Any], effort: str | None, told: list[tuple[str, str]]) -> None:
    request = translated(**fields)
    assert request.get("output_config", {}).get("effort") == effort
    assert "system" not in request
    assert notes(**fields) == told


@pytest.mark.parametrize(
    "fields",
    [
        {"reasoning_effort": "high"},
        {"reasoning": {"max_tokens": 2000}},
        {"thinking": {"type": "adaptive"}},
        {"output_config": {"effort": "high"}},
    ],
)
def test_verbosity_is_an_instruction_where_effort_is_set(fields: dict[str, Any]) -> None:
    request = translated(**fields, verbosity="low")
    assert request.get("output_config", {}).get("effort") in {None, "high"}
    assert len(request["system"]) == 1
    assert ("verbosity", "emulated") in notes(**fields, verbosity="low")


def test_the_form() -> None:
    assert translated(output_config={"format": SCHEMA})["output_config"]["format"] == SCHEMA
    both = {"output_config": {"format": SCHEMA}, "response_format": {"type": "json_object"}}
    assert translated(**both)["output_config"]["format"] == {"type": "json_object"}
    assert notes(**both) == [("output_config.format", "ignored")]


def test_a_form_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidRequest) as refused:
        decode_chat(output_config={"format": {"type": "yaml"}})
    assert refused.value.param == "output_config.format"
