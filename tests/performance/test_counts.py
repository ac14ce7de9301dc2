"""The work of a request stays what it is: its calls are counted, and held against those that are kept."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.performance.counting import MARK, VERSION

ROOT = Path(__file__).parents[2]
KEPT: dict[str, dict[str, float]] = json.loads((Path(__file__).parent / "counts.json").read_text(encoding="utf-8"))
ALLOWED = 1.03


@pytest.fixture(scope="module")
def counted() -> dict[str, float]:
    command = [sys.executable, "-m", "tests.performance.counting"]
    done = subprocess.run(
        command, cwd=ROOT, env={"PYTHONPATH": "src"}, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    (line,) = [line for line in done.stdout.splitlines() if line.startswith(MARK)]
    found: dict[str, float] = json.loads(line.removeprefix(MARK))[VERSION]
    return found


@pytest.mark.skipif(VERSION not in KEPT, reason=f"no counts are kept for Python {VERSION}")
@pytest.mark.parametrize("what", sorted(KEPT.get(VERSION, {})))
def test_no_more_calls_than_before(counted: dict[str, float], what: str) -> None:
    """Three per cent more fail; fewer never do.

    If the work is worth it, put the new count into counts.json and say why.
    """
    assert counted[what] <= KEPT[VERSION][what] * ALLOWED
