"""What older and sloppy schemas meant."""

from typing import Any

import pytest

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
        ({"type": ["string", "null", "null"]}, {}),
        ({"type": ["string", "null"]}, {"type": ["string", "null"]}),
        ({"type": ["string", "file"]}, {}),
        ({"required": True}, {}),
        ({"required": ["a", "a"]}, {}),
        ({"required": ["a"]}, {"required": ["a"]}),
        ({"properties": None, "description": 5, "title": "t"}, {"title": "t"}),
        ({"properties": {"a": {"type": "any"}, "b": "x"}}, {"properties": {"a": {}, "b": {}}}),
        ({"$defs": {"A": {"required": False}}}, {"$defs": {"A": {}}}),
        ({"anyOf": []}, {}),
        ({"anyOf": [{"type": "any"}]}, {"anyOf": [{}]}),
        ({"not": {"type": "any"}}, {"not": {}}),
        ({"minLength": "3", "maxLength": 3, "minItems": -1, "multipleOf": 0}, {"maxLength": 3}),
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
    assert upgrade_schema(old) == new
    assert is_draft_2020_12(new)
