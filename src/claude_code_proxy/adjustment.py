"""An adjustment: one change that the proxy made to a request, as data.

Endpoints, adaptation and upstreams make them; the exchange reports them (header, log line, counter, strict mode).
"""

from collections.abc import Callable, Iterable
from enum import StrEnum

import msgspec

_HEADER_LIMIT = 2048


class Action(StrEnum):
    """What was done to a field. `describe` documents each."""

    IGNORED = "ignored"
    DROPPED = "dropped"
    CLAMPED = "clamped"
    MAPPED = "mapped"
    MERGED = "merged"
    RENAMED = "renamed"
    INSERTED = "inserted"
    EMULATED = "emulated"
    RELAXED = "relaxed"
    REPAIRED = "repaired"
    UNCHECKED = "unchecked"


_MEANINGS = {
    Action.IGNORED: "Claude has no counterpart of the field, or another field of the request overrules it.",
    Action.DROPPED: "The field or block was left out, because the model or the upstream does not take it.",
    Action.CLAMPED: "The value was moved to the nearest one that the model takes.",
    Action.MAPPED: "The value was written in another form that the model takes.",
    Action.MERGED: "Several messages became one turn.",
    Action.RENAMED: "A name or an id was replaced by a legal one; a tool's name is restored in the answer.",
    Action.INSERTED: "Something was added that the service requires.",
    Action.EMULATED: "The proxy does what the model does not: by an instruction, or by editing the answer.",
    Action.RELAXED: "A guarantee was given up, because the service refused the request with it.",
    Action.REPAIRED: "The first answer was not what the field asks for, so the model was asked once more.",
    Action.UNCHECKED: "The answer was passed on although it could not be checked within the time and memory for that.",
}


class Adjustment(msgspec.Struct, frozen=True):
    """One change: the field, what was done to it, and a clause that tells a person why.

    `path` names a field of the Messages request in what adaptation and upstreams make, and a field of the client's API
    in what endpoints make and in all that is reported (see `with_client_names`). `changes_meaning`: the answer may
    differ from what the client asked for, so strict mode refuses the request with a 400.
    """

    path: str = msgspec.field(name="param")
    action: Action
    reason: str
    changes_meaning: bool = False


def with_client_names(adjustments: Iterable[Adjustment], field_name: Callable[[str], str]) -> tuple[Adjustment, ...]:
    """Return the adjustments with each Messages path replaced by the name of the client's field."""
    return tuple(msgspec.structs.replace(each, path=field_name(each.path)) for each in adjustments)


def render_header(adjustments: Iterable[Adjustment], limit: int = _HEADER_LIMIT) -> str:
    """Return `path=action (reason); …` in ASCII, at most `limit` bytes; what does not fit is counted (`+3 more`)."""
    parts = list(dict.fromkeys(_ascii(f"{a.path}={a.action} ({a.reason})") for a in adjustments))
    whole = "; ".join(parts)
    if len(whole) <= limit:
        return whole
    room = limit - len(f"; +{len(parts)} more")
    kept = 0
    length = 0
    for part in parts:
        length += len(part) + (2 if kept else 0)
        if length > room:
            break
        kept += 1
    return "; ".join([*parts[:kept], f"+{len(parts) - kept} more"])


def describe() -> str:
    """Return all actions as a Markdown table."""
    rows = (f"| `{action}` | {_MEANINGS[action]} |\n" for action in Action)
    return "| action | meaning |\n|---|---|\n" + "".join(rows)


def _ascii(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if " " <= c <= "~" else "?" for c in text)
