"""Other names for the properties of a schema: wherever it says them, and the original in titles."""

from typing import Any

from claude_code_proxy.adaptation.conversation.names import with_original_name
from claude_code_proxy.adaptation.schemas.schema_merge import properties, redirect, required_names, unescaped
from claude_code_proxy.adaptation.schemas.schema_upgrade import Schema


def rename_properties(schema: Schema, renamed: dict[str, str]) -> Schema:
    """Return the schema with other names of its own properties, wherever it says them."""

    def follow(reference: str) -> str:
        start, found, name_and_rest = reference.partition("#/properties/")
        name, slash, rest = name_and_rest.partition("/")
        new = renamed.get(unescaped(name)) if found and not start else None
        return reference if new is None else f"{found}{new}{slash}{rest}"

    redirected: Schema = redirect(schema, follow)
    changed = _renamed(redirected, renamed)
    original = {sent: caller_name for caller_name, sent in renamed.items()}
    titled = {key: _titled(part, original.get(key)) for key, part in properties(changed).items()}
    return {**changed, "properties": titled} if titled else changed


def _titled(part: Any, name: str | None) -> Any:
    """Return a property's schema that tells its original name, by which other texts speak of it."""
    if part is True and name:
        return {"title": name}
    if not name or not isinstance(part, dict):
        return part
    if not part.get("title"):
        return {"title": name, **{key: value for key, value in part.items() if key != "title"}}
    about = part.get("description")
    return {**part, "description": with_original_name(name, about if isinstance(about, str) else None)}


def _renamed(schema: Schema, renamed: dict[str, str]) -> Schema:
    """Return `schema`, and the schemas in it about the same object, with other names of that object's properties."""
    changed = {**schema}
    for word, value in schema.items():
        match word, value:
            case "properties" | "dependentSchemas" | "dependentRequired", dict():
                changed[word] = {renamed.get(key, key): part for key, part in value.items()}
            case "required", list():
                changed[word] = [renamed.get(name, name) for name in required_names(schema)]
            case "if" | "then" | "else" | "not", dict():
                changed[word] = _renamed(value, renamed)
            case "anyOf" | "oneOf" | "allOf", list():
                changed[word] = [_renamed(part, renamed) if isinstance(part, dict) else part for part in value]
            case _:
                pass
    for name, needed in changed.get("dependentRequired", {}).items():
        changed["dependentRequired"][name] = [renamed.get(key, key) for key in needed]
    for name, part in changed.get("dependentSchemas", {}).items():
        changed["dependentSchemas"][name] = _renamed(part, renamed) if isinstance(part, dict) else part
    return changed
