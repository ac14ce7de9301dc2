"""Background jobs in SQLite, with requests and events sealed: a `BackgroundStore` that several processes share."""

import sqlite3
from collections.abc import Sequence
from typing import cast

from msgspec.structs import replace

from claude_code_proxy.state.background_store import MOST_UNFINISHED, BackgroundJob, JobProgress, JobState
from claude_code_proxy.state.sqlite.store import SqliteContentStore

_COLUMNS = "id, owner, caller, created, until, request"
_EXPIRE = "delete from background where state = 'ended' and until <= ?"
_DROP_EVENTS = "delete from background_events where not exists (select 1 from background where background.id = job)"
_UNFINISHED = "select count(*) from background where state != 'ended'"
_ADD = f"insert or replace into background ({_COLUMNS}, state) values (?, ?, ?, ?, ?, ?, 'queued')"  # noqa: S608
_TAKE = (
    "update background set state = 'running', worker = ?, beat = ? where id = (select id from background "  # noqa: S608
    f"where state = 'queued' order by created, rowid limit 1) returning {_COLUMNS}"
)
_BEAT = "update background set beat = ? where state = 'running' and worker = ?"
_CANCELLED = "select id from background where state = 'running' and worker = ? and cancelled"
_ABANDONED = f"update background set state = 'ended' where state = 'running' and beat < ? returning {_COLUMNS}"  # noqa: S608
_STATE = "select state from background where id = ? and owner = ?"
_CANCEL = "update background set cancelled = 1 where id = ?"
_END = "update background set state = 'ended', request = x'' where id = ?"
_APPEND = "insert or ignore into background_events (job, number, event) values (?, ?, ?)"
_EVENTS = "select number, event from background_events where job = ? and number > ? order by number"


class SqliteBackgroundStore(SqliteContentStore):
    """Ended jobs and their events go when their time is over."""

    async def add(self, job: BackgroundJob) -> bool:
        row = (job.id, job.owner, job.caller, job.created, job.until, self._sealer.seal_bytes(job.request))

        def work(file: sqlite3.Connection) -> bool:
            if file.execute(_EXPIRE, (job.created,)).rowcount:
                file.execute(_DROP_EVENTS)
            if file.execute(_UNFINISHED).fetchone()[0] >= MOST_UNFINISHED:
                return False
            file.execute(_ADD, row)
            return True

        return await self._write(work)

    async def take(self, worker: str, *, now: float) -> BackgroundJob | None:
        rows = await self._write(lambda file: file.execute(_TAKE, (worker, now)).fetchall())
        return self._opened(rows[0]) if rows else None

    async def beat(self, worker: str, *, now: float) -> Sequence[str]:
        def work(file: sqlite3.Connection) -> list[str]:
            file.execute(_BEAT, (now, worker))
            return [id for (id,) in file.execute(_CANCELLED, (worker,))]

        return await self._write(work)

    async def abandoned(self, *, silent_since: float) -> Sequence[BackgroundJob]:
        rows = await self._write(lambda file: file.execute(_ABANDONED, (silent_since,)).fetchall())
        return [self._opened(row) for row in rows]

    async def cancel(self, id: str, *, owner: str) -> JobState | None:
        def work(file: sqlite3.Connection) -> JobState | None:
            row = file.execute(_STATE, (id, owner)).fetchone()
            if row is None:
                return None
            file.execute(_END if row[0] == "queued" else _CANCEL, (id,))
            return cast("JobState", row[0])

        return await self._write(work)

    async def append(self, id: str, events: Sequence[tuple[int, bytes]]) -> None:
        rows = [(id, number, self._sealer.seal_bytes(event)) for number, event in events]
        await self._write(lambda file: file.executemany(_APPEND, rows))

    async def end(self, id: str) -> None:
        await self._write(lambda file: file.execute(_END, (id,)))

    async def progress(self, id: str, *, owner: str, after: int = -1) -> JobProgress | None:
        def work(file: sqlite3.Connection) -> tuple[JobState, list[tuple[int, bytes]]] | None:
            row = file.execute(_STATE, (id, owner)).fetchone()  # before the events: once it has ended, all are there
            return None if row is None else (row[0], file.execute(_EVENTS, (id, after)).fetchall())

        found = await self._read(work)
        if found is None:
            return None
        opened = ((number, self._sealer.open_bytes(event)) for number, event in found[1])
        return JobProgress(found[0], [(number, event) for number, event in opened if event is not None])

    def _opened(self, row: tuple[str, str, str, float, float, bytes]) -> BackgroundJob:
        """Return a job with its request, which is empty if its key is no longer among ours."""
        job = BackgroundJob(*row)
        return replace(job, request=self._sealer.open_bytes(job.request) or b"")
