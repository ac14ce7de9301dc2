"""Other names for a schema's properties."""

from typing import Any

import pytest

from claude_code_proxy.adaptation.schemas.property_names import rename_properties


def test_every_place_that_says_a_name_follows() -> None:
    schema = {
        "properties": {"a>": {"type": "integer"}, "b": {"$ref": "#/properties/a>"}},
        "required": ["a>"],
        "dependentRequired": {"a>": ["b"], "b": ["a>"]},
        "dependentSchemas": {"b": {"required": ["a>"]}},
        "not": {"anyOf": [{"required": ["a>"]}, True]},
    }
    assert rename_properties(schema, {"a>": "a_"}) == {
        "properties": {"a_": {"title": "a>", "type": "integer"}, "b": {"$ref": "#/properties/a_"}},
        "required": ["a_"],
        "dependentRequired": {"a_": ["b"], "b": ["a_"]},
        "dependentSchemas": {"b": {"required": ["a_"]}},
        "not": {"anyOf": [{"required": ["a_"]}, True]},
    }


@pytest.mark.parametrize(
    ("part", "told"),
    [
        ({}, {"title": "<"}),
        (True, {"title": "<"}),
        (False, False),
        ({"title": ""}, {"title": "<"}),
        ({"$ref": "#/$defs/A"}, {"title": "<", "$ref": "#/$defs/A"}),
        ({"title": "Start"}, {"title": "Start", "description": "Original name: <"}),
        ({"title": "Start", "description": "d"}, {"title": "Start", "description": "d\n\nOriginal name: <"}),
    ],
)
def test_a_renamed_property_tells_its_original_name(part: Any, told: Any) -> None:
    assert rename_properties({"properties": {"<": part, "b": True}}, {"<": "x"}) == {
        "properties": {"x": told, "b": True}
    }


def test_a_schema_without_properties_gets_none() -> None:
    assert rename_properties({"required": ["<"]}, {"<": "x"}) == {"required": ["x"]}
