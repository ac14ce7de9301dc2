"""A store in one SQLite file, shared by the workers of a machine and there after a restart.

Whatever goes wrong with the file costs entries, never a request: it is logged, once a minute at most. A file that is
damaged at the start is set aside.
"""

import fcntl
import logging
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from claude_code_proxy.state.store import MemoryStore

_log = logging.getLogger(__name__)
_SCHEMA = """
create table if not exists entries (key text primary key, value blob not null, until real not null) without rowid;
create index if not exists entries_until on entries (until);
"""
_PROBE = "select key, value, until from entries limit 1"
_DAMAGED = frozenset({sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_ERROR})  # the last: other columns
_MOST_KEYS = 500  # in one query; SQLite takes 999 variables in old versions
_OPEN_TRIES = 40
_OPEN_PAUSE = 0.05  # seconds
_SWEEP_EVERY = 256  # writes
_COMPLAIN_EVERY = 60.0  # seconds


def open_store(path: Path) -> "SqliteStore":
    """Raises `OSError` when the file cannot be used: that is for the start to tell. A damaged one makes way."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _alone(path.parent):
        try:
            return _opened(path)
        except _Damaged as error:
            _set_aside(path, error)
        return _opened(path)


class _Damaged(OSError):
    pass


def _opened(path: Path) -> "SqliteStore":
    """One that is in use may be locked for a moment."""
    tries = _OPEN_TRIES
    while True:
        try:
            return SqliteStore(path)
        except sqlite3.Error as error:
            tries -= 1
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGED:
                raise _Damaged(str(error)) from error
            if not tries or "locked" not in str(error):
                raise OSError(str(error)) from error
        time.sleep(_OPEN_PAUSE)


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """One at a time: workers start together. Where the file system has no locks, they have to do without."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _set_aside(path: Path, error: OSError) -> None:
    """The file is renamed, in place of an earlier one; what SQLite keeps beside it would not fit a new one."""
    aside = path.with_name(f"{path.name}.damaged")
    path.replace(aside)
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    _log.warning("the state file (STATE_DIR) is damaged (%s): set aside as %s, a new one is begun", error, aside.name)


class SqliteStore:
    """At most `most_bytes` of values; the oldest go first. A part of them is kept in memory as well."""

    def __init__(self, path: Path, most_bytes: int = 256 * 1024 * 1024) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._near = MemoryStore(16 * 1024 * 1024)
        self._most_bytes = most_bytes
        self._writes = 0
        self._complained = 0.0
        self._database = sqlite3.connect(path, isolation_level=None, timeout=0.2, check_same_thread=False)
        try:
            path.chmod(0o600)
            self._database.execute("pragma journal_mode=wal")
            self._database.execute("pragma synchronous=normal")
            self._database.executescript(_SCHEMA)
            self._database.execute(_PROBE).fetchall()
        except BaseException:
            self._database.close()
            raise

    def get(self, keys: Iterable[str], now: float) -> dict[str, bytes]:
        wanted = list(keys)
        found = self._near.get(wanted, now)
        missing = [key for key in wanted if key not in found]
        for start in range(0, len(missing), _MOST_KEYS):
            found |= self._read(missing[start : start + _MOST_KEYS], now)
        return found

    def put(self, key: str, value: bytes, *, until: float) -> None:
        self._near.put(key, value, until=until)
        try:
            self._database.execute("insert or replace into entries values (?, ?, ?)", (key, value, until))
            self._writes += 1
            if self._writes % _SWEEP_EVERY == 1:
                self._sweep()
        except sqlite3.Error as error:
            self._complain(error)

    def close(self) -> None:
        self._database.close()

    def _read(self, keys: list[str], now: float) -> dict[str, bytes]:
        marks = ",".join("?" * len(keys))
        query = f"select key, value, until from entries where key in ({marks}) and until > ?"  # noqa: S608 - marks only
        found = {}
        try:
            for key, value, until in self._database.execute(query, (*keys, now)):
                self._near.put(key, value, until=until)
                found[key] = value
        except sqlite3.Error as error:
            self._complain(error)
        return found

    def _sweep(self) -> None:
        """What is over goes, and the oldest half if the rest is still too much."""
        self._database.execute("delete from entries where until <= ?", (time.time(),))
        (size,) = self._database.execute("select coalesce(sum(length(value)), 0) from entries").fetchone()
        if size > self._most_bytes:
            half = "select key from entries order by until limit (select count(*) / 2 from entries)"
            self._database.execute(f"delete from entries where key in ({half})")  # noqa: S608 - no input in it

    def _complain(self, error: sqlite3.Error) -> None:
        now = time.monotonic()
        if now - self._complained > _COMPLAIN_EVERY:
            self._complained = now
            _log.warning("the state file (STATE_DIR) cannot be used just now: %s", type(error).__name__)
