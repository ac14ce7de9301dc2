"""The page about the simulated Claude names every directive, and none that there is not."""

import re
from pathlib import Path

from claude_code_proxy.simulator.wire.faults import FIELDS

PAGE = Path(__file__).parents[2] / "docs" / "simulated.md"


def test_every_directive_is_described() -> None:
    section = PAGE.read_text().split("## How to make it misbehave")[1].split("## In a test")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    assert sorted(name for row in rows for name in re.findall(r"`([a-z-]+)`", row)) == sorted(FIELDS)
