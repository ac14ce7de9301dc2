"""One check of `doctor` as a value, and many as text for people."""

from collections.abc import Sequence

import msgspec


class Check(msgspec.Struct, frozen=True):
    """One check: its name, whether it passed, what was found, and what to do if it failed."""

    check: str
    ok: bool
    found: str
    do: str = ""


def screen(checks: Sequence[Check]) -> str:
    """Return the checks as text for people."""
    width = max(len(check.check) for check in checks)
    lines: list[str] = []
    for check in checks:
        lines.append(f"{'ok  ' if check.ok else 'FAIL'}  {check.check:{width}}  {check.found}")
        if check.do:
            lines.append(f"{'':{width + 6}}  → {check.do}")
    return "\n".join(lines)
