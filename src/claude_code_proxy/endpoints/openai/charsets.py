"""The bytes of a text file -> text: by its byte order mark, its declared charset, UTF-8, or a guess.

Order matters: a mark is part of the file, a charset may be a default of the client, and a guess comes last.
"""

import codecs

from msgspec import Struct

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark is its beginning
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NOT_OF_FILES = frozenset({
    "idna",
    "punycode",
    "unicode-escape",
    "raw-unicode-escape",
    "unicode_escape",
    "raw_unicode_escape",
    "undefined",
    "utf-7",
})
_SAMPLE = 64 * 1024  # bytes that a guess looks at
_CONTROL = frozenset(map(chr, range(9))) | {"\x7f"}


class DecodedText(Struct, frozen=True):
    """`guess` names the charset where nothing but the bytes themselves tells it."""

    text: str
    guess: str = ""


def decode_text(data: bytes, charset: str) -> DecodedText | None:
    """Decode a file; `charset` is the declared one or "". Return None where no charset makes text of it."""
    marked = next((name for mark, name in _MARKS if data.startswith(mark)), "")
    for name in (marked, _known(charset), "utf-8"):
        if name and (text := _decoded(data, name)) is not None and _is_text(text):
            return DecodedText(text)
    return _guessed(data)


def _known(charset: str) -> str:
    """Return Python's name of a charset; "" if it is unknown, or an encoding that no file has."""
    try:
        name = codecs.lookup(charset).name if charset else ""
    except LookupError:
        return ""
    return "" if name in _NOT_OF_FILES else name


def _decoded(data: bytes, name: str) -> str | None:
    """Return None for bytes that the charset does not have."""
    try:
        return data.decode(name)
    except (UnicodeError, LookupError):  # also a codec that is not for text
        return None


def _is_text(text: str) -> bool:
    """Return False for one control character in five: such text was read by the wrong charset."""
    beginning = text[:_SAMPLE]
    return _CONTROL.isdisjoint(beginning) or sum(map(beginning.count, _CONTROL)) * 5 < len(beginning)


def _guessed(data: bytes) -> DecodedText | None:
    from charset_normalizer import from_bytes  # noqa: PLC0415 - few files need it

    best = from_bytes(data[:_SAMPLE]).best()
    text = _decoded(data, best.encoding) if best is not None else None
    return DecodedText(text, best.encoding) if best is not None and text is not None and _is_text(text) else None
