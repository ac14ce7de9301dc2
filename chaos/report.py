"""Outcomes -> docs/reliability.md: fault, promise, and what was measured."""

import os
import platform
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

from chaos.row import Outcome, Row

_INTRODUCTION = """# Reliability

What goes wrong, what the proxy promises then, and what was measured. `make chaos` attacks a server of its own on
127.0.0.1 and writes this page; [chaos/README.md](../chaos/README.md) says how it works.
"""


def write(path: Path, outcomes: list[tuple[Row, Outcome]]) -> None:
    """Write the page; rows that failed are in it as such."""
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    parts = [_INTRODUCTION, f"Measured on {datetime.now(UTC):%Y-%m-%d}: {machine}.\n"]
    for theme, rows in groupby(outcomes, key=lambda pair: pair[0].theme):
        parts += [f"## {theme}\n", "| fault | promise | measured |\n|---|---|---|"]
        parts += [_line(row, outcome) for row, outcome in rows]
        parts.append("")
    path.write_text("\n".join(parts).rstrip() + "\n", encoding="utf-8")


def _line(row: Row, outcome: Outcome) -> str:
    measured = outcome.measured.replace("|", "\\|")
    return f"| {row.fault} | {row.promise} | {'' if outcome.kept else '**broken:** '}{measured} |"
