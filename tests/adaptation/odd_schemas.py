"""JSON schemas for tests, as odd as JSON Schema allows, and arguments that may or may not fit them."""

from typing import Any

import jsonschema_rs
from hypothesis import strategies as st

Schema = dict[str, Any]
KEYS = st.sampled_from(["a", "b", "$top", "filter[x]", "k" * 70, "a b", "anyOf", "properties", "ü"])
_LEAVES = st.sampled_from([
    True,
    False,
    {},
    {"type": "string"},
    {"type": "integer", "minimum": 1},
    {"type": "number", "exclusiveMinimum": 0},
    {"const": None},
    {"const": 1},
    {"enum": ["x", "y", None]},
    {"enum": [{"a": 1}, 2]},
    {"type": ["string", "null"]},
    {"type": "string", "pattern": "^(?=a)"},
    {"type": "string", "format": "date"},
    {"type": "array", "items": {"type": "string"}, "minItems": 2},
    {"type": "array", "prefixItems": [{"type": "integer"}]},
    {"$ref": "#/$defs/A"},
    {"$ref": "#/$defs/B"},
    {"$ref": "#/definitions/C"},
    {"$ref": "#/$defs/A", "description": "The first."},
    {"$ref": "#/$defs/A", "maxProperties": 1},
    {"$ref": "#/$defs/B", "properties": {"b": {"type": "integer"}}},
    {"$ref": "#"},
    {"$ref": "#/properties/a"},
    {"$ref": "#/properties/$top"},
])


def _objects(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Schema]:
    return st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(["object", "object", ["object", "null"]]),
            "properties": st.dictionaries(KEYS, inner, max_size=3),
            "required": st.lists(KEYS, max_size=2, unique=True),
            "additionalProperties": st.booleans() | inner,
            "minProperties": st.just(1),
            "patternProperties": st.just({"^x": {"type": "integer"}}),
            "dependentRequired": st.sampled_from([{"a": ["b"]}, {"$top": ["a b"]}]),
            "not": st.sampled_from([{"required": ["b"]}, {"anyOf": [{"required": ["$top"]}]}]),
            "if": st.sampled_from([{"properties": {"$top": {"const": 1}}, "required": ["$top"]}]),
            "then": st.sampled_from([{"required": ["b"]}, {"required": ["a b"]}]),
            "anyOf": st.lists(inner, min_size=1, max_size=2),
        },
    )


def _larger(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        _objects(inner),
        *(
            st.fixed_dictionaries({word: st.lists(inner | st.just({"type": "null"}), min_size=1, max_size=3)})
            for word in ("anyOf", "oneOf")
        ),
        st.fixed_dictionaries({"allOf": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"type": st.just("array"), "items": inner}),
    )


_inner = st.recursive(_LEAVES, _larger, max_leaves=6)
schemas = st.builds(
    lambda schema, defs, definitions: {
        **schema,
        **({"$defs": defs} if defs else {}),
        **({"definitions": definitions} if definitions else {}),
    },
    (_objects(_inner) | _larger(_inner)).filter(lambda schema: isinstance(schema, dict)),
    st.fixed_dictionaries({}, optional={"A": _inner, "B": _inner}),
    st.fixed_dictionaries({}, optional={"C": _inner}),
)
arguments = st.dictionaries(
    KEYS | st.sampled_from(["x1", "zzz"]),
    st.sampled_from([1, 0, -1, "x", None, True, [], {}, {"a": 1}, ["s", "t"]]),
    max_size=4,
)


# Schemas that say the type of each value that they are about, made of every keyword.
_NAMES = st.sampled_from(["a", "b", "x1"])
_TYPED_LEAVES = st.sampled_from([
    True,
    {},
    {"type": "string"},
    {"type": "string", "minLength": 2, "pattern": "^x"},
    {"type": "integer", "minimum": 1},
    {"type": "number", "multipleOf": 2},
    {"type": ["string", "null"], "maxLength": 1},
    {"enum": ["x", 1, None]},
    {"const": 1},
    {"not": {"type": "string"}},
    {"$ref": "#/$defs/A"},
    {"$ref": "#/$defs/A", "title": "A"},
])


def _conditions(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    lists = st.lists(_NAMES, max_size=2, unique=True)
    return st.one_of(
        st.builds(lambda names: {"required": names}, lists),
        st.builds(lambda name, part: {"properties": {name: part}}, _NAMES, inner),
        st.builds(lambda names: {"anyOf": [{"required": [name]} for name in names or ["a"]]}, lists),
    )


def _whole_objects(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Schema]:
    conditions = _conditions(inner)
    return st.fixed_dictionaries(
        {"type": st.sampled_from(["object", ["object", "null"]])},
        optional={
            "properties": st.dictionaries(_NAMES, inner, max_size=3),
            "required": st.lists(_NAMES, max_size=2, unique=True),
            "additionalProperties": st.just(False) | st.booleans() | inner,
            "patternProperties": st.dictionaries(st.sampled_from(["^x", "a"]), inner | st.just(False), max_size=1),
            "propertyNames": st.just({"maxLength": 1}),
            "minProperties": st.integers(0, 2),
            "maxProperties": st.integers(1, 3),
            "dependentRequired": st.dictionaries(_NAMES, st.lists(_NAMES, max_size=2, unique=True), max_size=2),
            "dependentSchemas": st.dictionaries(_NAMES, conditions, max_size=1),
            "if": conditions,
            "then": conditions,
            "else": conditions,
            "not": conditions,
            "description": st.just("An object."),
        },
    )


def _whole_arrays(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Schema]:
    return st.fixed_dictionaries(
        {"type": st.just("array")},
        optional={
            "items": inner,
            "prefixItems": st.lists(inner, min_size=1, max_size=2),
            "contains": inner,
            "minContains": st.integers(0, 1),
            "minItems": st.integers(0, 2),
            "maxItems": st.integers(1, 2),
            "uniqueItems": st.booleans(),
        },
    )


_whole = st.recursive(
    _TYPED_LEAVES,
    lambda inner: st.one_of(
        _whole_objects(inner),
        _whole_arrays(inner),
        st.builds(
            lambda word, parts: {word: parts},
            st.sampled_from(["anyOf", "oneOf"]),
            st.lists(inner, min_size=1, max_size=3),
        ),
        st.builds(lambda parts: {"allOf": parts}, st.lists(_whole_objects(inner), min_size=1, max_size=2)),
    ),
    max_leaves=5,
)
whole_schemas = st.builds(
    lambda schema, part: {**schema, "$defs": {"A": part}},
    _whole.filter(lambda one: isinstance(one, dict)),
    _whole_objects(_TYPED_LEAVES.filter(lambda one: "$ref" not in str(one))) | st.just({"type": "string"}),
)
_scalars = st.sampled_from([0, 1, 2, 3, "", "x", "xx", None, True])
values = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_NAMES, inner, max_size=3),
    max_leaves=6,
)


def allows(schema: Schema, value: Any) -> bool | None:
    """None: the schema cannot be used, because a reference in it leads nowhere or in a circle."""
    try:
        return jsonschema_rs.validator_for(schema).is_valid(value)
    except (ValueError, jsonschema_rs.ValidationError):
        return None
