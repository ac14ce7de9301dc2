"""The many ways to write a model's name, reduced to one key.

`anthropic/claude-opus-4.6`, `Claude Opus 4.6` and `claude-opus-4-6-20260205` have the same key; the date is kept apart.
Knows the grammar of the names, not which of them exist.
"""

import re
from typing import NamedTuple

_DATE = re.compile(r"-(\d{8})$")
_VERSION_FIRST = re.compile(r"^claude-(\d+(?:-\d+)?)-([a-z]+)$")
_ZERO_MINOR = re.compile(r"(-\d+)-0$")
_LINES = frozenset({"opus", "sonnet", "haiku", "fable", "mythos"})


class Name(NamedTuple):
    """`key` tells models apart; `date` is the snapshot asked for, if one; `spelling` is how the service writes it."""

    key: str
    date: str
    spelling: str


def parse(asked: str) -> Name:
    """Reduce a name as somebody typed it. One that is not Claude's keeps its spelling."""
    plain = _spelt_plainly(asked)
    if not plain.startswith("claude"):
        return Name(asked.strip().lower(), "", asked.strip())
    found = _DATE.search(plain)
    date = found[1] if found else ""
    return Name(_key(_DATE.sub("", plain).removesuffix("-latest")), date, plain)


def line(model_id: str) -> str:
    """`opus` of `claude-opus-5-5` and of `claude-3-opus`; empty where a name tells no line."""
    return next((word for word in model_id.split("-") if word in _LINES), "")


def _spelt_plainly(asked: str) -> str:
    last = asked.rpartition("/")[2]
    plain = re.sub(r"[\s.]+", "-", last.strip().lower())
    return f"claude-{plain}" if plain.partition("-")[0] in _LINES else plain


def _key(name: str) -> str:
    reordered = _VERSION_FIRST.sub(r"claude-\2-\1", name)
    return _ZERO_MINOR.sub(r"\1", reordered)
