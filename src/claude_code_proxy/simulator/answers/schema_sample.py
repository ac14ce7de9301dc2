"""A JSON schema to a value that fits it, the same each time; a hint may suggest a better value for a property.

It covers what tools and answer formats really use. Where a schema cannot be met (a pattern that no candidate matches, a
contradiction) the value is the nearest one and no error is raised: a model may miss a schema too.
"""

import contextlib
import json
import math
import re
from collections.abc import Callable
from typing import Any

import jsonschema_rs

from claude_code_proxy.simulator.rules.structured import resolve

Hint = Callable[[str, dict[str, Any]], Any]

_MAX_DEPTH = 24
_SMALL_FROM = 6  # from this depth on: no optional properties, empty arrays, null where it is allowed
_BY_FORMAT = {
    "date-time": "2026-01-02T03:04:05Z",
    "date": "2026-01-02",
    "time": "03:04:05Z",
    "duration": "P1D",
    "email": "sample@example.com",
    "hostname": "example.com",
    "uri": "https://example.com/",
    "uri-reference": "/sample",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "json-pointer": "/sample",
    "regex": "a",
}
_TEXTS = (
    "sample", "a", "A", "0", "1", "12", "123", "1234", "12345", "a1", "A1", "abc", "ABC", "AB", "ab-1", "A-1",
    "ABC-123", "a_b", "a.b", "1.0.0", "v1.0.0", "#a0a0a0", "/a", "a/b", "a@b.co", "2026-01-02", "12:00", "+1234567890",
    "USD", "en-US", "", "https://example.com/",
)  # fmt: skip
_STATABLE: dict[str, type | tuple[type, ...]] = {
    **dict.fromkeys(("minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties"), int),
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"), (int, float)),
    **dict.fromkeys(("pattern", "format"), str),
    "uniqueItems": bool,
}
_STATED = re.compile(rf"\b({'|'.join(_STATABLE)}): ")
_DECODER = json.JSONDecoder()


def no_hint(name: str, schema: dict[str, Any]) -> Any:  # noqa: ARG001 - a hint that knows nothing
    return None


def sample(schema: Any, hint: Hint = no_hint, *, all_properties: bool = False) -> Any:
    """Return a value for the schema; `all_properties` fills in the optional ones as well."""
    return _Sampler(schema, hint, all_properties=all_properties).value(schema)


class _Sampler:
    def __init__(self, root: Any, hint: Hint, *, all_properties: bool) -> None:
        self._root = root
        self._hint = hint
        self._all = all_properties
        self._trail: list[str] = []

    def value(self, schema: Any, name: str = "", *, depth: int = 0) -> Any:
        if not isinstance(schema, dict) or depth > _MAX_DEPTH:
            return None if depth > _MAX_DEPTH else "sample"
        if isinstance(schema.get("$ref"), str):
            return self._referenced(schema, name, depth=depth)
        schema = {**_described(schema), **schema}
        if "const" in schema or "enum" in schema:
            return self._chosen(schema, name)
        if schema.get("allOf"):
            rest = {word: value for word, value in schema.items() if word != "allOf"}
            return self.value(_merged([rest, *map(self._resolved, schema["allOf"])]), name, depth=depth + 1)
        if schema.get("anyOf") or schema.get("oneOf"):
            return self._branch(schema, name, depth=depth)
        return self._typed(schema, name, depth=depth)

    def _referenced(self, schema: dict[str, Any], name: str, *, depth: int) -> Any:
        """Return the value of a `$ref`; inside itself it gets as small as it can, so that recursion ends."""
        reference = schema["$ref"]
        target = resolve(self._root, reference) if isinstance(self._root, dict) else None
        beside = {word: value for word, value in schema.items() if word != "$ref"}
        if not isinstance(target, dict):
            return self.value(beside, name, depth=depth + 1)
        if reference in self._trail:
            depth = max(depth, _SMALL_FROM)
        self._trail.append(reference)
        value = self.value(_merged([beside, target]), name, depth=depth + 1)
        self._trail.pop()
        return value

    def _resolved(self, schema: Any) -> Any:
        if isinstance(schema, dict) and isinstance(schema.get("$ref"), str) and isinstance(self._root, dict):
            return resolve(self._root, schema["$ref"]) or {}
        return schema

    def _chosen(self, schema: dict[str, Any], name: str) -> Any:
        if "const" in schema:
            return schema["const"]
        hint_value = self._hint(name, schema)
        values = schema["enum"] or [None]
        return hint_value if hint_value in values else values[0]

    def _branch(self, schema: dict[str, Any], name: str, *, depth: int) -> Any:
        """Return the value of the first branch that also fits the rest; null comes last, deep inside it comes first."""
        word = "anyOf" if schema.get("anyOf") else "oneOf"
        rest = {one: value for one, value in schema.items() if one != word}
        small = depth >= _SMALL_FROM
        branches = sorted(schema[word], key=lambda one: _is_null(one) is not small)
        checker = _checker({**schema, **_definitions(self._root)})
        values: list[Any] = []
        for one in branches:
            value = self.value({**rest, **one} if _refers(one) else _merged([rest, one]), name, depth=depth + 1)
            if checker(value):
                return value
            values.append(value)
        return values[0]

    def _typed(self, schema: dict[str, Any], name: str, *, depth: int) -> Any:
        kinds = schema.get("type") or _guessed(schema)
        kind = kinds if isinstance(kinds, str) else next((one for one in kinds if one != "null"), "null")
        match kind:
            case "object":
                return self._object(schema, depth)
            case "array":
                return self._array(schema, name, depth=depth)
            case "string":
                return self._text(schema, name)
            case "integer" | "number":
                return _number(schema, whole=kind == "integer", hint_value=self._hint(name, schema))
            case "boolean":
                hint_value = self._hint(name, schema)
                return hint_value if isinstance(hint_value, bool) else True
            case _:
                return None

    def _object(self, schema: dict[str, Any], depth: int) -> dict[str, Any]:
        properties = schema.get("properties") or {}
        required = [name for name in schema.get("required") or [] if isinstance(name, str)]
        names = list(dict.fromkeys([*required, *(properties if self._all else ())]))
        if self._all and depth >= _SMALL_FROM:
            names = required
        rest = schema.get("additionalProperties")
        result = {name: self.value(properties.get(name, rest or {}), name, depth=depth + 1) for name in names}
        is_map = self._all and depth < _SMALL_FROM and isinstance(rest, dict) and not properties
        for index in range(
            max(schema.get("minProperties", 0), is_map and schema.get("maxProperties") != 0) - len(result)
        ):
            result[f"key_{index}"] = self.value(rest or {}, depth=depth + 1)
        return result

    def _array(self, schema: dict[str, Any], name: str, *, depth: int) -> list[Any]:
        first = [self.value(one, name, depth=depth + 1) for one in schema.get("prefixItems") or []]
        least = schema.get("minItems", 0)
        count = max(least, len(first), 1 if depth < _SMALL_FROM and schema.get("maxItems") != 0 else 0)
        if "items" not in schema and "minItems" not in schema:
            count = len(first)
        rest = [self.value(schema.get("items", {}), name, depth=depth + 1) for _ in range(count - len(first))]
        if schema.get("uniqueItems"):
            rest = [_distinct(value, index) for index, value in enumerate(rest)]
        return [*first, *rest]

    def _text(self, schema: dict[str, Any], name: str) -> str:
        least, most = schema.get("minLength", 0), schema.get("maxLength", math.inf)
        candidates = [self._hint(name, schema), _BY_FORMAT.get(schema.get("format", "")), *_TEXTS]
        pattern = schema.get("pattern")
        fits = [
            text
            for text in candidates
            if isinstance(text, str) and least <= len(text) <= most and (not pattern or _matches(pattern, text))
        ]
        if fits:
            return fits[0]
        text = (_TEXTS[0] * (int(least) // 6 + 1))[: int(max(least, 1))]
        return text if most == math.inf else text[: int(most)]


def _is_null(schema: Any) -> bool:
    return isinstance(schema, dict) and schema.get("type") == "null"


def _refers(schema: Any) -> bool:
    return isinstance(schema, dict) and isinstance(schema.get("$ref"), str)


def _described(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the keywords that a description states in words, such as `minItems: 3`, as a model reads them."""
    description = schema.get("description")
    keywords: dict[str, Any] = {}
    for found in _STATED.finditer(description) if isinstance(description, str) else ():
        with contextlib.suppress(ValueError):
            keywords[found[1]] = _DECODER.raw_decode(found.string, found.end())[0]
    return {word: value for word, value in keywords.items() if isinstance(value, _STATABLE[word])}


def _definitions(root: Any) -> dict[str, Any]:
    return {word: root[word] for word in ("$defs", "definitions") if isinstance(root, dict) and word in root}


def _checker(schema: dict[str, Any]) -> Callable[[Any], bool]:
    try:
        return jsonschema_rs.Draft202012Validator(schema).is_valid
    except (jsonschema_rs.ValidationError, ValueError):
        return lambda _: True


def _guessed(schema: dict[str, Any]) -> str:
    if "properties" in schema or "required" in schema:
        return "object"
    return "array" if "items" in schema or "prefixItems" in schema else "string"


def _merged(schemas: list[Any]) -> dict[str, Any]:
    """Merge schemas: properties, `required` and `allOf` are joined; of any other keyword the first one is kept."""
    merged: dict[str, Any] = {}
    for schema in schemas:
        if not isinstance(schema, dict):
            continue
        properties = {**(schema.get("properties") or {}), **(merged.get("properties") or {})}
        required = list(dict.fromkeys([*merged.get("required", []), *(schema.get("required") or [])]))
        nested = [*merged.get("allOf", []), *(schema.get("allOf") or [])]
        merged = {**schema, **merged}
        for word, value in (("properties", properties), ("required", required), ("allOf", nested)):
            if value:
                merged[word] = value
    return merged


def _number(schema: dict[str, Any], *, whole: bool, hint_value: Any) -> int | float:
    step = schema.get("multipleOf") or (1 if whole else 0)
    low = max(schema.get("minimum", -math.inf), schema.get("exclusiveMinimum", -math.inf))
    high = min(schema.get("maximum", math.inf), schema.get("exclusiveMaximum", math.inf))
    start = 1 if low < 1 < high else low if low > -math.inf else min(1, high)
    if step:
        value = math.ceil(start / step) * step
        if value == schema.get("exclusiveMinimum"):
            value += step
        if value > high or value == schema.get("exclusiveMaximum"):
            value = math.floor(high / step) * step
            value -= step if value == schema.get("exclusiveMaximum") else 0
    else:
        value = start if high == math.inf else (start + high) / 2
        value = value + 1 if value == schema.get("exclusiveMinimum") else value
    fits = (
        not isinstance(hint_value, bool)
        and isinstance(hint_value, int if whole else int | float)
        and low <= hint_value <= high
    )
    if fits and not schema.get("multipleOf") and "exclusiveMinimum" not in schema and "exclusiveMaximum" not in schema:
        return hint_value  # type: ignore[no-any-return]
    return int(value) if whole else value


def _distinct(value: Any, index: int) -> Any:
    if index == 0:
        return value
    match value:
        case str():
            return f"{value}{index}"
        case bool():
            return not value
        case int() | float():
            return value + index
        case dict():
            return {name: _distinct(inner, index) for name, inner in value.items()}
        case _:
            return value


def _matches(pattern: str, text: str) -> bool:
    try:
        return re.search(pattern, text) is not None
    except re.error:
        return False
