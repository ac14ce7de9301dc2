"""What it may cost to hold a value against a schema, told from the schema alone.

The validator answers *whether* a value is valid in time that grows with the schema, its references followed, times the
value; it remembers what a recursive reference came to. *Why* a value is invalid costs much more: each branch of a union
is explained, so that unions in unions, or around a recursion, are explained over and over again.
"""

import re
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

from claude_code_proxy.adaptation.schemas.schema_cache import SchemaCache
from claude_code_proxy.adaptation.schemas.schema_merge import resolve
from claude_code_proxy.adaptation.schemas.schema_upgrade import Schema

MOST_FOR_VALIDITY = 500_000  # parts of the schema times parts of the value; about 30 ms
MOST_FOR_EXPLANATION = 2_000  # parts of the largest union times parts of the value
MOST_BACKTRACKED = 2_000  # characters of a value that a backtracking pattern may run over
_MOST_UNIONS_DEEP = 8
_ENDLESS = 10**12
_UNIONS = frozenset({"anyOf", "oneOf", "not", "if", "contains", "dependentSchemas"})
_BACKTRACKING = re.compile(r"\(\?<?[=!]|\\[1-9]|\\k|\(\?P=|\(\?>")
_BY_NAME = frozenset({"properties", "patternProperties", "dependentSchemas"})
_LISTS = frozenset({"anyOf", "oneOf", "allOf", "prefixItems", "items"})
_NO_SCHEMAS = frozenset({"$defs", "definitions", "const", "default", "examples", "dependentRequired"})
_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
_MARKS = (b",", b":", b"[", b"{")


class ValidationCost(Struct, frozen=True):
    """`parts` and `union`: parts of the schema, and of its largest union, with references followed.

    `recursive`: a definition refers to itself. `backtracks`: a pattern cannot be run in linear time.
    """

    parts: int
    union: int
    recursive: bool
    backtracks: bool

    def allows_validation(self, text: bytes) -> bool:
        """Whether it can be told at once if the JSON in `text` is valid."""
        if self.backtracks and len(text) > MOST_BACKTRACKED:
            return False
        return self.parts * _parts_of(text) <= MOST_FOR_VALIDITY

    def allows_explanation(self, text: bytes) -> bool:
        """Whether it can be told at once what is wrong with the JSON in `text`."""
        return not self.recursive and self.union * _parts_of(text) <= MOST_FOR_EXPLANATION


@SchemaCache
def cost_of(raw: bytes) -> ValidationCost:
    """`raw` is the JSON of a schema."""
    root = msgspec.json.decode(raw)
    measure = _Measure(root if isinstance(root, dict) else {})
    try:
        size = measure.of(root)
    except RecursionError:
        size = _Size(_ENDLESS, _ENDLESS)
    union = size.union if size.unions_deep <= _MOST_UNIONS_DEEP else _ENDLESS
    return ValidationCost(size.parts, union, measure.recursive, measure.backtracks)


def _parts_of(text: bytes) -> int:
    """Return an upper bound of how many values the JSON in `text` has."""
    return 1 + sum(map(text.count, _MARKS))


class _Size(Struct, frozen=True):
    """Of a schema with its references followed: its parts, those of the largest union in it, and unions in unions."""

    parts: int = 1
    union: int = 0
    unions_deep: int = 0


_ONE = _Size()
_UNKNOWN = _Size(_ENDLESS, _ENDLESS)  # of a reference that only the validator can follow


class _Measure:
    def __init__(self, root: Schema) -> None:
        self._root = root
        self._known: dict[int, _Size] = {}  # by the identity of a schema
        self._open: set[int] = set()
        self.recursive = False
        self.backtracks = False

    def of(self, schema: Any) -> _Size:
        if not isinstance(schema, dict):
            return _ONE
        key = id(schema)
        if key in self._open:
            self.recursive = True
            return _ONE
        if key not in self._known:
            self._open.add(key)
            self._known[key] = self._measured(schema)
            self._open.remove(key)
        return self._known[key]

    def _measured(self, schema: Schema) -> _Size:
        self._look_at_patterns(schema)
        values = schema.get("enum")
        parts, union, deep = 1 + (len(values) if isinstance(values, list) else 0), 0, 0
        for word, inner in _inner(schema):
            size = self.of(inner)
            parts = min(parts + size.parts, _ENDLESS)
            union = max(union, size.union)
            deep = max(deep, size.unions_deep + (word in _UNIONS))
        for reference in filter(None, map(schema.get, _REFERENCES)):
            size = self._referred(reference)
            parts, union, deep = min(parts + size.parts, _ENDLESS), max(union, size.union), max(deep, size.unions_deep)
        return _Size(parts, max(union, parts) if _UNIONS & schema.keys() else union, deep)

    def _referred(self, reference: Any) -> _Size:
        is_plain = isinstance(reference, str) and (reference == "#" or reference.startswith("#/"))
        target = resolve(self._root, reference) if is_plain else None
        return _UNKNOWN if target is None else self.of(target)

    def _look_at_patterns(self, schema: Schema) -> None:
        by_pattern = schema.get("patternProperties")
        patterns = (schema.get("pattern"), *(by_pattern if isinstance(by_pattern, dict) else ()))
        if any(isinstance(pattern, str) and _BACKTRACKING.search(pattern) for pattern in patterns):
            self.backtracks = True


def _inner(schema: Schema) -> Iterator[tuple[str, Any]]:
    """Each schema that stands in `schema`, with the keyword that has it."""
    for word, value in schema.items():
        if isinstance(value, dict) and word in _BY_NAME:
            yield from ((word, part) for part in value.values())
        elif isinstance(value, list) and word in _LISTS:
            yield from ((word, part) for part in value)
        elif isinstance(value, dict) and word not in _NO_SCHEMAS:
            yield word, value
