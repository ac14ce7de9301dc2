"""Kept thinking in SQLite: a `ThinkingStore` with a cache of some entries in memory.

An error of the file loses entries but never fails a request; it is logged at most once a minute.
"""

import logging
import sqlite3
import time
from collections.abc import Iterable, Sequence

from claude_code_proxy.state.memory import MemoryThinkingStore
from claude_code_proxy.state.sqlite.database import Database, DatabaseFailed
from claude_code_proxy.state.thinking_store import KeptEntry

_log = logging.getLogger(__name__)
_INSERT = (
    "insert into kept_thinking (key, value, until) values (?, ?, ?) "
    "on conflict (key) do update set value = excluded.value, until = excluded.until"
)
_SELECT = "select key, value, until from kept_thinking where until > ? and key in ({})"
_EXPIRE = "delete from kept_thinking where until <= ?"
_SIZE = "select coalesce(sum(length(value)), 0) from kept_thinking"
_HALVE = (
    "delete from kept_thinking where key in "
    "(select key from kept_thinking order by until limit (select count(*) / 2 from kept_thinking))"
)
_MOST_KEYS = 500  # in one query; old versions of SQLite take 999 variables
_SWEEP_EVERY = 256  # puts
_READ_SECONDS = 0.25  # the longest wait of a request for the file; entries that were not read by then count as lost
_WRITE_SECONDS = 0.05
_REPORT_EVERY = 60.0


class SqliteThinkingStore:
    """Holds about `most_bytes` of values at most; beyond that the oldest half is deleted."""

    def __init__(self, database: Database, *, most_bytes: int = 256 * 1024 * 1024) -> None:
        self._database = database
        self._near = MemoryThinkingStore(16 * 1024 * 1024)
        self._most_bytes = most_bytes
        self._puts = 0
        self._reported = float("-inf")

    async def get(self, keys: Sequence[str], now: float) -> dict[str, bytes]:
        found = self._near.find(keys, now)
        missing = [key for key in keys if key not in found]
        if missing:
            try:
                rows = await self._database.read(lambda file: _rows(file, missing, now=now), seconds=_READ_SECONDS)
            except DatabaseFailed as error:
                self._report(error)
            else:
                for entry in rows:
                    self._near.add(entry)
                    found[entry.key] = entry.value
        return found

    async def put(self, entries: Iterable[KeptEntry]) -> None:
        kept = tuple(entries)
        for entry in kept:
            self._near.add(entry)
        self._puts += 1
        sweeps = self._puts % _SWEEP_EVERY == 1
        try:
            await self._database.write(lambda file: self._write(file, kept, sweeps=sweeps), seconds=_WRITE_SECONDS)
        except DatabaseFailed as error:
            self._report(error)

    def _write(self, file: sqlite3.Connection, entries: Sequence[KeptEntry], *, sweeps: bool) -> None:
        file.executemany(_INSERT, [(entry.key, entry.value, entry.until) for entry in entries])
        if not sweeps:
            return
        file.execute(_EXPIRE, (time.time(),))
        (size,) = file.execute(_SIZE).fetchone()
        if size > self._most_bytes:
            file.execute(_HALVE)

    def _report(self, error: DatabaseFailed) -> None:
        now = time.monotonic()
        if now - self._reported > _REPORT_EVERY:
            self._reported = now
            _log.warning("the state file (STATE_DIR) cannot be used just now, so thinking may be lost: %s", error)


def _rows(file: sqlite3.Connection, keys: Sequence[str], *, now: float) -> list[KeptEntry]:
    rows: list[KeptEntry] = []
    for start in range(0, len(keys), _MOST_KEYS):
        some = keys[start : start + _MOST_KEYS]
        query = _SELECT.format(",".join("?" * len(some)))
        rows += [KeptEntry(*row) for row in file.execute(query, (now, *some))]
    return rows
