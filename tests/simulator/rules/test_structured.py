"""Which schemas an answer can be held to."""

from typing import Any

import pytest

from tests.simulator.requests import Json, accept, document, make_request, refusal_message, text, user

WHERE = "output_config.format.schema"


def shaped(schema: Json, *messages: Any) -> Json:
    return make_request(*messages, output_config={"format": {"type": "json_schema", "schema": schema}})


def whole(**properties: Any) -> Json:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


REFUSED = [
    ({"type": "object", "properties": {}}, "For 'object' type, 'additionalProperties' must be explicitly set to false"),
    (
        {**whole(), "additionalProperties": True},
        "For 'object' type, 'additionalProperties' must be explicitly set to false",
    ),
    (whole(a={"type": "object"}), "For 'object' type, 'additionalProperties' must be explicitly set to false"),
    (
        whole(a={"type": "integer", "minimum": 1, "maximum": 2}),
        "For 'integer' type, properties maximum, minimum are not supported",
    ),
    (whole(a={"type": "number", "multipleOf": 2}), "For 'number' type, property 'multipleOf' is not supported"),
    (whole(a={"type": "string", "maxLength": 9}), "For 'string' type, property 'maxLength' is not supported"),
    (whole(a={"type": ["string", "null"], "minLength": 9}), "For 'string' type, property 'minLength' is not supported"),
    (whole(a={"type": "array", "maxItems": 9}), "For 'array' type, property 'maxItems' is not supported"),
    (
        whole(a={"type": "array", "minItems": 2}),
        "For 'array' type, 'minItems' values other than 0 or 1 are not supported",
    ),
    (whole(a={"type": "string", "format": "regex"}), "For 'string' type, format 'regex' is not supported"),
    (whole(a={"oneOf": [{"type": "string"}]}), "Schema type 'oneOf' is not supported"),
    (whole(a={"not": {"type": "string"}}), "Schema type 'not' is not supported"),
    (whole(a={"type": "string", "pattern": "^(?=a)b"}), "Regex pattern '^(?=a)b' is not supported"),
    (whole(a={"type": "string", "pattern": r"\bword\b"}), r"Regex pattern '\bword\b' is not supported"),
    (whole(a={"enum": [{"b": 1}]}), "Enum values must be strings, numbers, booleans or null"),
    (whole(a={"allOf": [{"$ref": "#/$defs/b"}]}), "'allOf' with '$ref' is not supported"),
    (whole(a={"$ref": "https://example.com/a.json"}), "Invalid $ref: https://example.com/a.json"),
    (whole(a={"$ref": "#/$defs/none"}), "Invalid $ref: #/$defs/none"),
    (
        {**whole(a={"$ref": "#/$defs/b"}), "$defs": {"b": whole(c={"$ref": "#/$defs/b"})}},
        "Circular reference detected in schema definitions: #/$defs/b",
    ),
    ({"type": "text"}, "JSON schema is invalid."),
]


@pytest.mark.parametrize(("schema", "words"), REFUSED, ids=lambda case: str(case)[:60])
def test_refused(schema: Json, words: str) -> None:
    assert refusal_message(shaped(schema)) == f"{WHERE}: {words}"


@pytest.mark.parametrize(
    "schema",
    [
        whole(),
        {"type": "array", "items": {"type": "integer"}},
        whole(a={"type": ["string", "null"]}, b={"enum": ["x", 1, None]}, c={"const": "y"}),
        whole(a={"anyOf": [{"type": "string"}, whole(b={"type": "number"})]}),
        whole(a={"type": "string", "format": "date-time"}, b={"type": "string", "pattern": "^[A-Z]{3}$"}),
        whole(a={"type": "array", "minItems": 1, "items": {"type": "string"}}),
        {**whole(a={"$ref": "#/$defs/b"}), "$defs": {"b": whole(c={"type": "string"})}},
        {**whole(a={"type": "string", "title": "A", "default": "x", "examples": ["y"]}), "title": "T"},
    ],
    ids=lambda schema: str(schema)[:60],
)
def test_accepted(schema: Json) -> None:
    accept(shaped(schema))


def test_too_many_optional_parameters_in_sum() -> None:
    half = {
        "type": "object",
        "properties": {f"p{n}": {"type": "string"} for n in range(13)},
        "additionalProperties": False,
    }
    tool = {"name": "a", "strict": True, "input_schema": half}
    accept(make_request(tools=[tool]))
    assert refusal_message({**shaped(half), "tools": [tool]}) == (
        "Schemas contains too many optional parameters (26), which would make grammar compilation inefficient. "
        "Reduce the number of optional parameters in your tool schemas (limit: 24)."
    )


def test_too_many_unions() -> None:
    schema = whole(**{f"p{n}": {"type": ["string", "null"]} for n in range(17)})
    assert refusal_message(shaped(schema)) == (
        "Schemas contains too many parameters with union types (17 parameters with type arrays or anyOf). This causes "
        "exponential compilation cost. Reduce the number of nullable or union-typed parameters (limit: 16)."
    )


def test_citations_and_schemas_exclude_each_other() -> None:
    cited = user(document(citations={"enabled": True}), text("a"))
    assert refusal_message(shaped(whole(), cited)) == (
        "output_config.format: citations cannot be used together with structured outputs."
    )
    accept(shaped(whole(), user(document(citations={"enabled": False}), text("a"))))
