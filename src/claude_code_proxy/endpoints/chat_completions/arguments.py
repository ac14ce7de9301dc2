"""The arguments of a call, both ways: the text that chat completions have <-> the JSON object that Messages has.

A custom tool has one text instead of arguments; it travels as the one property of a function.
"""

from collections.abc import Callable

import msgspec
from msgspec import Raw

from claude_code_proxy.messages.content import NO_OBJECT, check_object
from claude_code_proxy.messages.json_text import mend_surrogates

CUSTOM_TOOL_INPUT = "input"
_EMPTY = Raw(b"{}")
_NOTHING = frozenset({"", "null", '""', '"null"'})
_decode_texts = msgspec.json.Decoder(dict[str, str]).decode


def to_input(arguments: str | dict[str, Raw] | None, *, note: Callable[[str], None]) -> Raw:
    """Return the JSON object in a call's arguments. Wrap anything else in an object, and note that."""
    if isinstance(arguments, dict):
        return Raw(msgspec.json.encode(arguments))
    if not arguments:
        return _EMPTY
    try:
        check_object(arguments)
    except NO_OBJECT:
        return _mended(arguments.strip(), note=note)
    return Raw(arguments)


def to_custom_call_input(text: str) -> Raw:
    return Raw(msgspec.json.encode({CUSTOM_TOOL_INPUT: text}))


def to_arguments(call_input: Raw | str) -> str:
    """Return the text of a call's arguments; `{}` for a call without any."""
    text = call_input if isinstance(call_input, str) else bytes(call_input).decode()
    return text if text.strip() else "{}"


def to_custom_text(call_input: Raw | str) -> str:
    """Return the text of a custom tool's call, or its JSON if the model did not write the expected property."""
    text = to_arguments(call_input)
    try:
        return _decode_texts(text)[CUSTOM_TOOL_INPUT]
    except (msgspec.DecodeError, KeyError):
        return text


def _mended(text: str, *, note: Callable[[str], None]) -> Raw:
    """Make an object from other text: from nothing, from another JSON value, or from what is not JSON at all."""
    if text in _NOTHING:
        return _EMPTY
    mended = mend_surrogates(text.encode()).decode()
    if mended != text:
        note("half a surrogate pair, which is no character, became U+FFFD")
        return to_input(mended, note=note)
    try:
        msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        note("arguments that are no JSON stand under `_raw`")
        return Raw(msgspec.json.encode({"_raw": text}))
    note("arguments that are no object stand under `value`")
    return Raw(f'{{"value":{text}}}')
