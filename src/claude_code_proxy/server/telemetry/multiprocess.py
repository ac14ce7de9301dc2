"""Correct totals with several workers: each keeps its counts in a file, and whoever renders the page adds them up.

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
        self._file = directory / f"worker-{slot}"
        self._socket = self._file.with_suffix(".socket")
        self._written = b""

    def inherited(self) -> Totals:
        """Return the counts of the previous worker in this slot."""
        counts = _read(self._file)
        return Totals() if counts is None else counts.totals

    async def keep(self, counts: Callable[[], Counts]) -> None:
        """Write the counts every second, and whenever another worker asks, until cancelled."""
        listener = await self._listen(counts)
        try:
            while True:
                self.write(counts())
                await asyncio.sleep(_WRITE_EVERY_SECONDS)
        finally:
            if listener is not None:
                listener.close()

    async def _listen(self, counts: Callable[[], Counts]) -> asyncio.Server | None:
        def on_request(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.write(counts())
            writer.close()

        self._socket.unlink(missing_ok=True)
        try:
            return await asyncio.start_unix_server(on_request, self._socket)
        except OSError:  # too long a path, for one: then the others see what is a second old
            return None

    def write(self, counts: Counts) -> None:
        """Write the counts to this worker's file. A failed write is repeated with the next one."""
        data = encode(counts)
        if data == self._written:
            return
        unfinished = self._file.with_suffix(".new")
        with suppress(OSError):
            unfinished.write_bytes(data)
            unfinished.replace(self._file)
            self._written = data

    async def sum_of_all(self, counts: Counts) -> Counts:
        """Write our counts, then add up those of all workers; gauges only of workers that are alive."""
        self.write(counts)
        others = [path for path in self._directory.glob("worker-*") if not path.suffix and path != self._file]
        await asyncio.gather(*(_request_update(path.with_suffix(".socket")) for path in others))
        total = decode(encode(counts))
        for theirs in filter(None, map(_read, others)):
            total.totals.add(theirs.totals)
            if _alive(theirs.pid):
                total.gauges.add(theirs.gauges)
        return total


async def _request_update(socket: Path) -> None:
    """Wait until that worker has written its counts, has failed to, or the time is up."""
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
