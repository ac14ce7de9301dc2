"""A JSON Schema that a prompt shows in its text, as libraries do for models without structured outputs."""

import json
from typing import Any

_MAX_ATTEMPTS = 200
_TYPES = frozenset({"object", "array", "string", "integer", "number", "boolean", "null"})
_KEYWORDS = frozenset({
    "properties", "items", "additionalProperties", "$ref", "$defs", "definitions", "anyOf", "oneOf", "allOf", "enum",
    "const",
})  # fmt: skip
_DECODER = json.JSONDecoder()


def find_schema(text: str) -> dict[str, Any] | None:
    """Return the last JSON Schema in the text; None if there is none."""
    found = None
    start = 0
    for _ in range(_MAX_ATTEMPTS):
        start = text.find("{", start)
        if start < 0:
            break
        try:
            value, start = _DECODER.raw_decode(text, start)
        except (ValueError, RecursionError):
            start += 1
            continue
        found = _as_schema(value) or found
    return found


def _as_schema(value: Any) -> dict[str, Any] | None:
    """Return the value if it is a schema, or the schema that it wraps as `response_format` does."""
    if not isinstance(value, dict):
        return None
    for name in ("json_schema", "schema"):
        inner = _as_schema(value.get(name))
        if inner is not None:
            return inner
    kind = value.get("type")
    is_schema = bool(_KEYWORDS & value.keys()) or (isinstance(kind, str) and kind in _TYPES)
    return value if is_schema else None
