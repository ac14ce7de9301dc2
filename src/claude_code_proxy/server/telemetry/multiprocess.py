"""Correct totals with several workers: each keeps its counts in a file, and the one that is asked adds them all up.

A file is written every second, at the end, and whenever another worker asks for it to report totals,
so totals are current and never go down. A worker that replaces one that died continues from its counts.
"""

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec

from claude_code_proxy.server.telemetry.counters import Counts, Totals, decode, encode

_WRITE_EVERY_SECONDS = 1.0
_ANSWER_SECONDS = 0.5  # for another worker to write its counts; after that, its last ones must do


class SharedCounts:
    """The place `slot` in a directory that all workers know."""

    def __init__(self, directory: Path, slot: int) -> None:
        self._directory = directory
        self._mine = directory / f"worker-{slot}"
        self._socket = self._mine.with_suffix(".socket")
        self._written = b""

    def inherited(self) -> Totals:
        """The counts of the previous worker in this slot."""
        counts = _read(self._mine)
        return Totals() if counts is None else counts.totals

    async def keep(self, counts: Callable[[], Counts]) -> None:
        """Writes them every second, and whenever another worker asks, until it is cancelled."""
        listener = await self._listen(counts)
        try:
            while True:
                self.write(counts())
                await asyncio.sleep(_WRITE_EVERY_SECONDS)
        finally:
            if listener is not None:
                listener.close()

    async def _listen(self, counts: Callable[[], Counts]) -> asyncio.Server | None:
        def asked(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.write(counts())
            writer.close()

        self._socket.unlink(missing_ok=True)
        try:
            return await asyncio.start_unix_server(asked, self._socket)
        except OSError:  # too long a path, for one: then the others see what is a second old
            return None

    def write(self, counts: Counts) -> None:
        """A failed write is retried with the next one."""
        data = encode(counts)
        if data == self._written:
            return
        unfinished = self._mine.with_suffix(".new")
        with suppress(OSError):
            unfinished.write_bytes(data)
            unfinished.replace(self._mine)
            self._written = data

    async def together(self, counts: Counts) -> Counts:
        """The totals of all workers, ours written first; gauges only of workers that are alive."""
        self.write(counts)
        others = [path for path in self._directory.glob("worker-*") if not path.suffix and path != self._mine]
        await asyncio.gather(*(_ask(path.with_suffix(".socket")) for path in others))
        total = decode(encode(counts))
        for theirs in filter(None, map(_read, others)):
            total.totals.add(theirs.totals)
            if _alive(theirs.pid):
                total.gauges.add(theirs.gauges)
        return total


async def _ask(socket: Path) -> None:
    """Returns when that worker has written its counts, has failed to, or the time is up."""
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(_ANSWER_SECONDS):
            reader, writer = await asyncio.open_unix_connection(socket)
            try:
                await reader.read()
            finally:
                writer.close()


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
