"""An environment of its own for the Agent SDK and the Claude Code in it, under .cache, made on demand from its lock."""

import fcntl
import hashlib
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).parents[3]
LOCK = ROOT / "requirements" / "claude-code.txt"
CACHE = ROOT / ".cache" / "claude-code"


def python() -> Path:
    """Return the interpreter that has the SDK. Install it if it is missing or its lock has changed."""
    digest = hashlib.sha256(sys.version.encode() + LOCK.read_bytes()).hexdigest()[:16]
    place = CACHE / digest
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several test processes may want it at once
        if not (place / "made").exists():
            _make(place)
    return place / "bin" / "python"


def _make(place: Path) -> None:
    print(f"installing the Agent SDK into {place}", flush=True)
    venv.create(place, with_pip=True, clear=True)
    pip = [str(place / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
    subprocess.run([*pip, "--require-hashes", "-r", str(LOCK)], check=True)
    (place / "made").touch()


if __name__ == "__main__":
    print(python())
