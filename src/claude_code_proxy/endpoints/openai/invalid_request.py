"""An error of the JSON decoder -> an `InvalidRequest` with OpenAI's parameter path, code and wording."""

import re
from collections.abc import Iterable, Iterator

import msgspec
from msgspec import inspect

from claude_code_proxy.errors import InvalidRequest

_AT = " - at `$"  # only the last one counts: before it a value of the caller's may be quoted, with anything in it
_MISSING = re.compile(r"Object missing required field `(.*)`", re.DOTALL)
_TYPES = re.compile(r"Expected `(.*)`, got `(.*)`")
_VALUE = re.compile(r"Invalid (?:enum )?value (.*)", re.DOTALL)
_STEP = re.compile(r"\[\d+\]|[^.\[\]]+")
_LONGEST = 60  # characters of a path or a value that are repeated
_NAMES = {
    "str": "a string",
    "array": "an array",
    "object": "an object",
    "int": "an integer",
    "float": "a number",
    "bool": "a boolean",
    "null": "null",
}


def to_invalid_request(error: msgspec.ValidationError, kind: inspect.Type, *, at: str = "") -> InvalidRequest:
    """Translate an error of the decoder; `kind` is the type that the value should have, and `at` its path."""
    text, path = _text_and_path(str(error))
    if at:
        path = f"{at}.{path}" if path and not path.startswith("[") else at + path
    if found := _MISSING.fullmatch(text):
        path = f"{path}.{found[1]}" if path else found[1]
        return InvalidRequest(f"Missing required parameter: '{path}'.", param=path, code="missing_required_parameter")
    if found := _TYPES.fullmatch(text):
        return _of_wrong_type(path, wanted=found[1], got=found[2])
    if found := _VALUE.fullmatch(text):
        return _of_wrong_value(path, found[1], supported=_values_at(path.removeprefix(at).removeprefix("."), kind))
    return InvalidRequest(f"Invalid '{path}': {_shown(text)}.", param=path or None, code="invalid_value")


def _text_and_path(complaint: str) -> tuple[str, str]:
    text, at, place = complaint.rpartition(_AT)
    if not at:
        return complaint, ""
    return text, _shown(place.removeprefix(".").removesuffix("`").replace(".[", "["))


def _shown(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _of_wrong_type(path: str, *, wanted: str, got: str) -> InvalidRequest:
    names = [_NAMES.get(name, name) for name in wanted.split(" | ") if name != "null"]
    what = f"Invalid type for '{path}'" if path else "Invalid type for the request body"
    return InvalidRequest(
        f"{what}: expected {' or '.join(names)}, but got {_NAMES.get(got, got)} instead.",
        param=path or None,
        code="invalid_type",
    )


def _of_wrong_value(path: str, value: str, *, supported: list[str]) -> InvalidRequest:
    choice = f" Supported values are: {', '.join(map(repr, supported))}." if supported else ""
    return InvalidRequest(f"Invalid value for '{path}': {_shown(value)}.{choice}", param=path, code="invalid_value")


def _values_at(path: str, kind: inspect.Type) -> list[str]:
    """Return what may stand at `path`: tags of objects, or literal strings."""
    types: list[inspect.Type] = list(_options(kind))
    values: dict[str, None] = {}
    for step in _STEP.findall(path):
        values = dict.fromkeys(_tags(types, step))
        types = [option for found in _inner(types, step) for option in _options(found)]
    values |= dict.fromkeys(
        str(v) for option in types if isinstance(option, inspect.LiteralType) for v in option.values
    )
    return list(values)


def _options(kind: inspect.Type) -> tuple[inspect.Type, ...]:
    """Return the members of a union, or the type itself if it is not a union."""
    return kind.types if isinstance(kind, inspect.UnionType) else (kind,)


def _tags(types: Iterable[inspect.Type], field: str) -> list[str]:
    return [str(t.tag) for t in types if isinstance(t, inspect.StructType) and t.tag_field == field]


def _inner(types: Iterable[inspect.Type], step: str) -> Iterator[inspect.Type]:
    """Yield the types one step further in: a field of an object, or the items of a list."""
    for kind in types:
        if isinstance(kind, inspect.ListType) and step.startswith("["):
            yield kind.item_type
        elif isinstance(kind, inspect.StructType):
            yield from (field.type for field in kind.fields if field.encode_name == step)
