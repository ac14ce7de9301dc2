"""JSON schemas: following references inside one, and joining the branches of an `allOf` into one object."""

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from claude_code_proxy.adaptation.schemas.schema_budget import SchemaBudget
from claude_code_proxy.adaptation.schemas.schema_upgrade import Schema

DEFS = ("$defs", "definitions")
MERGEABLE = frozenset({
    "type", "properties", "required", "additionalProperties", "title", "description", "$defs", "definitions", "$schema",
    "$id", "$comment", "examples", "default",
})  # fmt: skip


def resolve(root: Schema, reference: str) -> Any:
    """Return what an internal `$ref` points at; None where there is nothing."""
    if not reference.startswith("#"):
        return None
    found: Any = root
    for step in reference[1:].split("/")[1:]:
        if not isinstance(found, dict):
            return None
        found = found.get(unescaped(step))
    return found


def unescaped(step: str) -> str:
    """One step of a reference: a JSON pointer in a URI."""
    return unquote(step).replace("~1", "/").replace("~0", "~")


def are_mergeable(parts: list[Schema]) -> bool:
    return all(part.keys() <= MERGEABLE and part.get("type", "object") == "object" for part in parts)


def merge_branches(schema: Schema, parts: list[Schema], *, budget: SchemaBudget) -> Schema:
    """One object with the properties and duties of all; what `schema` itself says wins. Raise `SchemaTooLarge`."""
    found: Schema = {}
    required: dict[str, None] = {}
    for part in (schema, *parts):
        for key, value in properties(part).items():
            budget.spend_on(value)
            known = found.get(key, value)
            found[key] = value if known == value else {"allOf": [known, value]}
        required |= dict.fromkeys(required_names(part))
    whole: Schema = {}
    for part in reversed((schema, *parts)):
        whole |= part
    whole.pop("additionalProperties", None)
    if schema.get("additionalProperties") is False or all(part.get("additionalProperties") is False for part in parts):
        whole["additionalProperties"] = False
    elif any(part.get("additionalProperties", False) is not False for part in (schema, *parts)):
        whole["additionalProperties"] = True
    whole["properties"] = found
    if required:
        whole["required"] = list(required)
    return whole


def properties(schema: Schema) -> Schema:
    found = schema.get("properties")
    return found if isinstance(found, dict) else {}


def required_names(schema: Schema) -> list[str]:
    names = schema.get("required")
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []


def redirect(part: Any, follow: Callable[[str], str]) -> Any:
    """Return a part of a schema with each of its references as `follow` has it."""
    if isinstance(part, list):
        return [redirect(item, follow) for item in part]
    if not isinstance(part, dict):
        return part
    changed = {key: redirect(value, follow) for key, value in part.items()}
    if isinstance(reference := part.get("$ref"), str):
        changed["$ref"] = follow(reference)
    return changed
