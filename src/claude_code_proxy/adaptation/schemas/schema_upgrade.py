"""Older or sloppy JSON Schema -> draft 2020-12, as far as its meaning is clear. What is no schema goes."""

from collections.abc import Callable
from math import isfinite
from typing import Any, TypeAlias

from msgspec import Struct

Schema: TypeAlias = dict[str, Any]

_TYPES = frozenset({"null", "boolean", "object", "array", "number", "string", "integer"})
_ANY = "any"
_TYPE_NAMES = {
    **{name: name for name in _TYPES},
    _ANY: _ANY, "": _ANY, "mixed": _ANY, "int": "integer", "int32": "integer", "int64": "integer", "long": "integer",
    "float": "number", "double": "number", "decimal": "number", "str": "string", "text": "string", "bool": "boolean",
    "dict": "object", "map": "object", "struct": "object", "list": "array", "tuple": "array", "none": "null",
    "nil": "null", "nonetype": "null",
}  # fmt: skip
_NUMBERS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength",
            "minItems", "maxItems", "minProperties", "maxProperties", "minContains", "maxContains")  # fmt: skip
_FLAGS = ("uniqueItems", "additionalProperties", "required", "nullable", "exclusiveMinimum", "exclusiveMaximum")
_NOTES = frozenset({"title", "description", "$comment", "examples", "deprecated", "readOnly", "writeOnly", "$schema",
                    "$id", "format", "contentEncoding", "contentMediaType", "$vocabulary"})  # fmt: skip
_BOUNDS = (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum"))
_SCHEMA = ("additionalProperties", "items", "contains", "not", "if", "then", "else", "propertyNames",
           "unevaluatedItems", "unevaluatedProperties")  # fmt: skip
_SCHEMAS = ("anyOf", "oneOf", "allOf", "prefixItems")
_NAMED_SCHEMAS = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")


class Upgraded(Struct, frozen=True):
    """`loses`: something in it was no schema and is gone, so that it may allow more than was meant."""

    schema: Any
    loses: bool = False


def upgrade_schema(schema: Any) -> Upgraded:
    """Rewrite `schema` and all schemas in it. Booleans are schemas; anything else is one that allows everything."""
    upgrade = _Upgrade()
    upgraded = upgrade.of(schema)
    return Upgraded(upgraded, upgrade.loses)


class _Upgrade:
    def __init__(self) -> None:
        self.loses = False

    def of(self, schema: Any) -> Any:
        if isinstance(schema, bool):
            return schema
        if not isinstance(schema, dict):
            self.loses = self.loses or schema is not None
            return {}
        kept = self._well_formed(_normalized(schema))
        for key in _SCHEMA:
            if key in kept:
                kept[key] = self.of(kept[key])
        for key in _SCHEMAS:
            if key in kept:
                kept[key] = [self.of(item) for item in kept[key]]
        for key in _NAMED_SCHEMAS:
            if key in kept:
                kept[key] = {name: self.of(item) for name, item in kept[key].items()}
        return kept

    def _well_formed(self, schema: Schema) -> Schema:
        """Return what has the form of its keyword. Null means absent, and notes for people say nothing about values."""
        kept: Schema = {}
        for key, value in schema.items():
            if _FORMS.get(key, _anything)(value):
                kept[key] = value
            elif value is not None and key not in _NOTES:
                self.loses = True
        return kept


def _normalized(schema: Schema) -> Schema:
    """One schema, without those in it, with the older and sloppy forms whose meaning is plain rewritten."""
    normalized = {**schema}
    for normalize in (_normalize_values, _normalize_type, _normalize_bounds, _normalize_items, _normalize_required,
                      _normalize_dependencies, _normalize_nullable):  # fmt: skip
        normalize(normalized)
    return normalized


def _normalize_values(schema: Schema) -> None:
    """Numbers and flags that came as text."""
    for key in _NUMBERS:
        if isinstance(value := schema.get(key), str):
            schema[key] = _number(value)
    for key in _FLAGS:
        if isinstance(value := schema.get(key), str) and value.lower() in {"true", "false"}:
            schema[key] = value.lower() == "true"
    if "divisibleBy" in schema:
        schema.setdefault("multipleOf", schema.pop("divisibleBy"))


def _number(text: str) -> float | str:
    try:
        number = float(text)
    except ValueError:
        return text
    if not isfinite(number):
        return text
    return int(number) if number.is_integer() else number


def type_name(name: str) -> str:
    """Return the name of a type as JSON Schema has it."""
    return _TYPE_NAMES.get(name.lower(), name)


def _normalize_type(schema: Schema) -> None:
    """Names of types as programming languages have them. `any` says nothing, and some write it on purpose."""
    kinds = schema.get("type")
    if isinstance(kinds, str):
        schema["type"] = type_name(kinds)
    elif isinstance(kinds, list) and all(isinstance(kind, str) for kind in kinds):
        schema["type"] = list(dict.fromkeys(map(type_name, kinds)))
    if schema.get("type") == _ANY or (isinstance(schema.get("type"), list) and _ANY in schema["type"]):
        del schema["type"]


def _normalize_required(schema: Schema) -> None:
    """Duplicates go. Draft 3: `required: true` stands in the property itself."""
    required = schema.get("required")
    names = [name for name in required if isinstance(name, str)] if isinstance(required, list) else []
    if isinstance(required, list) and len(names) == len(required):
        schema["required"] = list(dict.fromkeys(names))
    elif isinstance(required, bool):
        del schema["required"]
    found = schema.get("properties")
    if not isinstance(found, dict):
        return
    own = [name for name, part in found.items() if isinstance(part, dict) and part.get("required") is True]
    if own:
        schema["required"] = list(dict.fromkeys((*names, *own)))


def _normalize_dependencies(schema: Schema) -> None:
    """Up to draft 7 both kinds of dependencies were one keyword."""
    both = schema.get("dependencies")
    if not isinstance(both, dict) or not all(isinstance(needed, list | dict | bool) for needed in both.values()):
        return
    del schema["dependencies"]
    for word, kinds in (("dependentRequired", list), ("dependentSchemas", (dict, bool))):
        found = {name: needed for name, needed in both.items() if isinstance(needed, kinds)}
        if found:
            schema.setdefault(word, found)


def _normalize_nullable(schema: Schema) -> None:
    """OpenAPI 3.0: `nullable: true` beside a type."""
    if schema.get("nullable") is not True:
        return
    del schema["nullable"]
    kinds = schema.get("type")
    if isinstance(kinds, str | list):
        schema["type"] = list(dict.fromkeys((*([kinds] if isinstance(kinds, str) else kinds), "null")))
        if isinstance(values := schema.get("enum"), list) and None not in values:
            schema["enum"] = [*values, None]
    elif isinstance(branches := schema.get("anyOf"), list):
        schema["anyOf"] = [*branches, {"type": "null"}]
    elif isinstance(schema.get("$ref"), str):
        schema["anyOf"] = [{"$ref": schema.pop("$ref")}, {"type": "null"}]


def _normalize_bounds(schema: Schema) -> None:
    """Draft 4: `exclusiveMinimum: true` says of `minimum` that it is exclusive."""
    for exclusive, bound in _BOUNDS:
        value = schema.get(exclusive)
        if isinstance(value, bool):
            del schema[exclusive]
            if value and bound in schema:
                schema[exclusive] = schema.pop(bound)


def _normalize_items(schema: Schema) -> None:
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


def _is_type(value: Any) -> bool:
    if isinstance(value, str):
        return value in _TYPES
    return isinstance(value, list) and bool(value) and all(isinstance(kind, str) and kind in _TYPES for kind in value)


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
    (_is_type, ("type",)),
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
