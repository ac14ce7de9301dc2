"""The arguments of a call, both ways: the text that chat completions have <-> the JSON object that Messages has.

A custom tool has one text instead of arguments; it travels as the one property of a function.
"""

from collections.abc import Callable

import msgspec
from msgspec import Raw

from claude_code_proxy.messages.content import NO_OBJECT, check_object
from claude_code_proxy.messages.json_text import to_object

CUSTOM_TOOL_INPUT = "input"
_EMPTY = Raw(b"{}")
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
        made, change = to_object(arguments.encode())
        if change:
            note(change)
        return made
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
