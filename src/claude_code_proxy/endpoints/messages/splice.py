"""The fields of a JSON object, and one of them replaced: every other byte stays as it was.

Numbers, escapes, order and white space of a body are the client's: prompt caches and signatures depend on them.
"""

import re

import msgspec
from msgspec import Raw

_decode = msgspec.json.Decoder(dict[str, Raw]).decode
_KEY = re.compile(rb'[ \t\r\n]*"(?:[^"\\]|\\.)*"[ \t\r\n]*:[ \t\r\n]*')
_AFTER = re.compile(rb"[ \t\r\n]*([,}])")


def replace_field(text: bytes, name: str, *, value: object) -> bytes:
    """Replace a field at the top of an object, if it is there. Raise `msgspec.DecodeError` where `text` is none."""
    fields = _decode(text)
    if name not in fields:
        return text
    new = msgspec.json.encode(value)
    place = _places(text, fields).get(name)
    if place is None:  # the object has a field twice; of those, the last one counts
        return msgspec.json.encode({**fields, name: Raw(new)})
    return text[: place[0]] + new + text[place[1] :]


def _places(text: bytes, fields: dict[str, Raw]) -> dict[str, tuple[int, int]]:
    """Return where each value begins and ends. Empty if a field stands there twice.

    The lengths of the values are known, so nothing inside them has to be looked at.
    """
    places: dict[str, tuple[int, int]] = {}
    position, after = text.index(b"{") + 1, b","
    for name, raw in fields.items():
        key = _KEY.match(text, position)
        if key is None or after != b",":
            return {}
        start, value = key.end(), bytes(raw)
        end = start + len(value)
        found = _AFTER.match(text, end)
        if found is None or text[start:end] != value:
            return {}
        places[name] = (start, end)
        position, after = found.end(), found[1]
    return places if after == b"}" else {}
