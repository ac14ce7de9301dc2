"""What a grammar can hold of a schema, and what is left to words."""

import json
from typing import Any

import pytest
from hypothesis import given, settings

from claude_code_proxy.adaptation.schemas.grammar_subset import to_subset
from claude_code_proxy.adaptation.schemas.input_schema import normalize_input_schema
from claude_code_proxy.simulator.answers.schema_sample import sample
from claude_code_proxy.simulator.rules.structured import check_subset
from tests.adaptation import odd_schemas


def written(schema: Any) -> Any:
    raw = to_subset(json.dumps(schema).encode()).raw
    if raw is None:
        return None
    made = json.loads(bytes(raw))
    check_subset(made, "schema")
    return made


def closed(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "additionalProperties": False}


@pytest.mark.parametrize(
    ("schema", "made"),
    [
        ({"type": "string", "minLength": 2}, {"type": "string", "description": "(minLength: 2)"}),
        (
            {"type": "string", "description": "d", "format": "phone"},
            {"type": "string", "description": 'd (format: "phone")'},
        ),
        ({"type": "string", "format": "uuid"}, {"type": "string", "format": "uuid"}),
        ({"type": "string", "pattern": "^a+$"}, {"type": "string", "pattern": "^a+$"}),
        ({"type": "string", "pattern": "^(?=a)"}, {"type": "string", "description": '(pattern: "^(?=a)")'}),
        ({"type": "string", "pattern": r"\bword\b"}, {"type": "string", "description": '(pattern: "\\\\bword\\\\b")'}),
        (
            {"type": "array", "minItems": 3, "items": True},
            {"type": "array", "items": {}, "minItems": 1, "description": "(minItems: 3)"},
        ),
        ({"type": "array", "minItems": 1}, {"type": "array", "minItems": 1}),
        ({"type": "array", "minItems": 0}, {"type": "array", "minItems": 0}),
        (
            {"type": "array", "prefixItems": [{"type": "string"}]},
            {"type": "array", "description": '(prefixItems: [{"type":"string"}])'},
        ),
        ({"enum": ["a", 1, None]}, {"enum": ["a", 1, None]}),
        ({"enum": [{"a": 1}]}, {"description": '(enum: [{"a":1}])'}),
        ({"const": [1]}, {"description": "(const: [1])"}),
        ({"oneOf": [{"type": "string"}, {"type": "null"}]}, {"anyOf": [{"type": "string"}, {"type": "null"}]}),
        ({"not": {"const": 1}, "title": "t", "examples": [1]}, {"title": "t", "description": '(not: {"const":1})'}),
        ({"allOf": [{"type": "string"}], "description": "d"}, {"type": "string", "description": "d"}),
        ({"properties": {"a": True}}, closed(a={})),
        ({**closed(a={}), "required": ["a", "b"]}, {**closed(a={}, b={}), "required": ["a", "b"]}),
        (closed(), closed()),
        ({"allOf": [closed(a={}), {"properties": {"b": {}}}]}, closed(a={}, b={})),
    ],
)
def test_keywords_one_by_one(schema: Any, made: Any) -> None:
    assert written(schema) == made


def test_whether_all_of_it_is_held() -> None:
    assert to_subset(json.dumps(closed(a={"type": "string", "description": "d"})).encode()).exact
    assert not to_subset(b'{"type":"string","maxLength":3}').exact


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object"},
        {"type": "object", "additionalProperties": {"type": "string"}},
        {"type": "object", "properties": {"a": {}}, "additionalProperties": {"type": "string"}},
        closed(a={"type": ["object", "null"]}),
        {"$ref": "#"},
        {"$ref": "https://example.com/schema.json"},
        {"$ref": "#/$defs/Node", "$defs": {"Node": closed(next={"$ref": "#/$defs/Node"})}},
        {"allOf": [{"type": "string"}, {"type": "string", "minLength": 1}]},
        {**closed(a={}), "anyOf": [{"required": ["a"]}]},
        {"type": "array", "items": False},
        True,
    ],
)
def test_what_has_no_grammar(schema: Any) -> None:
    assert to_subset(json.dumps(schema).encode()).raw is None or schema is True


def test_definitions_are_kept_as_far_as_they_are_used() -> None:
    item = closed(name={"type": "string"})
    schema = {
        **closed(
            a={"$ref": "#/$defs/Item"},
            b={"$ref": "#/definitions/Kind~1x"},
            c={"$ref": "#/properties/a", "description": "d"},
        ),
        "$defs": {"Item": item, "Unused": {"type": "object"}},
        "definitions": {"Kind/x": {"enum": ["k"]}},
    }
    assert written(schema) == {
        **closed(a={"$ref": "#/$defs/Item"}, b={"$ref": "#/definitions/Kind~1x"}, c={**item, "description": "d"}),
        "$defs": {"Item": item},
        "definitions": {"Kind/x": {"enum": ["k"]}},
    }


def test_a_nullable_property_may_be_null() -> None:
    assert written(closed(a={"type": "string", "nullable": True})) == closed(a={"type": ["string", "null"]})


def test_a_definition_at_the_top_is_put_in_place() -> None:
    assert written({"$ref": "#/$defs/A", "$defs": {"A": closed(a={})}}) == closed(a={})
    assert written({"allOf": [{"$ref": "#/$defs/A"}, closed(b={})], "$defs": {"A": closed(a={})}}) == closed(a={}, b={})


def test_what_a_request_sums() -> None:
    union = {"anyOf": [closed(x={}), {"type": "null"}]}
    schema = {
        **closed(a={"type": ["string", "null"]}, b=union, c={"type": "array", "items": closed(y={})}),
        "required": ["a"],
    }
    form = to_subset(json.dumps(schema).encode())
    assert (form.optional, form.unions) == (4, 2)
    behind = {**closed(a={"$ref": "#/$defs/A"}), "$defs": {"A": closed(b={}, c=union)}}
    assert to_subset(json.dumps(behind).encode()).optional == 1


def test_a_schema_nested_without_end_has_no_grammar() -> None:
    deep = b'{"anyOf":[' * 400 + b"{}" + b"]}" * 400
    assert to_subset(deep).raw is None


NUMBER = {"type": "integer"}
OPEN = {"type": "object", "properties": {"a": NUMBER}}


@pytest.mark.parametrize(
    "schema",
    [
        {**OPEN, "additionalProperties": True},
        {**OPEN, "unevaluatedProperties": NUMBER},
        {**closed(), "patternProperties": {"^x": NUMBER}},
        {**closed(a={}), "patternProperties": {"^x": NUMBER}},
        {**OPEN, "if": {"required": ["a"]}, "then": {"required": ["b"]}},
        {**OPEN, "then": {"allOf": [{"properties": {"b": NUMBER}}]}},
        {**OPEN, "else": {"$ref": "#/$defs/B"}, "$defs": {"B": {"required": ["b"]}}},
        {**OPEN, "dependentRequired": {"a": ["b"]}},
        {**OPEN, "dependentSchemas": {"a": {"properties": {"b": NUMBER}}}},
        {**OPEN, "dependencies": {"a": ["b"]}},
        {"allOf": [{**OPEN, "additionalProperties": NUMBER}, {"properties": {"b": NUMBER}}]},
        {"type": "array", "prefixItems": [{"type": "string"}], "items": NUMBER},
    ],
)
def test_what_a_closed_object_would_make_impossible_has_no_grammar(schema: Any) -> None:
    for inside in (schema, {"type": "array", "items": schema}, {"anyOf": [schema, {"type": "null"}]}, closed(x=schema)):
        assert written({**inside, "$defs": schema.get("$defs", {})}) is None


@pytest.mark.parametrize(
    "more",
    [
        {"patternProperties": {"^x": False}},
        {"if": {"required": ["a"]}, "then": {"required": ["b"]}},
        {"dependentRequired": {"a": ["b"]}},
        {"unevaluatedProperties": False},
    ],
)
def test_conditions_on_declared_properties_have_a_grammar(more: Any) -> None:
    made = written({"type": "object", "properties": {"a": NUMBER, "b": NUMBER}, **more})
    assert made["properties"].keys() == {"a", "b"}


def _known_names(schema: Any) -> Any:
    """Return `schema` with other properties forbidden where it leaves them open."""
    if isinstance(schema, list):
        return [_known_names(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    read = {word: _known_names(part) for word, part in schema.items()}
    if isinstance(schema.get("properties"), dict) and "type" in schema:
        read.setdefault("additionalProperties", False)
    return read


@given(odd_schemas.whole_schemas, odd_schemas.values)
@settings(max_examples=600, deadline=None)
def test_a_grammar_allows_whatever_the_schema_allows(schema: Any, value: Any) -> None:
    grammar = to_subset(json.dumps(schema).encode())
    if grammar.raw is not None and odd_schemas.allows(_known_names(schema), value):
        assert odd_schemas.allows(json.loads(bytes(grammar.raw)), value)


@given(odd_schemas.schemas, odd_schemas.arguments)
@settings(max_examples=400, deadline=None)
def test_a_grammar_allows_nothing_that_the_schema_does_not_unless_it_says_so(schema: Any, value: Any) -> None:
    form = normalize_input_schema(json.dumps(schema).encode())
    sent = json.dumps(schema).encode() if form.raw is None else bytes(form.raw)
    grammar = to_subset(sent)
    if grammar.raw is None:
        return
    held = json.loads(bytes(grammar.raw))
    check_subset(held, "schema")
    if not grammar.exact:
        return
    original = json.loads(sent.replace(b"oneOf", b"anyOf"))  # of which a grammar holds as much
    for one in (value, sample(held, lambda _name, _part: None, all_properties=True)):
        if odd_schemas.allows(held, one):
            assert odd_schemas.allows(original, one) is not False


def test_what_is_said_beside_a_reference_is_kept() -> None:
    part = {"type": "string", "description": "A name."}
    schema = {
        **closed(
            a={"$ref": "#/$defs/A", "description": "The first."},
            b={"$ref": "#/$defs/A"},
            c={"$ref": "#/$defs/A", "maxLength": 9},
            d={"$ref": "#/$defs/A", "title": "D", "default": "x"},
        ),
        "$defs": {"A": part},
    }
    assert written(schema) == {
        **closed(
            a={"type": "string", "description": "The first."},
            b={"$ref": "#/$defs/A"},
            c={"type": "string", "description": "A name. (maxLength: 9)"},
            d={"$ref": "#/$defs/A"},
        ),
        "$defs": {"A": part},
    }
    assert not to_subset(json.dumps(schema).encode()).exact
    assert written({**closed(a={"$ref": "#/$defs/A", "required": ["x"]}), "$defs": {"A": closed(x={})}}) is None
    assert written({"$ref": "#/$defs/A", "required": ["x"], "$defs": {"A": closed(x={})}}) is None


def test_an_object_that_is_one_of_several() -> None:
    """As discriminated unions are often written."""
    a, b = closed(t={"const": "a"}), closed(t={"const": "b"})
    either = {"type": "object", "discriminator": {"propertyName": "t"}, "oneOf": [a, {"$ref": "#/$defs/B"}]}
    made = written({**closed(x=either), "$defs": {"B": b}})
    assert made["properties"]["x"]["anyOf"] == [a, {"$ref": "#/$defs/B"}]
    assert "type" not in made["properties"]["x"]
    assert written({"type": "object", "oneOf": [a, {"type": "string"}]}) is None
    assert written({"type": "object", "oneOf": [a], "additionalProperties": {"type": "string"}}) is None


def test_a_property_that_may_not_be_there_is_not() -> None:
    assert written(closed(a={}, b=False)) == closed(a={})
    assert written({**closed(a={}, b=False), "required": ["b"]}) is None
