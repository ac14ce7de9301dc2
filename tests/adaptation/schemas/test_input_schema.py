"""Schemas that the service takes for input, with the meaning they had."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Raw

from claude_code_proxy import messages
from claude_code_proxy.adaptation.reply.arguments import reshaped, restored
from claude_code_proxy.adaptation.schemas.input_schema import normalize_input_schema
from claude_code_proxy.errors import InvalidRequest
from claude_code_proxy.simulator.rules.tools import is_draft_2020_12
from tests.adaptation import odd_schemas
from tests.adaptation.requests import MODELS, SCHEMAS, accepted, adapted, request, tool


def made(schema: Any) -> Any:
    form = normalize_input_schema(json.dumps(schema).encode())
    return schema if form.raw is None else json.loads(bytes(form.raw))


def test_a_schema_that_is_fine_is_not_touched() -> None:
    fine = {"type": "object", "properties": {"a": {"$ref": "#/$defs/A"}}, "$defs": {"A": {"type": "string"}}}
    assert normalize_input_schema(json.dumps(fine).encode()).raw is None
    assert normalize_input_schema(b'{"type":"object"}').raw is None


def test_trap_43_a_missing_type_is_object() -> None:
    assert made({"properties": {"a": {}}}) == {"type": "object", "properties": {"a": {}}}
    assert made({"type": ["object", "null"], "properties": {"a": {}}})["type"] == "object"
    assert made({"type": None, "properties": {}})["type"] == "object"


def test_trap_44_a_reference_at_the_top_is_put_in_place() -> None:
    node = {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}}}
    assert made({"$ref": "#/$defs/Node", "$defs": {"Node": node}, "description": "d"}) == {
        **node,
        "description": "d",
        "$defs": {"Node": node},
    }


@pytest.mark.parametrize("reference", ["#", "#/$defs/Gone", "https://example.com/a.json"])
def test_trap_44_a_reference_to_nowhere_leaves_an_open_object(reference: str) -> None:
    assert made({"$ref": reference}) == {"type": "object"}


def test_trap_44_all_of_is_merged() -> None:
    whole = made({
        "allOf": [
            {
                "type": "object",
                "properties": {"a": {"type": "string"}},
                "required": ["a"],
                "additionalProperties": False,
            },
            {"$ref": "#/definitions/B"},
        ],
        "properties": {"a": {"minLength": 1}},
        "definitions": {"B": {"properties": {"b": {}}, "required": ["b", "a"]}},
    })
    assert whole["properties"] == {"a": {"allOf": [{"minLength": 1}, {"type": "string"}]}, "b": {}}
    assert whole["required"] == ["a", "b"]
    assert "allOf" not in whole
    assert "additionalProperties" not in whole


@pytest.mark.parametrize("word", ["anyOf", "oneOf", "allOf"])
def test_trap_44_a_union_of_one_is_that_one(word: str) -> None:
    one = {"type": "object", "properties": {"a": {}}, "additionalProperties": False}
    assert made({word: [one, {"type": "null"}]}) == one


@pytest.mark.parametrize("word", ["anyOf", "oneOf"])
def test_trap_44_a_real_union_is_wrapped_whole(word: str) -> None:
    schema = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        word: [{"$ref": "#/$defs/A"}, {"type": "object", "properties": {"self": {"$ref": "#"}}}],
        "$defs": {"A": {"type": "object"}},
    }
    assert made(schema) == {
        "type": "object",
        "properties": {
            "value": {
                word: [
                    {"$ref": "#/$defs/A"},
                    {"type": "object", "properties": {"self": {"$ref": "#/properties/value"}}},
                ]
            }
        },
        "required": ["value"],
        "additionalProperties": False,
        "$defs": {"A": {"type": "object"}},
    }


def test_trap_44_all_of_that_says_more_than_properties_is_wrapped() -> None:
    tricky = {"type": "object", "allOf": [{"if": {"required": ["a"]}, "then": {"required": ["b"]}}]}
    assert made(tricky)["properties"] == {"value": tricky}


def test_another_type_is_wrapped() -> None:
    assert made({"type": "array", "items": {"type": "string"}})["properties"]["value"]["type"] == "array"


@pytest.mark.parametrize("kind", ["OBJECT", "dict", ["Object", "null"]])
def test_an_object_by_another_name_is_not_wrapped(kind: Any) -> None:
    schema = made({"type": kind, "properties": {"a": {"type": "STRING"}}})
    assert schema == {"type": "object", "properties": {"a": {"type": "string"}}}


def test_properties_that_are_none_are_a_loss_where_they_said_something() -> None:
    assert normalize_input_schema(b'{"type":"object","properties":[{"name":"a"}]}').loses
    assert not normalize_input_schema(b'{"type":"object","properties":[]}').loses


def test_trap_45_illegal_property_names_are_rewritten() -> None:
    form = normalize_input_schema(
        json.dumps({
            "properties": {"_top": {}, "$top": {"type": "integer"}, "k" * 65: {}, "": {}},
            "required": ["$top"],
        }).encode()
    )
    schema = json.loads(bytes(form.raw or b""))
    assert list(schema["properties"]) == ["_top", "_top_2", "k" * 64, "property"]
    assert schema["required"] == ["_top_2"]
    assert form.keys == (("_top_2", "$top"), ("k" * 64, "k" * 65), ("property", ""))
    assert form.reshapes


def test_older_drafts_are_rewritten() -> None:
    assert made({"type": "object", "properties": {"n": {"minimum": 1, "exclusiveMinimum": True}}}) == {
        "type": "object",
        "properties": {"n": {"exclusiveMinimum": 1}},
    }


def test_a_property_beyond_repair_is_left_open_and_told() -> None:
    nonsense = {
        "type": "object",
        "properties": {
            "a": {"description": "d", "pattern": "x", "$dynamicRef": "#nowhere", "dependentRequired": {"a": 1}},
            "b": {"type": "string"},
        },
        "required": ["a", "c"],
        "$defs": {"D": {"dependentRequired": {"a": 1}}},
    }
    form = normalize_input_schema(json.dumps(nonsense).encode())
    assert json.loads(bytes(form.raw or b"")) == {
        "type": "object",
        "properties": {"a": {"description": "d"}, "b": {"type": "string"}},
        "required": ["a"],
        "$defs": {"D": {}},
    }
    assert form.loses
    sent = adapted(request(tools=(tool("look", nonsense),)))
    assert [one.changes_meaning for one in sent.adjustments] == [True]


@pytest.mark.parametrize("depth", [450, 3000])
def test_a_schema_nested_without_end_is_refused(depth: int) -> None:
    deep = b'{"anyOf":[{"type":"object","properties":{"a":' * depth + b"{}" + b"}}]}" * depth
    assert normalize_input_schema(deep).fault == "The schema is nested too deep."


@pytest.mark.parametrize("schema", SCHEMAS, ids=range(len(SCHEMAS)))
def test_what_comes_out_is_taken_and_stays_as_it_is(schema: Any) -> None:
    once = made(schema)
    assert is_draft_2020_12(once)
    assert made(once) == once
    accepted(adapted(request(tools=(tool("look", once),))))


KEYS = st.sampled_from([
    "type",
    "properties",
    "required",
    "items",
    "anyOf",
    "allOf",
    "oneOf",
    "$ref",
    "$defs",
    "enum",
    "const",
    "minimum",
    "exclusiveMinimum",
    "additionalProperties",
    "description",
    "not",
    "pattern",
    "minLength",
    "a",
])
VALUES = st.recursive(
    st.sampled_from(["object", "string", "any", "#/$defs/a", "#", True, False, None, 1, -1, "a", 0.5]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(KEYS, VALUES, max_size=5))
def test_any_object_becomes_a_schema_that_the_service_takes(schema: Any) -> None:
    accepted(adapted(request(tools=(tool("look", schema), tool("find", schema, strict=True)))))


@given(odd_schemas.schemas, odd_schemas.arguments)
@settings(max_examples=400, deadline=None)
def test_trap_44_and_45_what_a_schema_allows_stays_the_same(schema: Any, value: Any) -> None:
    """The arguments that the caller's schema allows are those that the sent one allows; they come back as they were."""
    form = normalize_input_schema(json.dumps(schema).encode())
    sent = schema if form.raw is None else json.loads(bytes(form.raw))
    before = odd_schemas.allows(schema, value)
    if form.loses or not is_draft_2020_12(schema) or before is None:
        return
    down = reshaped(Raw(json.dumps(value).encode()), form)
    assert odd_schemas.allows(sent, json.loads(bytes(down))) == before
    assert json.loads(bytes(restored(down, form))) == value


@given(odd_schemas.schemas, st.sampled_from(MODELS), st.booleans())
@settings(max_examples=200, deadline=None)
def test_any_schema_is_taken_as_a_tools_and_as_a_formats(schema: Any, model: str, strict: bool) -> None:
    shape = messages.OutputConfig(format=messages.JsonSchema(Raw(json.dumps(schema).encode())))
    try:
        sent = adapted(request(model=model, tools=(tool("look", schema, strict=strict),), output_config=shape))
    except InvalidRequest:
        assert not is_draft_2020_12(schema)
        return
    accepted(sent)
    assert adapted(sent.request).request == sent.request


def test_trap_45_a_name_is_followed_wherever_the_schema_says_it() -> None:
    schema = {
        "type": "object",
        "properties": {"$top": {"type": "integer"}, "next": {"$ref": "#/properties/$top"}},
        "required": ["$skip"],
        "dependentRequired": {"next": ["$top"], "$top": ["next"]},
        "dependentSchemas": {"$top": {"required": ["$skip"]}},
        "if": {"properties": {"$top": {"const": 1}}},
        "then": {"not": {"anyOf": [{"required": ["next", "$skip"]}]}},
    }
    assert made(schema) == {
        "type": "object",
        "properties": {"_top": {"title": "$top", "type": "integer"}, "next": {"$ref": "#/properties/_top"}},
        "required": ["_skip"],
        "dependentRequired": {"next": ["_top"], "_top": ["next"]},
        "dependentSchemas": {"_top": {"required": ["_skip"]}},
        "if": {"properties": {"_top": {"const": 1}}},
        "then": {"not": {"anyOf": [{"required": ["next", "_skip"]}]}},
    }


def test_trap_45_names_further_in_are_the_callers_own() -> None:
    """Only those at the top are refused."""
    schema = {"type": "object", "properties": {"a": {"type": "object", "properties": {"$in": {"type": "string"}}}}}
    assert normalize_input_schema(json.dumps(schema).encode()).raw is None


def test_a_schema_that_came_as_json_text_is_read() -> None:
    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    form = normalize_input_schema(json.dumps(json.dumps(schema)).encode())
    assert json.loads(bytes(form.raw or b"")) == schema
    assert (form.loses, form.reasons) == (False, ("it was JSON text",))


@pytest.mark.parametrize("text", ["none of it", "[1]", "5", '{"type":'])
def test_another_text_in_place_of_a_schema_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        adapted(request(tools=(tool("look"), tool("find", text))))
    assert caught.value.path == "tools[1].input_schema"


@pytest.mark.parametrize(("schema", "loses"), [(None, False), (True, False), ("", False), ([1], True), (5, True)])
def test_what_is_no_schema_at_all_is_a_loss(schema: Any, loses: bool) -> None:
    form = normalize_input_schema(json.dumps(schema).encode())
    assert (form.loses, json.loads(bytes(form.raw or b""))) == (loses, {"type": "object", "properties": {}})


def test_duplicates_and_nicknames_are_rewritten_without_loss() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "int", "required": True}}, "required": ["a", "a"]}
    form = normalize_input_schema(json.dumps(schema).encode())
    assert json.loads(bytes(form.raw or b"")) == {
        "type": "object",
        "properties": {"a": {"type": "integer"}},
        "required": ["a"],
    }
    assert not form.loses
