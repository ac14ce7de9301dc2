"""Checks of raw JSON with the messages of the service's own validator: `path: Field required`.

A check takes a value and its path, and raises a `Refusal` or returns. `blocks`, `tool_shapes` and `fields` combine
them into the shape of a request.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from claude_code_proxy.simulator.refusal import Refusal

Check = Callable[[Any, str], None]
Fields = Mapping[str, Check]


def fail(path: str, message: str) -> Refusal:
    return Refusal(f"{path}: {message}" if path else message)


def listed(values: Iterable[object]) -> str:
    """Return choices as the validator writes them: 'a', 'b' or 'c'."""
    names = [f"'{value}'" for value in values]
    return " or ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]


def anything(value: Any, path: str) -> None:  # noqa: ARG001 - a check that takes all
    return


def text(*, minimum: int = 0, maximum: int | None = None, pattern: str | None = None) -> Check:
    matcher = re.compile(pattern) if pattern else None

    def check(value: Any, path: str) -> None:
        if not isinstance(value, str):
            raise fail(path, "Input should be a valid string")
        if len(value) < minimum:
            raise fail(path, f"String should have at least {minimum} character{'s' if minimum > 1 else ''}")
        if maximum is not None and len(value) > maximum:
            raise fail(path, f"String should have at most {maximum} characters")
        if matcher and not matcher.search(value):
            raise fail(path, f"String should match pattern '{pattern}'")

    return check


def _is_integer(value: Any) -> bool:
    return not isinstance(value, bool) and (isinstance(value, int) or (isinstance(value, float) and value.is_integer()))


def integer(*, minimum: int | None = None) -> Check:
    def check(value: Any, path: str) -> None:
        if not _is_integer(value):
            raise fail(path, "Input should be a valid integer")
        if minimum is not None and value < minimum:
            raise fail(path, f"Input should be greater than or equal to {minimum}")

    return check


def number(*, low: float, high: float) -> Check:
    """Return a check of a range; its message has the short form `range: 0..1`, unlike the other checks."""

    def check(value: Any, path: str) -> None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise fail(path, "Input should be a valid number")
        if not low <= value <= high:
            raise fail(path, f"range: {low:g}..{high:g}")

    return check


def boolean(value: Any, path: str) -> None:
    if not isinstance(value, bool):
        raise fail(path, "Input should be a valid boolean")


def literal(*values: str) -> Check:
    def check(value: Any, path: str) -> None:
        if value not in values:
            raise fail(path, f"Input should be {listed(values)}")

    return check


def dictionary(value: Any, path: str) -> None:
    """Accept any object."""
    if not isinstance(value, dict):
        raise fail(path, "Input should be a valid dictionary")


def nullable(check: Check) -> Check:
    def checked(value: Any, path: str) -> None:
        if value is not None:
            check(value, path)

    return checked


def items(check: Check) -> Check:
    def checked(value: Any, path: str) -> None:
        if not isinstance(value, list):
            raise fail(path, "Input should be a valid list")
        for index, item in enumerate(value):
            check(item, f"{path}.{index}")

    return checked


def text_or(check: Check) -> Check:
    """Return a check that accepts a string or what `check` accepts."""

    def checked(value: Any, path: str) -> None:
        if not isinstance(value, str):
            check(value, path)

    return checked


def record(required: Fields, optional: Fields | None = None, *, misshapen: str = "Input should be an object") -> Check:
    """Return a check of an object with these fields and no others."""
    fields = {**required, **(optional or {})}

    def check(value: Any, path: str) -> None:
        if not isinstance(value, dict):
            raise fail(path, misshapen)
        for name, field in fields.items():
            where = f"{path}.{name}" if path else name
            if name in value:
                field(value[name], where)
            elif name in required:
                raise fail(where, "Field required")
        for name in value:
            if name not in fields:
                raise fail(f"{path}.{name}" if path else name, "Extra inputs are not permitted")

    return check


def tagged(variants: Mapping[str, Check], *, default: str | None = None) -> Check:
    """Return a check of an object by its `type`; the name of the variant becomes part of the path."""

    def check(value: Any, path: str) -> None:
        if not isinstance(value, dict):
            raise fail(path, "Input should be an object")
        tag = value.get("type", default)
        if tag is None and default is not None:
            tag = default
        if tag is None:
            raise fail(f"{path}.type", "Field required")
        variant = variants.get(tag) if isinstance(tag, str) else None
        if variant is None:
            expected = ", ".join(f"'{name}'" for name in variants)
            raise fail(
                path, f"Input tag '{tag}' found using 'type' does not match any of the expected tags: {expected}"
            )
        variant(value, f"{path}.{tag}")

    return check
