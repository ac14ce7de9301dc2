"""Opens the state file: readable by its owner alone, migrated to the newest schema, set aside if it is damaged.

Migrations are numbered and run under a lock, because workers start together. One release adds what is new and a later
one removes what is old, so that two versions can use a file at the same time; `schema.oldest` is the lowest version
that still can.
"""

import errno
import fcntl
import logging
import os
import sqlite3
import stat
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

_log = logging.getLogger(__name__)
MIGRATIONS = (
    """
    create table if not exists entries (key text primary key, value blob not null, until real not null) without rowid;
    create index if not exists entries_until on entries (until);
    """,
    """
    alter table entries rename to kept_thinking;
    drop index entries_until;
    create index kept_thinking_until on kept_thinking (until);
    """,
    """
    create table replies (
        id text not null, kind text not null, owner text not null, created real not null, until real not null,
        previous text not null, metadata blob not null, reply blob not null, input blob not null, turns blob not null,
        primary key (owner, id)
    );
    create index replies_kind on replies (owner, kind, created);
    create index replies_until on replies (until);
    """,
    """
    create table conversations (
        id text not null, owner text not null, created real not null, until real not null, metadata blob not null,
        primary key (owner, id)
    );
    create index conversations_until on conversations (until);
    create table conversation_items (
        position integer primary key autoincrement, owner text not null, conversation text not null, id text not null,
        item blob not null
    );
    create index conversation_items_of on conversation_items (owner, conversation, id);
    """,
    """
    create table background (
        id text primary key, owner text not null, caller text not null, created real not null, until real not null,
        request blob not null, state text not null, worker text not null default '', beat real not null default 0,
        cancelled integer not null default 0
    );
    create index background_state on background (state, created);
    create table background_events (
        job text not null, number integer not null, event blob not null, primary key (job, number)
    ) without rowid;
    """,
)
OLDEST = 2  # the lowest number of migrations with which a version can use the file after the last of them
_PROBES = (
    "select key, value, until from kept_thinking limit 1",
    "select id, kind, owner, created, until, previous, metadata, reply, input, turns from replies limit 1",
    "select id, owner, created, until, metadata from conversations limit 1",
    "select position, owner, conversation, id, item from conversation_items limit 1",
    "select id, owner, caller, created, until, request, state, worker, beat, cancelled from background limit 1",
    "select job, number, event from background_events limit 1",
)
_SCHEMA = "create table if not exists schema (version integer not null, oldest integer not null)"
_DAMAGED = frozenset({
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_ERROR,
})  # the last: its columns are not ours
_OPEN_SECONDS = 2.0  # how long to wait for another process that uses the file
_OPEN_PAUSE = 0.05


def prepare(path: Path) -> None:
    """Make the file usable, and replace a damaged one. Raise `OSError` with a message for the owner if that fails."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _alone(path.parent):
        _create(path)
        try:
            _migrate_when_free(path)
        except _Damaged as error:
            _set_aside(path, error)
            _create(path)
            _migrate_when_free(path)


def connect(path: Path, busy_seconds: float) -> sqlite3.Connection:
    """Return a connection for one thread, which waits up to `busy_seconds` for locks of other processes."""
    connection = sqlite3.connect(path, isolation_level=None, timeout=busy_seconds, check_same_thread=False)
    connection.execute("pragma synchronous=normal")
    return connection


class _Damaged(OSError):
    """The file is no database, or not one of this program."""


def _create(path: Path) -> None:
    """Create the file, or check the existing one. A link is not followed: the directory may be shared."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, 0o600)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise OSError(errno.ELOOP, f"{path.name} is a symbolic link; STATE_DIR must hold the file itself") from None
        raise
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, f"{path.name} is not a regular file")
        os.fchmod(descriptor, 0o600)
    finally:
        os.close(descriptor)


def _migrate_when_free(path: Path) -> None:
    """Migrate the file; retry for a moment while another process has it locked."""
    until = time.monotonic() + _OPEN_SECONDS
    while True:
        try:
            with closing(connect(path, _OPEN_PAUSE)) as connection:
                return _migrate(connection)
        except sqlite3.Error as error:
            if _code(error) in _DAMAGED:
                raise _Damaged(str(error)) from error
            if time.monotonic() > until or _code(error) != sqlite3.SQLITE_BUSY:
                raise OSError(errno.EIO, str(error)) from error
        time.sleep(_OPEN_PAUSE)


def _migrate(connection: sqlite3.Connection) -> None:
    connection.execute("pragma journal_mode=wal")
    connection.execute(_SCHEMA)
    version, oldest = connection.execute("select version, oldest from schema").fetchone() or (0, 0)
    if oldest > len(MIGRATIONS):
        raise OSError(errno.ENOTSUP, "its file was made by a newer version of this program")
    for number, migration in enumerate(MIGRATIONS[version:], version + 1):
        try:
            connection.executescript(f"begin immediate; {migration}")
            connection.execute("delete from schema")
            connection.execute("insert into schema values (?, ?)", (number, min(number, OLDEST)))
            connection.execute("commit")
        except sqlite3.Error:
            if connection.in_transaction:
                connection.execute("rollback")
            raise
    for probe in _PROBES:
        connection.execute(probe).fetchall()


def _code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """Let one process in at a time; without effect where the file system has no locks."""
    handle = os.open(directory, os.O_RDONLY | os.O_CLOEXEC)
    try:
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _set_aside(path: Path, error: OSError) -> None:
    """Rename the file, replacing an earlier damaged one, and remove SQLite's files beside it."""
    aside = path.with_name(f"{path.name}.damaged")
    path.replace(aside)
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    _log.warning(
        "the state file (STATE_DIR) is damaged (%s): it was renamed to %s, and a new one was created", error, aside.name
    )
