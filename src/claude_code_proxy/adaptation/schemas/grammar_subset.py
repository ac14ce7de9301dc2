"""A JSON schema -> the part of it that the service can hold an answer to by grammar, the rest said in descriptions.

A schema that a grammar cannot express (open maps, recursion, external references) yields `raw=None`.
https://platform.claude.com/docs/en/build-with-claude/structured-outputs
"""

import re
from collections.abc import Collection, Iterator
from typing import Any

import msgspec
from msgspec import Raw, Struct

from claude_code_proxy.adaptation.schemas.schema_budget import SchemaBudget, SchemaTooLarge
from claude_code_proxy.adaptation.schemas.schema_cache import SchemaCache
from claude_code_proxy.adaptation.schemas.schema_merge import (
    are_mergeable,
    merge_branches,
    properties,
    required_names,
    resolve,
    unescaped,
)
from claude_code_proxy.adaptation.schemas.schema_upgrade import Schema, upgrade_schema

FORMATS = frozenset({
    "date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid",
})  # fmt: skip
_KEPT = ("title", "type", "enum", "const", "default")
_STRUCTURE = frozenset({
    "description", "properties", "required", "additionalProperties", "items", "anyOf", "oneOf", "$defs", "definitions",
    "$schema", "$id", "$comment", "examples", "deprecated", "readOnly", "writeOnly", "nullable",
})  # fmt: skip
_SHAPING = frozenset({"type", "properties", "required", "additionalProperties", "items", "anyOf", "oneOf", "allOf"})
_SILENT_BESIDE = frozenset({"$ref", "title", "default", "examples", "$comment", "deprecated", "readOnly", "writeOnly"})
_BEYOND_GRAMMAR = re.compile(r"\(\?<?[=!]|\\[1-9]|\\[bB]|\(\?P?[<=]")
_DEF = re.compile(r"#/(\$defs|definitions)/([^/]+)")
REWRITTEN = "in the form of the service's grammar: objects are closed, oneOf is anyOf"
_SCALARS = (str, int, float, bool, type(None))


class Subset(Struct, frozen=True):
    """`raw` None: no grammar can say it. `exact`: nothing had to be said in words. A request sums the counts.

    `too_large`: the schema has more parts than may be looked at.
    """

    raw: Raw | None
    exact: bool = True
    optional: int = 0
    unions: int = 0
    too_large: bool = False


@SchemaCache
def to_subset(raw: bytes) -> Subset:
    """Return the same Subset for the same bytes, which are JSON of a valid schema."""
    root = msgspec.json.decode(raw)
    try:
        if b'"nullable"' in raw:
            root = upgrade_schema(root).schema
            raw = msgspec.json.encode(root)
        writer = _Writer(root if isinstance(root, dict) else {})
        written = writer.whole()
    except SchemaTooLarge:
        return Subset(None, too_large=True)
    except (_Inexpressible, RecursionError):
        return Subset(None)
    optional, unions = _counts({key: value for key, value in written.items() if key not in {"$defs", "definitions"}})
    encoded = raw if written == root else msgspec.json.encode(written)
    return Subset(Raw(encoded), writer.exact, optional, unions)


class _Inexpressible(Exception):
    """No grammar can say this."""


class _Writer:
    def __init__(self, root: Schema) -> None:
        self._root = root
        self._budget = SchemaBudget()
        self._budget.spend_on(root)
        self._defs: dict[str, Schema] = {}  # by reference
        self._costs: dict[str, int] = {}  # the parts of each of them
        self._merged: dict[str, Schema] = {}  # by reference, without `$ref` and `allOf` at their top
        self._trail: tuple[str, ...] = ()
        self.exact = True

    def whole(self) -> Schema:
        written = self._write(self._in_place(self._root))
        for reference, part in self._defs.items():
            found = _DEF.fullmatch(reference)
            if found is not None:
                written.setdefault(found[1], {})[unescaped(found[2])] = part
        return written

    def _write(self, schema: Any) -> Schema:
        self._budget.spend()
        if schema is True:
            return {}
        if not isinstance(schema, dict):
            raise _Inexpressible
        if isinstance(reference := schema.get("$ref"), str):
            return self._beside(schema, reference)
        if "allOf" in schema:
            return self._write(self._joined(schema))
        written = {key: schema[key] for key in _KEPT if key in schema}
        self._budget.spend_on(written)
        self._write_value(schema, written)
        self._write_unions(schema, written)
        self._write_array(schema, written)
        self._write_object(schema, written)
        return self._described(schema, written)

    def _refer(self, reference: str) -> Schema:
        """Write a reference: a definition is written once, a reference to elsewhere is put in place."""
        if reference in self._trail:
            raise _Inexpressible
        if reference not in self._defs:
            target = resolve(self._root, reference)
            if not isinstance(target, dict):
                raise _Inexpressible
            before = self._budget.spent
            self._trail = (*self._trail, reference)
            self._defs[reference] = self._write(target)
            self._trail = self._trail[:-1]
            self._costs[reference] = self._budget.spent - before
        if _DEF.fullmatch(reference):
            return {"$ref": reference}
        self._budget.spend(self._costs[reference])
        return self._defs[reference]

    def _beside(self, schema: Schema, reference: str) -> Schema:
        """Put what a reference points at in its place where more is said beside it: a reference stands alone."""
        written = self._refer(reference)
        beside = {key: value for key, value in schema.items() if key not in _SILENT_BESIDE}
        if beside.keys() & _SHAPING:
            raise _Inexpressible
        if not beside:
            return written
        target = self._defs[reference]
        while "$ref" in target:
            reference = target["$ref"]
            target = self._defs[reference]
        self._budget.spend(self._costs[reference])
        return self._described({key: target[key] for key in ("description",) if key in target} | beside, target)

    def _joined(self, schema: Schema) -> Schema:
        rest = {key: value for key, value in schema.items() if key != "allOf"}
        branches = schema["allOf"]
        if not isinstance(branches, list) or not branches:
            return rest
        if len(branches) == 1 and rest.keys() <= {"description", "title", "default"} and isinstance(branches[0], dict):
            return {**rest, **branches[0]}
        parts = [self._in_place(branch) for branch in branches]
        if not are_mergeable([rest, *parts]):
            raise _Inexpressible
        return merge_branches(rest, parts, budget=self._budget)

    def _in_place(self, branch: Any) -> Schema:
        """Return what stands at the end of a reference, merged; a reference that stands alone is followed once."""
        self._budget.spend()
        reference = branch.get("$ref") if isinstance(branch, dict) and len(branch) == 1 else None
        if not isinstance(reference, str):
            return self._followed(branch)
        if reference not in self._merged:
            self._merged[reference] = self._followed(branch)
        return self._merged[reference]

    def _followed(self, branch: Any) -> Schema:
        found = branch
        for _ in range(8):
            if not isinstance(found, dict) or not isinstance(reference := found.get("$ref"), str):
                break
            if found.keys() & _SHAPING:
                raise _Inexpressible
            found = resolve(self._root, reference)
        if not isinstance(found, dict) or "$ref" in found:
            raise _Inexpressible
        return self._joined(found) if "allOf" in found else found

    def _write_value(self, schema: Schema, written: Schema) -> None:
        values = written.get("enum", [])
        if not all(isinstance(value, _SCALARS) for value in (*values, written.get("const"))):
            written.pop("enum", None)
            written.pop("const", None)
        if schema.get("format") in FORMATS:
            written["format"] = schema["format"]
        pattern = schema.get("pattern")
        if isinstance(pattern, str) and not _BEYOND_GRAMMAR.search(pattern):
            written["pattern"] = pattern

    def _write_unions(self, schema: Schema, written: Schema) -> None:
        for word in ("anyOf", "oneOf"):
            branches = schema.get(word)
            if isinstance(branches, list) and branches:
                if "anyOf" in written or "properties" in schema:
                    raise _Inexpressible
                written["anyOf"] = [self._write(branch) for branch in branches]

    def _write_array(self, schema: Schema, written: Schema) -> None:
        if isinstance(schema.get("items"), dict | bool):
            if "prefixItems" in schema:
                raise _Inexpressible  # the grammar would hold the first items to it too
            written["items"] = self._write(schema["items"])
        if schema.get("minItems") in {0, 1}:
            written["minItems"] = schema["minItems"]
        elif isinstance(schema.get("minItems"), int):
            written["minItems"] = 1

    def _write_object(self, schema: Schema, written: Schema) -> None:
        kinds = schema.get("type", "object" if "properties" in schema else None)
        if kinds != "object" and not (isinstance(kinds, list) and "object" in kinds):
            return
        closed = schema.get("additionalProperties")
        found = {name: part for name, part in properties(schema).items() if part is not False}
        if closed is None and not found and self._is_one_of_objects(written):
            del written["type"]  # which every branch says
            return
        if (not found and closed is not False) or _takes_other_names(schema, found.keys()):
            raise _Inexpressible  # the grammar, which closes every object, would make data impossible
        required = required_names(schema)
        if any(properties(schema).get(name) is False for name in required):
            raise _Inexpressible
        written.setdefault("type", "object")
        written["properties"] = {name: self._write(part) for name, part in found.items()}
        written["properties"] |= {name: {} for name in required if name not in found}
        if required:
            written["required"] = required
        written["additionalProperties"] = False

    def _is_one_of_objects(self, written: Schema) -> bool:
        branches = [self._defs.get(branch.get("$ref", ""), branch) for branch in written.get("anyOf", ())]
        return (
            written.get("type") == "object"
            and bool(branches)
            and all(branch.get("type") == "object" for branch in branches)
        )

    def _described(self, schema: Schema, written: Schema) -> Schema:
        """With all that the grammar does not hold, in words."""
        description = schema.get("description")
        texts = [description] if isinstance(description, str) and description else []
        unheld = {key: value for key, value in schema.items() if key not in _STRUCTURE and written.get(key) != value}
        self._budget.spend_on(texts)
        if unheld:
            self._budget.spend_on(unheld)
            self.exact = False
            texts.append("(" + "; ".join(f"{key}: {_json(value)}" for key, value in unheld.items()) + ")")
        return {**written, "description": " ".join(texts)} if texts else written


def _takes_other_names(schema: Schema, declared: Collection[str]) -> bool:
    """Whether an object is meant to have other properties than those that are declared.

    One of which that is not said is closed, as most are meant to be.
    """
    patterns = schema.get("patternProperties")
    if isinstance(patterns, dict) and any(part is not False for part in patterns.values()):
        return True
    additional = schema.get("additionalProperties")
    if additional is not None:
        return additional is not False
    if schema.get("unevaluatedProperties", False) is not False:
        return True
    return any(name not in declared for name in _conditional_names(schema))


def _conditional_names(schema: Any) -> Iterator[str | None]:
    """Yield the properties that conditions bring in; None for those that stand behind a reference."""
    for word in ("if", "then", "else"):
        yield from _names_in(schema.get(word))
    for word in ("dependentSchemas", "dependentRequired", "dependencies"):
        for name, needed in (schema[word] if isinstance(schema.get(word), dict) else {}).items():
            yield name
            yield from (needed if isinstance(needed, list) else _names_in(needed))


def _names_in(condition: Any) -> Iterator[str | None]:
    if not isinstance(condition, dict):
        return
    if "$ref" in condition:
        yield None
    yield from properties(condition)
    yield from required_names(condition)
    yield from _conditional_names(condition)
    for word in ("allOf", "anyOf", "oneOf"):
        for part in condition[word] if isinstance(condition.get(word), list) else ():
            yield from _names_in(part)


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _counts(part: Any) -> tuple[int, int]:
    """Return optional properties, and properties that are unions, in `part` and all that stands in it."""
    if not isinstance(part, dict):
        return 0, 0
    found = properties(part)
    optional = len(found.keys() - set(required_names(part)))
    unions = sum(1 for inner in found.values() if "anyOf" in inner or isinstance(inner.get("type"), list))
    for inner in (*found.values(), *part.get("anyOf", ()), part.get("items")):
        more_optional, more_unions = _counts(inner)
        optional += more_optional
        unions += more_unions
    return optional, unions
