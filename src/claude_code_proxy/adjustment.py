"""An adjustment: one change the proxy made to what was asked, as data.

Endpoints and adaptation make them, the exchange reports them (header, log line, counter, strict mode).
"""

from collections.abc import Iterable

import msgspec

_HEADER_LIMIT = 2048


class Adjustment(msgspec.Struct, frozen=True):
    """`param` is the caller's field, `action` one word from a small vocabulary, `reason` a clause for a person.

    `changes_meaning`: the answer may differ from what the caller asked for, so strict mode refuses it with a 400.
    """

    param: str
    action: str  # ignored | dropped | clamped | mapped | relaxed | merged | renamed | inserted | emulated | defaulted
    reason: str
    changes_meaning: bool = False


def render_header(adjustments: Iterable[Adjustment], limit: int = _HEADER_LIMIT) -> str:
    """`param=action (reason); …` in ASCII, at most `limit` bytes: what does not fit is counted (`+3 more`)."""
    parts = list(dict.fromkeys(_ascii(f"{a.param}={a.action} ({a.reason})") for a in adjustments))
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


def _ascii(text: str) -> str:
    return "".join(c if " " <= c <= "~" else "?" for c in text)
