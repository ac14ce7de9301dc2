"""Small schemas that describe very much, for tests: each is a few kilobytes and has billions of parts unfolded."""

from typing import Any

Schema = dict[str, Any]
LEVELS = 12
WIDTH = 10


def _chain(place: str, level: Any, last: Schema) -> Schema:
    """Definitions of which each is made by `level` from a reference to the next."""
    levels = {f"a{index}": level({"$ref": f"{place}/a{index + 1}"}) for index in range(LEVELS)}
    return levels | {f"a{LEVELS}": last}


def _unions(word: str) -> Any:
    return lambda reference: {word: [reference] * WIDTH}


def _objects(reference: Schema) -> Schema:
    return {"type": "object", "properties": {f"p{index}": reference for index in range(WIDTH)}}


def _described_pairs(reference: Schema) -> Schema:
    return {"type": "object", "properties": {side: {**reference, "description": side} for side in ("left", "right")}}


def _merged_objects(reference: Schema) -> Schema:
    parts = [{"type": "object", "properties": {f"p{index}": reference}} for index in range(WIDTH)]
    return {"type": "object", "allOf": parts}


def _twice_merged() -> Schema:
    """Each definition merges two others that say different things of one property."""
    found: Schema = {}
    for index in range(20):
        for side in "ab":
            both = [{"$ref": f"#/$defs/{other}{index + 1}"} for other in "ab"]
            found[f"{side}{index}"] = {
                "type": "object",
                "properties": {"x": {"description": f"{side}{index}"}},
                "allOf": both,
            }
    found |= {f"{side}20": {"type": "object", "properties": {"x": {"title": side}}} for side in "ab"}
    return {"$defs": found, "allOf": [{"$ref": "#/$defs/a0"}, {"$ref": "#/$defs/b0"}]}


_TEXT: Schema = {"type": "string"}
_X: Schema = {"type": "object", "properties": {"x": _TEXT}}
_IN_A = "#/properties/a/$defs"

# By name: the schema, and whether it is more than may be looked at. The others are small where references are kept.
BOMBS: dict[str, tuple[Schema, bool]] = {
    "all of ten": ({"$defs": _chain("#/$defs", _unions("allOf"), _X), "allOf": [{"$ref": "#/$defs/a0"}]}, False),
    "any of ten": (
        {
            "$defs": _chain("#/$defs", _unions("anyOf"), _TEXT),
            "type": "object",
            "properties": {"x": {"$ref": "#/$defs/a0"}},
        },
        False,
    ),
    "ten properties": (
        {"$defs": _chain("#/$defs", _objects, _TEXT), "type": "object", "properties": {"x": {"$ref": "#/$defs/a0"}}},
        False,
    ),
    "ten properties, defined elsewhere": (
        {"x": _chain("#/x", _objects, _TEXT), "type": "object", "properties": {"x": {"$ref": "#/x/a0"}}},
        True,
    ),
    "pairs with a description": (
        {
            "$defs": _chain("#/$defs", _described_pairs, _TEXT) | {"b": {"$ref": "#/$defs/a0"}},
            "type": "object",
            "properties": {
                "x": {"$ref": "#/$defs/a0", "description": "x"},
                **{f"y{index}": {"$ref": "#/$defs/a0", "description": "y"} for index in range(9)},
            },
        },
        True,
    ),
    "all of ten, defined in a property": (
        {
            "type": "object",
            "properties": {"a": {"$defs": _chain(_IN_A, _unions("allOf"), _X), "$ref": f"{_IN_A}/a0"}},
        },
        False,
    ),
    "merged objects, defined in a property": (
        {"type": "object", "properties": {"a": {"$defs": _chain(_IN_A, _merged_objects, _X), "$ref": f"{_IN_A}/a0"}}},
        True,
    ),
    "two merged with two": (_twice_merged(), True),
    "a long text in many places": (
        {
            "x": {"t": {"type": "string", "description": "d" * 300_000}},
            "type": "object",
            "properties": {f"p{index}": {"$ref": "#/x/t"} for index in range(2000)},
        },
        True,
    ),
    "many properties": ({"type": "object", "properties": {f"p{index}": _TEXT for index in range(20_000)}}, True),
}
