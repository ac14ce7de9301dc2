"""Recorded traffic: the project's small derived recordings, and the larger collection where it stands beside them.

How the small ones were derived stands in `tests/fixtures/recordings/README.md`.
"""

import json
from pathlib import Path
from typing import Any, TypeAlias

Recording: TypeAlias = dict[str, Any]

DERIVED = Path(__file__).parent / "fixtures" / "recordings"
LARGER = Path(__file__).parents[2] / "shared" / "recordings"


def load(folder: str) -> dict[str, Recording]:
    """Return the recordings of a folder by name; of two with the same name, the derived one."""
    return {name: json.loads(path.read_bytes()) for name, path in sorted(_paths(folder).items())}


def _paths(folder: str) -> dict[str, Path]:
    return {path.stem: path for root in (LARGER, DERIVED) for path in (root / folder).glob("*.json")}
