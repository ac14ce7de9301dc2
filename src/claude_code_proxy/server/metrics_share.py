"""Right totals with several workers: each one leaves its counts in a file, and who is asked adds them all up.

A file is written every second and before every reading, so that what was told once is never told smaller. The place of
a worker that died is taken by another one, which counts on from what the first had left.
"""

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec

from claude_code_proxy.server.tally import Counts, Tally, decode, encode

_WRITE_EVERY_SECONDS = 1.0


class Share:
    """The place `slot` in a directory that all workers know."""

    def __init__(self, directory: Path, slot: int) -> None:
        self._directory = directory
        self._mine = directory / f"worker-{slot}"
        self._written = b""

    def inherited(self) -> Tally:
        """What the last worker in this place had counted."""
        counts = _read(self._mine)
        return Tally() if counts is None else counts.tally

    def write(self, counts: Counts) -> None:
        data = encode(counts)
        if data == self._written:
            return
        unfinished = self._mine.with_suffix(".new")
        unfinished.write_bytes(data)
        unfinished.replace(self._mine)
        self._written = data

    def together(self, counts: Counts) -> Counts:
        """Ours, which are written too, and those of the others: all that they counted, and what the living ones do."""
        with suppress(OSError):
            self.write(counts)
        total = decode(encode(counts))
        for path in self._directory.glob("worker-?*"):
            if path == self._mine or path.suffix:
                continue
            theirs = _read(path)
            if theirs is not None:
                total.tally.add(theirs.tally)
                if _alive(theirs.pid):
                    total.gauges.add(theirs.gauges)
        return total


async def keep_written(share: Share, counts: Callable[[], Counts]) -> None:
    """Until it is cancelled. What cannot be written is tried again; nothing else depends on it."""
    while True:
        with suppress(OSError):
            share.write(counts())
        await asyncio.sleep(_WRITE_EVERY_SECONDS)


def _read(path: Path) -> Counts | None:
    try:
        return decode(path.read_bytes())
    except (OSError, msgspec.DecodeError):
        return None


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
