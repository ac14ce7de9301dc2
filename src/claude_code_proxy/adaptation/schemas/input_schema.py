"""A tool's JSON schema -> one that the service takes as `input_schema`, with the same meaning.

It must be an object without a union at its top, with plain property names, and valid in draft 2020-12. What cannot be
merged is wrapped under one property; `arguments` undoes that in calls. Work is kept per schema, by its bytes.
"""

from collections.abc import Sequence
from typing import Any

import jsonschema_rs
import msgspec
from msgspec import Raw, Struct

from claude_code_proxy.adaptation.conversation import names
from claude_code_proxy.adaptation.schemas.property_names import rename_properties
from claude_code_proxy.adaptation.schemas.schema_budget import TOO_LARGE, SchemaBudget, SchemaTooLarge
from claude_code_proxy.adaptation.schemas.schema_cache import SchemaCache
from claude_code_proxy.adaptation.schemas.schema_merge import (
    DEFS,
    are_mergeable,
    merge_branches,
    properties,
    redirect,
    required_names,
    resolve,
)
from claude_code_proxy.adaptation.schemas.schema_upgrade import Schema, type_name, upgrade_schema

WRAP = "value"
_UNIONS = ("anyOf", "oneOf")
_EMPTY: Schema = {"type": "object", "properties": {}}


class InputSchema(Struct, frozen=True):
    """`raw` None: the schema is fine as it is. `keys` are renamed properties as (sent, asked).

    `fault` is why the schema cannot be used at all, in words for the caller.
    """

    raw: Raw | None = None
    keys: tuple[tuple[str, str], ...] = ()
    wrapped: bool = False
    reasons: tuple[str, ...] = ()
    loses: bool = False
    fault: str = ""

    @property
    def reshapes(self) -> bool:
        """Whether calls by this schema look different from what the caller declared."""
        return self.wrapped or bool(self.keys)


@SchemaCache
def normalize_input_schema(raw: bytes) -> InputSchema:
    """Return the same InputSchema for the same bytes."""
    try:
        schema = msgspec.json.decode(raw) if raw else None
        if isinstance(schema, str) and schema.strip():
            return _from_text(schema)
        if isinstance(schema, dict):
            return _Normalizer(schema).result()
    except msgspec.DecodeError:
        schema = None
    except RecursionError:
        return InputSchema(fault="The schema is nested too deep.")
    except SchemaTooLarge:
        return InputSchema(fault=TOO_LARGE)
    return InputSchema(_encode(_EMPTY), reasons=("no parameters",), loses=bool(schema) and schema is not True)


def _from_text(text: str) -> InputSchema:
    """Return a schema that came as JSON text within JSON."""
    try:
        schema = msgspec.json.decode(text)
    except msgspec.DecodeError:
        schema = None
    if not isinstance(schema, dict):
        return InputSchema(fault="The schema is a text, and not one that holds a JSON object. Send the object itself.")
    return _Normalizer(schema, ["it was JSON text"]).result()


class _Normalizer:
    def __init__(self, schema: Schema, reasons: Sequence[str] = ()) -> None:
        self._root = schema
        self._budget = SchemaBudget()
        self._budget.spend_on(schema)
        self._in_place: dict[str, Schema] = {}  # what a reference became at the top
        self._reasons = list(reasons)
        self._loses = False

    def result(self) -> InputSchema:
        schema = self._merged(self._root, frozenset())
        self._budget.spend_on(schema)
        wrapped = self._must_wrap(schema)
        schema = _wrapped(schema) if wrapped else self._typed(schema)
        if wrapped:
            self._reasons.append(f"wrapped under `{WRAP}`, because its top is no plain object")
        schema = self._valid(schema)
        schema, keys = self._with_legal_keys(schema)
        if not self._reasons:
            return InputSchema()
        return InputSchema(_encode(schema), keys, wrapped, tuple(self._reasons), self._loses)

    def _merged(self, schema: Schema, seen: frozenset[str]) -> Schema:
        """Without `$ref`, `allOf` or a union of one at its top, as far as that can be done without loss."""
        self._budget.spend()
        if isinstance(reference := schema.get("$ref"), str):
            return self._put_in_place(schema, reference, seen=seen)
        for word in ("allOf", *_UNIONS):
            branches = _branches(schema, word)
            if branches is None or (word in _UNIONS and len(branches) > 1):
                continue
            parts = [self._merged(branch, seen) for branch in branches]
            rest = {key: value for key, value in schema.items() if key != word}
            if are_mergeable(parts):
                self._reasons.append(f"its top `{word}` was merged")
                return self._merged(merge_branches(rest, parts, budget=self._budget), seen)
        return schema

    def _put_in_place(self, schema: Schema, reference: str, *, seen: frozenset[str]) -> Schema:
        """Return the schema with what its top reference points at in the reference's place."""
        target = resolve(self._root, reference)
        rest = {key: value for key, value in schema.items() if key != "$ref"}
        self._reasons.append("its top `$ref` was put in place")
        if reference in seen or not isinstance(target, dict):
            return self._merged(rest, seen)
        if rest:
            return self._merged(_with_defs({**target, **rest}, self._root), seen | {reference})
        if reference not in self._in_place:
            self._in_place[reference] = self._merged(_with_defs(target, self._root), seen | {reference})
        return self._in_place[reference]

    def _must_wrap(self, schema: Schema) -> bool:
        kind = schema.get("type", "object")
        kinds = kind if isinstance(kind, list) else [kind]
        is_object = kind is None or any(isinstance(one, str) and type_name(one) == "object" for one in kinds)
        return not is_object or any(word in schema for word in ("anyOf", "oneOf", "allOf"))

    def _typed(self, schema: Schema) -> Schema:
        if schema.get("type") != "object":
            self._reasons.append("its type is object")
            schema = {"type": "object", **{key: value for key, value in schema.items() if key != "type"}}
        if "properties" in schema and not isinstance(schema["properties"], dict):
            self._reasons.append("it has no properties")
            self._loses = bool(schema["properties"])
            schema = {**schema, "properties": {}}
        return schema

    def _with_legal_keys(self, schema: Schema) -> tuple[Schema, tuple[tuple[str, str], ...]]:
        keys = dict.fromkeys((*properties(schema), *required_names(schema)))
        taken = {key for key in keys if names.is_legal_property(key)}
        renamed: dict[str, str] = {}
        for key in keys:
            if not names.is_legal_property(key):
                renamed[key] = names.unique(names.legal_property(key), taken, longest=names.LONGEST_PROPERTY)
                taken.add(renamed[key])
        if not renamed:
            return schema, ()
        self._reasons.append("property names that Claude refuses were renamed")
        return rename_properties(schema, renamed), tuple((sent, original) for original, sent in renamed.items())

    def _valid(self, schema: Schema) -> Schema:
        """Return the schema in valid draft 2020-12; a property that makes no sense is left open."""
        if _is_valid(schema):
            return schema
        self._reasons.append("older JSON Schema forms were rewritten")
        upgraded = upgrade_schema(schema)
        modern: Schema = upgraded.schema
        self._loses = self._loses or upgraded.loses
        if _is_valid(modern):
            return modern
        self._loses = True
        kept = {key: value if _is_valid(value) else _described(value) for key, value in properties(modern).items()}
        required = [key for key in required_names(modern) if key in kept]
        return {"type": "object", "properties": kept, "required": required, **_valid_defs(modern)}


def _is_valid(schema: Any) -> bool:
    if isinstance(schema, dict) and "$schema" in schema:
        schema = {key: value for key, value in schema.items() if key != "$schema"}
    try:
        return jsonschema_rs.meta.is_valid(schema)
    except ValueError:
        return False


def _described(value: object) -> Schema:
    text = value.get("description") if isinstance(value, dict) else None
    return {"description": text} if isinstance(text, str) else {}


def _valid_defs(schema: Schema) -> Schema:
    kept = {word: schema[word] for word in DEFS if isinstance(schema.get(word), dict)}
    return {
        word: {name: part if _is_valid(part) else {} for name, part in parts.items()} for word, parts in kept.items()
    }


def _branches(schema: Schema, word: str) -> list[Schema] | None:
    """Return the branches under `word`; one that says `null` is none, because arguments are always an object."""
    branches = schema.get(word)
    if not isinstance(branches, list):
        return None
    real = [branch for branch in branches if branch != {"type": "null"}]
    return real if real and all(isinstance(branch, dict) for branch in real) else None


def _with_defs(schema: Schema, root: Schema) -> Schema:
    return {**schema, **{word: root[word] for word in DEFS if word in root}}


def _wrapped(schema: Schema) -> Schema:
    """Return the schema as the one property of an object; definitions stay at the top, where references look."""
    inner = {key: value for key, value in schema.items() if key not in {*DEFS, "$schema"}}
    return {
        "type": "object",
        "properties": {WRAP: _moved(inner)},
        "required": [WRAP],
        "additionalProperties": False,
        **{word: _moved(schema[word]) for word in DEFS if word in schema},
    }


def _moved(part: Any) -> Any:
    """Return a part of the schema with its references rewritten for the place that it moved to."""

    def follow(reference: str) -> str:
        stays = not reference.startswith("#") or reference.startswith(("#/$defs/", "#/definitions/"))
        return reference if stays else f"#/properties/{WRAP}{reference[1:]}"

    return redirect(part, follow)


def _encode(schema: Schema) -> Raw:
    return Raw(msgspec.json.encode(schema))
