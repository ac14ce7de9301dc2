"""Whether a login file may be renewed where it is. A renewal that cannot be written down loses the login for good."""

import os
import re
from pathlib import Path

_MOUNTS = Path("/proc/self/mountinfo")
_OCTAL = re.compile(rb"\\([0-7]{3})")
_MEND = "mount the whole directory, writable"


def renewal_blocker(path: Path, mounts: bytes | None = None) -> str:
    """Why not, in a clause with the way to mend it; empty if it may. `mounts` is in the form of Linux's mountinfo."""
    directory = path.parent
    if path.is_symlink():
        return f"{path} is a symbolic link, which Claude Code would replace: keep the file itself there"
    if path in _mount_points(mounts):
        return f"{path} is mounted as a single file: {_MEND}"
    if not os.access(directory, os.W_OK | os.X_OK):
        return f"{directory} cannot be written: {_MEND}"
    return ""


def _mount_points(mounts: bytes | None) -> set[Path]:
    if mounts is None:
        try:
            mounts = _MOUNTS.read_bytes()
        except OSError:
            return set()
    fields = (line.split(b" ") for line in mounts.splitlines())
    return {Path(os.fsdecode(_OCTAL.sub(_byte, field[4]))) for field in fields if len(field) > 4}


def _byte(found: re.Match[bytes]) -> bytes:
    return bytes([int(found[1], 8)])
