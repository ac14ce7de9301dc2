"""Schemas in the text of a prompt: which are found, and which JSON is no schema."""

import json
from typing import Any

import pytest

from claude_code_proxy.simulator.answers.prompt_schema import find_schema

CITY: dict[str, Any] = {"type": "object", "properties": {"name": {"type": "string"}}}


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(CITY),
        f"Answer in JSON by this schema:\n```json\n{json.dumps(CITY, indent=2)}\n```\nNot the schema itself.",
        f"{{an example}} {{'a': 1}} then {json.dumps(CITY)} and {{}} and more",
        json.dumps({"type": "json_schema", "json_schema": {"name": "city", "schema": CITY}}),
    ],
)
def test_a_schema_is_found(text: str) -> None:
    assert find_schema(text) == CITY


@pytest.mark.parametrize("text", ["", "no braces", '{"name": "Paris"}', "{" * 10_000, '{"type": "weather"}'])
def test_other_json_is_no_schema(text: str) -> None:
    assert find_schema(text) is None
