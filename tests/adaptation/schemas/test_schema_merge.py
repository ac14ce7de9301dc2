"""References inside a schema, and branches joined into one object."""

from typing import Any

import pytest

from claude_code_proxy.adaptation.schemas.schema_budget import SchemaBudget
from claude_code_proxy.adaptation.schemas.schema_merge import (
    are_mergeable,
    merge_branches,
    properties,
    redirect,
    required_names,
    resolve,
)

ROOT: dict[str, Any] = {"$defs": {"a/b": {"x": 1}, "t~": [2]}, "properties": {"p": {"q": True}}}


@pytest.mark.parametrize(
    ("reference", "found"),
    [
        ("#/$defs/a~1b/x", 1),
        ("#/$defs/t~0", [2]),
        ("#/properties/p", {"q": True}),
        ("#", ROOT),
        ("#/gone/x", None),
        ("#/$defs/t~0/0", None),
        ("other.json#/a", None),
    ],
)
def test_references_lead_inside_only(reference: str, found: object) -> None:
    assert resolve(ROOT, reference) == found


def test_what_the_schema_itself_says_wins() -> None:
    whole = merge_branches(
        {"description": "mine", "required": ["z"]},
        [{"description": "a", "title": "t"}, {"title": "u"}],
        budget=SchemaBudget(),
    )
    assert whole == {"description": "mine", "title": "t", "properties": {}, "required": ["z"]}


def test_equal_properties_are_one_and_others_must_both_hold() -> None:
    parts = [{"properties": {"a": {"type": "string"}, "b": 1}}, {"properties": {"a": {"type": "string"}, "b": 2}}]
    whole = merge_branches({}, parts, budget=SchemaBudget())
    assert whole["properties"] == {"a": {"type": "string"}, "b": {"allOf": [1, 2]}}


@pytest.mark.parametrize(
    ("schema", "parts", "closed"),
    [
        ({}, [{"additionalProperties": False}, {"additionalProperties": False}], True),
        ({}, [{"additionalProperties": False}, {}], False),
        ({"additionalProperties": False}, [{}, {}], True),
        ({}, [{"additionalProperties": False}, {"additionalProperties": True}], True),
        ({}, [{"additionalProperties": {"type": "string"}}, {}], True),
    ],
)
def test_it_is_closed_when_all_parts_are(schema: dict[str, Any], parts: list[dict[str, Any]], closed: bool) -> None:
    assert ("additionalProperties" in merge_branches(schema, parts, budget=SchemaBudget())) is closed


def test_only_plain_objects_can_be_merged() -> None:
    assert are_mergeable([{"properties": {}}, {"type": "object"}])
    assert not are_mergeable([{"type": "string"}])
    assert not are_mergeable([{"not": {}}])


def test_nonsense_has_no_properties_and_requires_nothing() -> None:
    assert properties({"properties": 1}) == {}
    assert required_names({"required": True}) == []
    assert required_names({"required": ["a", 1]}) == ["a"]


def test_every_reference_is_redirected_wherever_it_stands() -> None:
    part = {"$ref": "#/a", "anyOf": [{"$ref": "#/b"}, True], "properties": {"$ref": {"$ref": "#/c"}, "d": 1}}
    assert redirect(part, lambda reference: reference.replace("#", "#/x")) == {
        "$ref": "#/x/a",
        "anyOf": [{"$ref": "#/x/b"}, True],
        "properties": {"$ref": {"$ref": "#/x/c"}, "d": 1},
    }
