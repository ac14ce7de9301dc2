"""JSON text that needs a second look before it is decoded."""

import re

from msgspec import Raw

_SURROGATE = re.compile(
    rb"\\\\"  # an escaped backslash: what follows it is no escape
    rb"|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"  # a proper pair
    rb"|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"  # half a pair
)


def mend_surrogates(text: bytes) -> bytes:
    """Replace escapes of half a surrogate pair by U+FFFD; leave everything else as it is."""
    if b"\\ud" not in text and b"\\uD" not in text:
        return text
    return _SURROGATE.sub(lambda found: rb"\ufffd" if found[1] else found[0], text)


def is_given(raw: Raw) -> bool:
    """Return whether a raw field was sent with a value: null and absent mean the same."""
    view = memoryview(raw)
    return len(view) > 0 and (len(view) != 4 or bytes(view) != b"null")
