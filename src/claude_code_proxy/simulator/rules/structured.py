"""The subset of JSON Schema that the service accepts in `output_config.format` and for strict tools."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import jsonschema_rs

from claude_code_proxy.simulator.parsed_request import ParsedRequest
from claude_code_proxy.simulator.refusal import Refusal
from claude_code_proxy.simulator.rules.shape import fail

FORMATS = frozenset({
    "date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid",
})  # fmt: skip
_UNSUPPORTED = {
    "integer": ("exclusiveMaximum", "exclusiveMinimum", "maximum", "minimum", "multipleOf"),
    "number": ("exclusiveMaximum", "exclusiveMinimum", "maximum", "minimum", "multipleOf"),
    "string": ("maxLength", "minLength"),
    "array": (
        "contains", "maxContains", "maxItems", "minContains", "prefixItems", "unevaluatedItems", "uniqueItems",
    ),
    "object": (
        "dependentRequired", "dependentSchemas", "maxProperties", "minProperties", "patternProperties",
        "propertyNames", "unevaluatedProperties",
    ),
}  # fmt: skip
_COMBINATORS = ("oneOf", "not", "if", "then", "else")
_REGEX_BEYOND = re.compile(r"\(\?<?[=!]|\\[1-9]|\\[bB]")
_MAX_OPTIONAL = 24
_MAX_UNIONS = 16
WHERE = "output_config.format.schema"


def check(request: ParsedRequest) -> None:
    schema = request.output_schema
    if schema is None:
        return
    try:
        valid = jsonschema_rs.meta.is_valid({name: value for name, value in schema.items() if name != "$schema"})
    except ValueError:
        valid = False
    if not valid:
        raise fail(WHERE, "JSON schema is invalid.")
    check_subset(schema, WHERE)
    check_complexity([schema])
    if any(_cites(block) for turn in request.turns for block in turn.blocks):
        raise Refusal("output_config.format: citations cannot be used together with structured outputs.")


def _cites(block: dict[str, Any]) -> bool:
    inner = block.get("content") if block["type"] == "tool_result" else None
    nested = inner if isinstance(inner, list) else []
    return any(
        bool((one.get("citations") or {}).get("enabled"))
        for one in (block, *nested)
        if one["type"] in {"document", "search_result"}
    )


def check_subset(schema: dict[str, Any], where: str) -> None:
    for part in _parts(schema):
        _check_words(part, where)
        for kind in _types(part):
            _check_type(part, kind, where=where)
    _check_references(schema, where)


def _check_words(part: dict[str, Any], where: str) -> None:
    for word in _COMBINATORS:
        if word in part:
            raise fail(where, f"Schema type '{word}' is not supported")
    if "enum" in part and any(isinstance(value, dict | list) for value in part["enum"]):
        raise fail(where, "Enum values must be strings, numbers, booleans or null")
    if "allOf" in part and any(isinstance(one, dict) and "$ref" in one for one in part["allOf"]):
        raise fail(where, "'allOf' with '$ref' is not supported")
    if _REGEX_BEYOND.search(str(part.get("pattern", ""))):
        raise fail(where, f"Regex pattern '{part['pattern']}' is not supported")


def _types(part: dict[str, Any]) -> list[str]:
    kinds = part.get("type", "object" if "properties" in part else [])
    return [kinds] if isinstance(kinds, str) else list(kinds)


def _check_type(part: dict[str, Any], kind: str, *, where: str) -> None:
    found = [word for word in _UNSUPPORTED.get(kind, ()) if word in part]
    if len(found) == 1:
        raise fail(where, f"For '{kind}' type, property '{found[0]}' is not supported")
    if found:
        raise fail(where, f"For '{kind}' type, properties {', '.join(found)} are not supported")
    if kind == "object" and part.get("additionalProperties") is not False:
        raise fail(where, "For 'object' type, 'additionalProperties' must be explicitly set to false")
    if kind == "array" and part.get("minItems", 0) not in {0, 1}:
        raise fail(where, "For 'array' type, 'minItems' values other than 0 or 1 are not supported")
    if kind == "string" and part.get("format", "date") not in FORMATS:
        raise fail(where, f"For 'string' type, format '{part['format']}' is not supported")


def _parts(schema: Any) -> Iterator[dict[str, Any]]:
    """Yield the schema and every schema inside it."""
    if not isinstance(schema, dict):
        return
    yield schema
    for word in ("properties", "$defs", "definitions"):
        for inner in (schema.get(word) or {}).values():
            yield from _parts(inner)
    for word in ("anyOf", "allOf"):
        for inner in schema.get(word) or []:
            yield from _parts(inner)
    yield from _parts(schema.get("items"))


def resolve(root: dict[str, Any], reference: str) -> Any:
    """Return the target of an internal `$ref`; None if there is none."""
    found: Any = root
    if not reference.startswith("#"):
        return None
    for step in reference.removeprefix("#").split("/")[1:]:
        if not isinstance(found, dict):
            return None
        found = found.get(step.replace("~1", "/").replace("~0", "~"))
    return found


def _check_references(root: dict[str, Any], where: str) -> None:
    _follow(root, root, where=where, trail=())


def _follow(part: Any, root: dict[str, Any], *, where: str, trail: tuple[str, ...]) -> None:
    if not isinstance(part, dict):
        return
    reference = part.get("$ref")
    if isinstance(reference, str):
        if reference in trail:
            raise fail(where, f"Circular reference detected in schema definitions: {reference}")
        target = resolve(root, reference)
        if target is None:
            raise fail(where, f"Invalid $ref: {reference}")
        _follow(target, root, where=where, trail=(*trail, reference))
    for inner in _used(part):
        _follow(inner, root, where=where, trail=trail)


def _used(part: dict[str, Any]) -> Iterator[Any]:
    yield from (part.get("properties") or {}).values()
    for word in ("anyOf", "allOf"):
        yield from part.get(word) or []
    yield part.get("items")


def check_complexity(schemas: Iterable[dict[str, Any]]) -> None:
    """Refuse too many optional or union-typed properties over all schemas; targets of a `$ref` do not count."""
    optional = unions = 0
    for schema in schemas:
        for part in _parts({name: value for name, value in schema.items() if name not in {"$defs", "definitions"}}):
            properties = part.get("properties") or {}
            optional += len(set(properties) - set(part.get("required") or []))
            unions += sum(1 for inner in properties.values() if _is_union(inner))
    if optional > _MAX_OPTIONAL:
        raise Refusal(
            f"Schemas contains too many optional parameters ({optional}), which would make grammar compilation "
            f"inefficient. Reduce the number of optional parameters in your tool schemas (limit: {_MAX_OPTIONAL})."
        )
    if unions > _MAX_UNIONS:
        raise Refusal(
            f"Schemas contains too many parameters with union types ({unions} parameters with type arrays or anyOf). "
            "This causes exponential compilation cost. Reduce the number of nullable or union-typed parameters "
            f"(limit: {_MAX_UNIONS})."
        )


def _is_union(schema: Any) -> bool:
    return isinstance(schema, dict) and ("anyOf" in schema or isinstance(schema.get("type"), list))
