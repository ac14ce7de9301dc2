"""JSON text that needs a second look before it is decoded."""

import codecs
import re

import msgspec
from msgspec import Raw

from claude_code_proxy.messages.content import NO_OBJECT, check_object

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding raises where bytes from elsewhere are no JSON, of another type, or nested too deeply."""

_CHECKED_BYTES = 65536  # at once
_SURROGATE = re.compile(
    rb"\\\\"  # an escaped backslash: what follows it is no escape
    rb"|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"  # a proper pair
    rb"|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"  # half a pair
)


def replace_surrogates(text: bytes) -> bytes:
    """Replace escapes of half a surrogate pair by U+FFFD; leave everything else as it is."""
    if b"\\ud" not in text and b"\\uD" not in text:
        return text
    return _SURROGATE.sub(lambda found: rb"\ufffd" if found[1] else found[0], text)


def is_given(raw: Raw) -> bool:
    """Return whether a raw field was sent with a value: null and absent mean the same."""
    view = memoryview(raw)
    return view.nbytes > 0 and (view.nbytes != 4 or bytes(view) != b"null")


def object_in(text: str) -> Raw | None:
    """Return the object that a string holds as JSON, perhaps within further strings; None if it holds none."""
    while True:
        try:
            check_object(text)
        except NO_OBJECT:
            pass
        else:
            return Raw(text)
        try:
            text = _decode_text(text)
        except NO_OBJECT:
            return None


_decode_text = msgspec.json.Decoder(str).decode
_NO_ARGUMENTS = frozenset({b"", b"null", b'""', b'"null"'})


def to_object(arguments: bytes) -> tuple[Raw, str]:
    """Return the arguments of a call as the object that a tool use must have, and what had to be changed.

    Empty ones become `{}`. Another JSON value stands under `value`, and what is no JSON, as text, under `_raw`.
    """
    text = arguments.strip()
    if text in _NO_ARGUMENTS:
        return Raw(b"{}"), ""
    normalized = replace_surrogates(text)
    note = "half a surrogate pair, which is no character, became U+FFFD" if normalized != text else ""
    try:
        check_object(normalized)
    except NO_OBJECT:
        return _wrapped(normalized)
    return Raw(normalized), note


def _wrapped(text: bytes) -> tuple[Raw, str]:
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        raw = msgspec.json.encode({"_raw": text.decode(errors="replace")})
        return Raw(raw), "arguments that are no JSON stand under `_raw`"
    if isinstance(value, str) and (encoded := object_in(value)) is not None:
        return encoded, "arguments that were encoded as JSON more than once are the object within"
    return Raw(b'{"value":' + text + b"}"), "arguments that are no object stand under `value`"


def check_utf8(text: bytes) -> None:
    """Raise `UnicodeDecodeError` for bytes that are not UTF-8, without decoding all of them at once."""
    view = memoryview(text)
    start = 0
    while start < len(text):
        end = start + _CHECKED_BYTES
        try:
            start += codecs.utf_8_decode(view[start:end], "strict", end >= len(text))[1]
        except UnicodeDecodeError as error:
            place = (error.start + start, error.end + start)
            raise UnicodeDecodeError(error.encoding, text, *place, error.reason) from None
