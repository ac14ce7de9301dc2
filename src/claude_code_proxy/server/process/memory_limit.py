"""How much memory the process may use: what its control group allows, as in a container, else what the machine has."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


def memory_limit(root: Path = Path("/")) -> int:
    """Return the bytes; `root` is where the system's files are.

    https://docs.kernel.org/admin-guide/cgroup-v2.html, and v1 as older machines have it. Every group above ours counts.
    """
    return min([_installed(), *_limits(root)])


def _installed() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _limits(root: Path) -> Iterator[int]:
    for mount, name, group in _groups(root):
        directory = mount / group
        for each in (directory, *directory.parents):
            if not each.is_relative_to(mount):
                break
            with suppress(OSError, ValueError):  # no such file, or "max"
                yield int((each / name).read_text())


def _groups(root: Path) -> Iterator[tuple[Path, str, str]]:
    """Yield where each hierarchy is, the name of its limit's file, and our group in it."""
    fs = root / "sys/fs/cgroup"
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:  # not Linux
        return
    for line in lines:
        _, controllers, group = line.split(":", 2)
        if not controllers:
            yield fs, "memory.max", group.lstrip("/")
        elif "memory" in controllers.split(","):
            yield fs / "memory", "memory.limit_in_bytes", group.lstrip("/")
