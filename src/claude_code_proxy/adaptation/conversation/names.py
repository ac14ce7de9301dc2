"""Names that the service takes: of tools, and of the properties of their arguments.

A name that it refuses is spelled without accents, and with `_` for what else is no letter of ASCII. Of a name in
another script nothing would be left, so it is a plain word with a number; what it was is told in a description.
"""

import re
import unicodedata

LONGEST_TOOL = 128
LONGEST_PROPERTY = 64
is_legal_tool = re.compile(rf"[a-zA-Z0-9_-]{{1,{LONGEST_TOOL}}}").fullmatch
is_legal_property = re.compile(rf"[a-zA-Z0-9_.-]{{1,{LONGEST_PROPERTY}}}").fullmatch
_ILLEGAL_IN_TOOL = re.compile(r"[^a-zA-Z0-9_-]")
_ILLEGAL_IN_PROPERTY = re.compile(r"[^a-zA-Z0-9_.-]")
_tells_something = re.compile(r"[a-zA-Z0-9]").search


def legal_tool(name: str) -> str:
    """Return the nearest legal name; two names may become one."""
    legal = _ILLEGAL_IN_TOOL.sub("_", _without_accents(name))[:LONGEST_TOOL]
    return legal if _is_meant(legal, name) else "tool"


def legal_property(name: str) -> str:
    """Return the nearest legal name; two names may become one."""
    legal = _ILLEGAL_IN_PROPERTY.sub("_", _without_accents(name))[:LONGEST_PROPERTY]
    return legal if _is_meant(legal, name) else "property"


def unique(name: str, taken: set[str], *, longest: int) -> str:
    """`name`, or the first of `name_2`, `name_3` … that is free."""
    free, count = name, 1
    while free in taken:
        count += 1
        suffix = f"_{count}"
        free = name[: longest - len(suffix)] + suffix
    return free


def with_original_name(name: str, description: str | None) -> str:
    """Return a description that tells the model what the caller calls a thing, for its texts use that name."""
    note = f"Original name: {name}"
    return f"{description}\n\n{note}" if description else note


def _without_accents(name: str) -> str:
    if name.isascii():
        return name
    return "".join(char for char in unicodedata.normalize("NFKD", name) if not unicodedata.combining(char))


def _is_meant(legal: str, name: str) -> bool:
    """Tell whether a legal name still says something, or never did."""
    return bool(legal) and (legal == name or _tells_something(legal) is not None)
