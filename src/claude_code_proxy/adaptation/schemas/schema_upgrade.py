"""Older or sloppy JSON Schema -> draft 2020-12, as far as its meaning is clear. What is no schema goes."""

from collections.abc import Callable
from typing import Any, TypeAlias

Schema: TypeAlias = dict[str, Any]

_TYPES = frozenset({"null", "boolean", "object", "array", "number", "string", "integer"})
_BOUNDS = (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum"))
_SCHEMA = ("additionalProperties", "items", "contains", "not", "if", "then", "else", "propertyNames",
           "unevaluatedItems", "unevaluatedProperties")  # fmt: skip
_SCHEMAS = ("anyOf", "oneOf", "allOf", "prefixItems")
_NAMED_SCHEMAS = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")


def upgrade_schema(schema: Any) -> Any:
    """`schema` and all schemas in it, mended. Booleans are schemas; anything else is one that allows everything."""
    if isinstance(schema, bool):
        return schema
    if not isinstance(schema, dict):
        return {}
    kept = {key: value for key, value in schema.items() if _FORMS.get(key, _anything)(value)}
    for mend in (_mend_type, _mend_bounds, _mend_items):
        mend(kept)
    for key in _SCHEMA:
        if key in kept:
            kept[key] = upgrade_schema(kept[key])
    for key in _SCHEMAS:
        if key in kept:
            kept[key] = [upgrade_schema(item) for item in kept[key]]
    for key in _NAMED_SCHEMAS:
        if key in kept:
            kept[key] = {name: upgrade_schema(item) for name, item in kept[key].items()}
    return kept


def _mend_type(schema: Schema) -> None:
    """An unknown type says nothing; `any` is how some write that on purpose."""
    kinds = schema.pop("type", None)
    if isinstance(kinds, str) and kinds.lower() in _TYPES:
        schema["type"] = kinds.lower()
    elif isinstance(kinds, list):
        known = list(dict.fromkeys(kind for kind in kinds if isinstance(kind, str) and kind in _TYPES))
        if known and len(known) == len(kinds):
            schema["type"] = known


def _mend_bounds(schema: Schema) -> None:
    """Draft 4: `exclusiveMinimum: true` says of `minimum` that it is exclusive."""
    for exclusive, bound in _BOUNDS:
        value = schema.get(exclusive)
        if isinstance(value, bool):
            del schema[exclusive]
            if value and bound in schema:
                schema[exclusive] = schema.pop(bound)


def _mend_items(schema: Schema) -> None:
    """Up to draft 2019-09 a list of `items` was a tuple."""
    if isinstance(schema.get("items"), list):
        schema["prefixItems"] = schema.pop("items")
        rest = schema.pop("additionalItems", None)
        if rest is not None:
            schema["items"] = rest


def _anything(_value: Any) -> bool:
    return True


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return _is_number(value) and value >= 0 and value == int(value)


def _is_bound(value: Any) -> bool:
    return isinstance(value, int | float)


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


def _is_filled_list(value: Any) -> bool:
    return isinstance(value, list) and bool(value)


def _is_names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value) and len(set(value)) == len(value)


def _is_map(value: Any) -> bool:
    return isinstance(value, dict)


def _is_schema(value: Any) -> bool:
    return isinstance(value, dict | bool)


def _is_schema_or_list(value: Any) -> bool:
    return isinstance(value, dict | bool | list)


def _table(*rows: tuple[Callable[[Any], bool], tuple[str, ...]]) -> dict[str, Callable[[Any], bool]]:
    return {key: check for check, keys in rows for key in keys}


_FORMS = _table(
    (_is_text, ("title", "description", "pattern", "format", "$ref", "$id", "$comment", "$anchor", "$schema",
                "$dynamicRef", "$dynamicAnchor", "contentEncoding", "contentMediaType")),
    (_is_flag, ("uniqueItems", "deprecated", "readOnly", "writeOnly")),
    (_is_number, ("minimum", "maximum")),
    (lambda value: _is_number(value) and value > 0, ("multipleOf",)),
    (_is_bound, ("exclusiveMinimum", "exclusiveMaximum")),
    (_is_count, ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties", "minContains",
                 "maxContains")),
    (_is_list, ("enum", "examples")),
    (_is_filled_list, ("anyOf", "oneOf", "allOf", "prefixItems")),
    (_is_names, ("required",)),
    (_is_map, ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependentRequired",
               "$vocabulary")),
    (_is_schema, tuple(key for key in _SCHEMA if key != "items")),
    (_is_schema_or_list, ("items",)),
)  # fmt: skip
