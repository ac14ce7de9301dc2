"""What older and sloppy schemas meant."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_code_proxy.adaptation.schemas.schema_upgrade import upgrade_schema
from claude_code_proxy.simulator.rules.tools import is_draft_2020_12


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"minimum": 1, "exclusiveMinimum": True}, {"exclusiveMinimum": 1}),
        ({"maximum": 1, "exclusiveMaximum": False}, {"maximum": 1}),
        ({"exclusiveMinimum": True}, {}),
        (
            {"items": [{"type": "string"}], "additionalItems": False},
            {"prefixItems": [{"type": "string"}], "items": False},
        ),
        ({"items": [{"type": "String"}, True]}, {"prefixItems": [{"type": "string"}, True]}),
        ({"type": "any"}, {}),
        ({"type": ["string", "null", "null"]}, {"type": ["string", "null"]}),
        ({"type": ["string", "null"]}, {"type": ["string", "null"]}),
        ({"type": ["string", "file"]}, {}),
        ({"required": True}, {}),
        ({"required": ["a", "a"]}, {"required": ["a"]}),
        ({"required": ["a"]}, {"required": ["a"]}),
        ({"properties": None, "description": 5, "title": "t"}, {"title": "t"}),
        ({"properties": {"a": {"type": "any"}, "b": "x"}}, {"properties": {"a": {}, "b": {}}}),
        ({"$defs": {"A": {"required": False}}}, {"$defs": {"A": {}}}),
        ({"anyOf": []}, {}),
        ({"anyOf": [{"type": "any"}]}, {"anyOf": [{}]}),
        ({"not": {"type": "any"}}, {"not": {}}),
        ({"minLength": "3", "maxLength": 3, "minItems": -1, "multipleOf": 0}, {"minLength": 3, "maxLength": 3}),
        (
            {"type": "any", "uniqueItems": True, "minItems": 0, "minimum": 0},
            {"uniqueItems": True, "minItems": 0, "minimum": 0},
        ),
        ({"uniqueItems": "yes", "enum": "a", "default": None}, {"default": None}),
        ({"x-own": {"any": "thing"}}, {"x-own": {"any": "thing"}}),
        (True, True),
        ("x", {}),
    ],
)
def test_meaning_is_kept_and_nonsense_left_out(old: Any, new: Any) -> None:
    assert upgrade_schema(old).schema == new
    assert is_draft_2020_12(new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"type": "int"}, {"type": "integer"}),
        ({"type": "STR"}, {"type": "string"}),
        ({"type": ["Float", "none"]}, {"type": ["number", "null"]}),
        (
            {"type": "dict", "properties": {"a": {"type": "list"}}},
            {"type": "object", "properties": {"a": {"type": "array"}}},
        ),
        ({"type": ["string", "any"]}, {}),
        ({"minimum": "1", "maxLength": "30", "multipleOf": "0.5"}, {"minimum": 1, "maxLength": 30, "multipleOf": 0.5}),
        ({"additionalProperties": "false"}, {"additionalProperties": False}),
        ({"required": ["a", "b", "a"]}, {"required": ["a", "b"]}),
        (
            {"properties": {"a": {"required": True}, "b": {"required": False}}, "required": ["b"]},
            {"properties": {"a": {}, "b": {}}, "required": ["b", "a"]},
        ),
        ({"divisibleBy": 3}, {"multipleOf": 3}),
        (
            {"dependencies": {"a": ["b"], "c": {"required": ["d"]}}},
            {"dependentRequired": {"a": ["b"]}, "dependentSchemas": {"c": {"required": ["d"]}}},
        ),
        ({"type": "string", "nullable": True}, {"type": ["string", "null"]}),
        ({"type": "string", "enum": ["x"], "nullable": True}, {"type": ["string", "null"], "enum": ["x", None]}),
        ({"$ref": "#/$defs/A", "nullable": True}, {"anyOf": [{"$ref": "#/$defs/A"}, {"type": "null"}]}),
        ({"type": "string", "nullable": False}, {"type": "string", "nullable": False}),
        ({"pattern": None, "description": 5}, {}),
    ],
)
def test_what_is_plain_is_rewritten_without_loss(old: Any, new: Any) -> None:
    upgraded = upgrade_schema(old)
    assert (upgraded.schema, upgraded.loses) == (new, False)
    assert is_draft_2020_12(new)


@pytest.mark.parametrize(
    "old",
    [
        {"type": "file"},
        {"type": ["string", "file"]},
        {"minimum": "low"},
        {"required": ["a", 1]},
        {"enum": "a"},
        {"properties": ["a"]},
        {"properties": {"a": "string"}},
        {"anyOf": []},
        {"items": {"pattern": 5}},
        "string",
    ],
)
def test_what_is_no_schema_is_a_loss(old: Any) -> None:
    assert upgrade_schema(old).loses


_SPELLINGS = {
    "integer": ["int", "INTEGER", "int64"],
    "number": ["float", "Double"],
    "string": ["str", "STRING", "text"],
    "boolean": ["bool", "Boolean"],
    "object": ["dict", "OBJECT"],
    "array": ["list", "Array"],
}


@given(st.data())
def test_a_sloppy_spelling_means_what_the_plain_one_does(data: st.DataObject) -> None:
    """Older forms and nicknames, alone and together; none of them is a loss."""
    plain: dict[str, Any] = {}
    sloppy: dict[str, Any] = {}
    needed: list[str] = []
    for key in data.draw(st.lists(st.sampled_from("abcd"), unique=True)):
        kind = data.draw(st.sampled_from(sorted(_SPELLINGS)))
        plain[key] = {"type": kind}
        sloppy[key] = {"type": data.draw(st.sampled_from([kind, *_SPELLINGS[kind]]))}
        if kind in {"integer", "number"} and data.draw(st.booleans()):
            plain[key]["minimum"], sloppy[key]["minimum"] = 3, "3"
        if kind == "string" and data.draw(st.booleans()):
            plain[key]["type"], sloppy[key]["nullable"] = ["string", "null"], True
        if data.draw(st.booleans()):
            needed.append(key)
            sloppy[key] |= {"required": True} if data.draw(st.booleans()) else {}
    doubled = [*needed, *data.draw(st.lists(st.sampled_from(needed), max_size=2))] if needed else []
    upgraded = upgrade_schema({"type": "object", "properties": sloppy, "required": doubled})
    assert not upgraded.loses
    assert upgraded.schema["properties"] == plain
    assert set(upgraded.schema.get("required", [])) == set(needed)
