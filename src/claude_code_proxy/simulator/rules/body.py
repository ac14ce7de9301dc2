"""The bytes of a request to JSON, or a refusal: invalid UTF-8, lone surrogates, invalid syntax."""

import json
import re
from typing import Any, NoReturn

from claude_code_proxy.simulator.refusal import Refusal

MAX_BODY_BYTES = 32 * 1024 * 1024
_NOT_JSON = "The request body is not valid JSON: "
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})|\\.", re.DOTALL)


def decode(data: bytes) -> Any:
    if len(data) > MAX_BODY_BYTES:
        raise Refusal("Request exceeds the maximum size", 413, edge=True)
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise Refusal(f"{_NOT_JSON}str is not valid UTF-8: {_position(data[: error.start].decode())}") from None
    if "\\ud" in text or "\\uD" in text:
        _check_surrogates(text)
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        message = error.msg[:1].lower() + error.msg[1:]
        raise Refusal(f"{_NOT_JSON}{message}: line {error.lineno} column {error.colno} (char {error.pos})") from None
    except RecursionError:
        raise Refusal(f"{_NOT_JSON}recursion limit reached") from None


def _position(before: str) -> str:
    line = before.count("\n") + 1
    column = len(before) - (before.rfind("\n") + 1) + 1
    return f"line {line} column {column} (char {len(before)})"


def _refuse_constant(name: str) -> NoReturn:
    raise Refusal(f"{_NOT_JSON}unexpected character: {name}")


def _check_surrogates(text: str) -> None:
    """Refuse lone surrogates; escapes are read in order, so an escaped backslash before a `u` is not an escape."""
    high_ends: int | None = None
    for found in _ESCAPE.finditer(text):
        unit = int(found[1], 16) if found[1] else 0
        if high_ends is not None and not (found.start() == high_ends and 0xDC00 <= unit <= 0xDFFF):
            raise Refusal(f"{_NOT_JSON}no low surrogate in string: {_position(text[:high_ends])}")
        if high_ends is None and 0xDC00 <= unit <= 0xDFFF:
            raise Refusal(f"{_NOT_JSON}unexpected low surrogate in string: {_position(text[: found.start()])}")
        high_ends = found.end() if 0xD800 <= unit <= 0xDBFF else None
    if high_ends is not None:
        raise Refusal(f"{_NOT_JSON}no low surrogate in string: {_position(text[:high_ends])}")
