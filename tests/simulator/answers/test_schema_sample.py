"""Samples fit their schemas."""

import json
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_code_proxy.simulator.answers.schema_sample import sample

SCHEMAS: list[dict[str, Any]] = [
    {},
    {"type": "string"},
    {"type": "string", "minLength": 20, "maxLength": 22},
    {"type": "string", "maxLength": 2},
    {"type": "string", "pattern": "^[A-Z]{3}$"},
    {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"},
    *(
        {"type": "string", "format": name}
        for name in ("date-time", "date", "time", "email", "uuid", "uri", "ipv4", "ipv6")
    ),
    {"type": "integer", "minimum": 5, "maximum": 9},
    {"type": "integer", "exclusiveMinimum": 5, "multipleOf": 3},
    {"type": "integer", "maximum": -3},
    {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
    {"type": ["null", "integer"]},
    {"enum": ["a", 2]},
    {"const": {"a": 1}},
    {"type": "array", "items": {"type": "string"}, "minItems": 3, "uniqueItems": True},
    {"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}]},
    {"type": "array", "items": {"enum": ["x"]}, "maxItems": 0},
    {"type": "object", "minProperties": 2, "additionalProperties": {"type": "integer"}},
    {"type": "object", "required": ["a"], "properties": {"a": {"type": "object", "required": ["b"]}}},
    {"anyOf": [{"type": "null"}, {"type": "string"}]},
    {"oneOf": [{"type": "integer", "multipleOf": 2}, {"type": "integer", "multipleOf": 3}], "minimum": 3},
    {"allOf": [{"type": "object", "required": ["a"]}, {"properties": {"a": {"type": "boolean"}}}]},
    {"$ref": "#/$defs/a", "$defs": {"a": {"type": "array", "items": {"$ref": "#/$defs/b"}}, "b": {"type": "null"}}},
    {
        "$ref": "#/$defs/node",
        "$defs": {
            "node": {
                "type": "object",
                "properties": {
                    "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]},
                    "name": {"type": "string"},
                },
                "required": ["name"],
            }
        },
    },
    {"properties": {"type": {"const": "b"}}, "required": ["type"], "anyOf": [{"required": ["c"]}]},
]


@pytest.mark.parametrize("schema", SCHEMAS, ids=str)
@pytest.mark.parametrize("all_properties", [False, True])
def test_samples_fit(schema: dict[str, Any], all_properties: bool) -> None:
    answer = sample(schema, all_properties=all_properties)
    jsonschema_rs.Draft202012Validator(schema, validate_formats=True).validate(answer)


def _schemas() -> st.SearchStrategy[dict[str, Any]]:
    """Return schemas as real tools have them: objects of plain values, lists and enums."""
    words = st.text("abcxyz", min_size=1, max_size=4)
    leaf = st.one_of(
        st.just({"type": "string"}),
        st.builds(
            lambda low, more: {"type": "string", "minLength": low, "maxLength": low + more},
            st.integers(0, 30),
            st.integers(0, 9),
        ),
        st.builds(
            lambda low, more: {"type": "integer", "minimum": low, "maximum": low + more},
            st.integers(-99, 99),
            st.integers(0, 9),
        ),
        st.builds(lambda low: {"type": "number", "exclusiveMinimum": low}, st.integers(-9, 9)),
        st.builds(lambda values: {"enum": values}, st.lists(words, min_size=1, max_size=3)),
        st.sampled_from([{"type": "boolean"}, {"type": "null"}, {"type": ["string", "null"]}, {}]),
    )

    def deeper(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
        return st.one_of(
            st.builds(
                lambda properties, required: {
                    "type": "object",
                    "properties": properties,
                    "required": list(properties)[:required],
                    "additionalProperties": False,
                },
                st.dictionaries(words, inner, max_size=4),
                st.integers(0, 4),
            ),
            st.builds(
                lambda item, least: {"type": "array", "items": item, "minItems": least}, inner, st.integers(0, 3)
            ),
            st.builds(lambda some: {"anyOf": some}, st.lists(inner, min_size=1, max_size=3)),
        )

    return st.recursive(leaf, deeper, max_leaves=8)


@given(_schemas(), st.booleans())
def test_any_schema_of_that_kind_is_met(schema: dict[str, Any], all_properties: bool) -> None:
    answer = sample(schema, all_properties=all_properties)
    assert jsonschema_rs.Draft202012Validator(schema).is_valid(answer), answer


def test_hints_are_taken_where_they_fit() -> None:
    schema = {
        "type": "object",
        "properties": {
            "city": {"type": "string"},
            "days": {"type": "integer", "maximum": 3},
            "unit": {"enum": ["c", "f"]},
        },
        "required": ["city", "days", "unit"],
    }
    hints: dict[str, Any] = {"city": "Rome", "days": 9, "unit": "f"}
    assert sample(schema, lambda name, part: hints.get(name)) == {"city": "Rome", "days": 1, "unit": "f"}


NODE = {"$ref": "#/$defs/node"}


@pytest.mark.parametrize(
    "properties",
    [
        {"children": {"type": "array", "items": NODE}},
        {"left": {"anyOf": [NODE, {"type": "null"}]}, "right": {"anyOf": [NODE, {"type": "null"}]}},
        {"next": {"oneOf": [{"type": "null"}, NODE]}, "tags": {"type": "object", "additionalProperties": NODE}},
    ],
)
@pytest.mark.parametrize("required", [True, False])
def test_recursive_types_end_and_fit(properties: dict[str, Any], required: bool) -> None:
    node = {"type": "object", "properties": properties, "required": list(properties) if required else []}
    schema = {"$defs": {"node": {**node, "additionalProperties": False}}, **NODE}
    value = sample(schema, all_properties=True)
    assert set(value) == set(properties)
    assert jsonschema_rs.is_valid(schema, value), value


def test_a_dictionary_has_an_entry() -> None:
    schema = {"type": "object", "additionalProperties": {"type": "integer"}}
    assert list(sample(schema, all_properties=True).values()) == [1]


@pytest.mark.parametrize(
    ("schema", "keywords"),
    [
        ({"type": "array", "items": {"type": "string"}}, {"minItems": 3, "uniqueItems": True}),
        ({"type": "integer"}, {"minimum": 7, "maximum": 9}),
        ({"type": "string"}, {"pattern": "^[A-Z]{3}$"}),
        ({"type": "string"}, {"minLength": "three"}),
    ],
)
def test_keywords_in_a_description_are_read(schema: dict[str, Any], keywords: dict[str, Any]) -> None:
    words = "; ".join(f"{name}: {json.dumps(value)}" for name, value in keywords.items())
    value = sample({**schema, "description": f"Some values. ({words})"})
    usable = {name: one for name, one in keywords.items() if one != "three"}
    assert jsonschema_rs.is_valid({**schema, **usable}, value), value
