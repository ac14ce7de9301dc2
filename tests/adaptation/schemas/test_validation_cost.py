"""What holding a value against a schema may cost, with references followed."""

import json
from typing import Any

import pytest

from claude_code_proxy.adaptation.schemas.validation_cost import (
    MOST_BACKTRACKED,
    MOST_FOR_EXPLANATION,
    MOST_FOR_VALIDITY,
    ValidationCost,
    cost_of,
)
from tests.adaptation.schemas.bombs import BOMBS

TEXT = {"type": "string"}
LIST = {
    "$defs": {"t": {"properties": {"next": {"anyOf": [{"$ref": "#/$defs/t"}, {"type": "null"}]}}}},
    "$ref": "#/$defs/t",
}


def cost(schema: Any) -> ValidationCost:
    return cost_of(json.dumps(schema).encode())


def nested(word: str, depth: int) -> Any:
    return {word: [nested(word, depth - 1)]} if depth else TEXT


@pytest.mark.parametrize(
    ("schema", "parts", "union"),
    [
        (True, 1, 0),
        ({}, 1, 0),
        ({"type": "object", "properties": {"a": TEXT, "b": TEXT}}, 3, 0),
        ({"enum": [1, 2, 3]}, 4, 0),
        ({"properties": {"enum": TEXT}}, 2, 0),
        ({"anyOf": [TEXT, TEXT]}, 3, 3),
        ({"properties": {"a": {"oneOf": [TEXT, {"properties": {"b": TEXT}}]}}}, 5, 4),
        ({"$defs": {"a": {"properties": {"b": TEXT}}}, "allOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/a"}]}, 7, 0),
    ],
)
def test_parts_are_counted_wherever_they_are_referred_to(schema: Any, parts: int, union: int) -> None:
    assert (cost(schema).parts, cost(schema).union) == (parts, union)


def test_a_definition_that_refers_to_itself_is_recursive() -> None:
    assert cost(LIST).recursive
    assert not cost({"$defs": {"a": TEXT}, "items": {"$ref": "#/$defs/a"}}).recursive


@pytest.mark.parametrize("reference", ["#name", "other.json", "#/anyOf/0", "#/nowhere"])
def test_what_cannot_be_followed_may_cost_anything(reference: str) -> None:
    found = cost({"$ref": reference, "anyOf": [TEXT]})
    assert not found.allows_validation(b"1")
    assert not found.allows_explanation(b"1")


def test_unions_in_unions_are_not_explained_at_once() -> None:
    assert cost(nested("anyOf", 8)).allows_explanation(b"1")
    assert not cost(nested("anyOf", 9)).allows_explanation(b"1")
    assert cost(nested("allOf", 20)).allows_explanation(b"1")


@pytest.mark.parametrize(
    ("pattern", "backtracks"),
    [("^[a-z]+$", False), ("(?:a|b)*", False), ("(?=a)(a+)+$", True), (r"(a)\\1", True), ("(?<!a)b", True)],
)
def test_patterns_that_only_backtracking_can_run(pattern: str, backtracks: bool) -> None:
    for schema in ({"pattern": pattern}, {"patternProperties": {pattern: TEXT}}, {"items": {"pattern": pattern}}):
        assert cost(schema).backtracks is backtracks
    assert cost({"pattern": pattern}).allows_validation(b"x" * (MOST_BACKTRACKED + 1)) is not backtracks


def test_the_value_counts_as_the_schema_does() -> None:
    found = cost({"anyOf": [TEXT] * 99})
    assert found.allows_validation(b"," * (MOST_FOR_VALIDITY // 100 - 1))
    assert not found.allows_validation(b"," * (MOST_FOR_VALIDITY // 100))
    assert found.allows_explanation(b"," * (MOST_FOR_EXPLANATION // 100 - 1))
    assert not found.allows_explanation(b"," * (MOST_FOR_EXPLANATION // 100))


@pytest.mark.parametrize("name", BOMBS)
def test_any_schema_is_measured(name: str) -> None:
    schema, _ = BOMBS[name]
    assert cost(schema).parts > 1


def test_a_schema_that_is_nested_without_end_may_cost_anything() -> None:
    deep = b'{"items":' * 900 + b"{}" + b"}" * 900
    assert not cost_of(deep).allows_explanation(b"1") or cost_of(deep).parts == 901
