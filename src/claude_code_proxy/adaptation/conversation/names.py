"""Names that the service takes: of tools, and of the properties of their arguments."""

import re

LONGEST_TOOL = 128
LONGEST_PROPERTY = 64
is_legal_tool = re.compile(rf"[a-zA-Z0-9_-]{{1,{LONGEST_TOOL}}}").fullmatch
is_legal_property = re.compile(rf"[a-zA-Z0-9_.-]{{1,{LONGEST_PROPERTY}}}").fullmatch
_ILLEGAL_IN_TOOL = re.compile(r"[^a-zA-Z0-9_-]")
_ILLEGAL_IN_PROPERTY = re.compile(r"[^a-zA-Z0-9_.-]")


def legal_tool(name: str) -> str:
    """Return the nearest legal name; two names may become one."""
    return _ILLEGAL_IN_TOOL.sub("_", name)[:LONGEST_TOOL] or "tool"


def legal_property(name: str) -> str:
    return _ILLEGAL_IN_PROPERTY.sub("_", name)[:LONGEST_PROPERTY] or "_"


def unique(name: str, taken: set[str], *, longest: int) -> str:
    """`name`, or the first of `name_2`, `name_3` … that is free."""
    free, count = name, 1
    while free in taken:
        count += 1
        suffix = f"_{count}"
        free = name[: longest - len(suffix)] + suffix
    return free
