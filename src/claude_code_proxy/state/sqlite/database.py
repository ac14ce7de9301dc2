"""One SQLite file as awaitable reads and writes, off the event loop.

One thread writes, another one reads, each on a connection of its own; the file is in WAL mode, so that neither waits
for the other. The writer takes all jobs that are waiting into one transaction. A job that fails costs no other job its
write. Every caller says how long it waits: a locked file or a slow disk delays it no longer than that. A write is done
even if its caller has stopped waiting.
"""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from msgspec import Struct

from claude_code_proxy.state.sqlite.file import connect, prepare

BUSY_SECONDS = 5.0  # how long a transaction waits for another process before its jobs fail
_MOST_WAITING = 10_000  # jobs of one thread
_MOST_AT_ONCE = 500  # jobs of one transaction
_CLOSE_SECONDS = 3.0
_SLOW = "it is locked, or its disk is slow"
_T = TypeVar("_T")
Work = Callable[[sqlite3.Connection], _T]


class DatabaseFailed(Exception):
    """A job could not be done, or not in time. The message says why, without values of the job."""


class Database:
    """An open file. `read` and `write` must be called on an event loop; each raises `DatabaseFailed`."""

    def __init__(self, path: Path) -> None:
        """Open the file. Raise `OSError` with a message for the owner if it cannot be used."""
        prepare(path)
        self._writer = _WorkerThread("state-writer", path, run=_write)
        self._reader = _WorkerThread("state-reader", path, run=_read)

    async def read(self, work: Work[_T], *, seconds: float) -> _T:
        """Return what `work` reads."""
        return await self._reader.result(work, seconds)

    async def write(self, work: Work[_T], *, seconds: float) -> _T:
        """Return what `work` returns, once it is committed. It may still be committed after this has raised."""
        return await self._writer.result(work, seconds)

    async def close(self) -> None:
        """Write the waiting jobs, for a few seconds at most, and close the file."""
        await asyncio.gather(self._reader.close(), self._writer.close())


class _Job(Struct):
    work: Work[Any]
    future: asyncio.Future[Any]


class _Outcome(Struct, frozen=True):
    job: _Job
    result: Any = None
    error: Exception | None = None


class _WorkerThread:
    """A thread with its own connection. `run` is called with all waiting jobs."""

    def __init__(
        self, name: str, path: Path, *, run: Callable[[sqlite3.Connection, Sequence[_Job]], list[_Outcome]]
    ) -> None:
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._connection = connect(path, BUSY_SECONDS)
        self._run = run
        self._behind = False  # a caller timed out, and no job was done since
        self._closed = False
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    async def result(self, work: Work[_T], seconds: float) -> _T:
        if self._closed or self._jobs.qsize() >= _MOST_WAITING:
            raise DatabaseFailed("it is closed" if self._closed else f"{_MOST_WAITING} jobs are waiting for it")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[_T] = loop.create_future()
        self._jobs.put(_Job(work, future))
        if self._behind:
            future.cancel()  # it would time out like the jobs before it
            raise DatabaseFailed(_SLOW)
        timer = loop.call_later(seconds, self._give_up, future)
        try:
            return await future
        except sqlite3.Error as error:
            raise DatabaseFailed(f"{type(error).__name__}: {error}") from error
        finally:
            timer.cancel()

    async def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._jobs.put(None)
        await asyncio.to_thread(self._thread.join, _CLOSE_SECONDS)

    def _give_up(self, future: "asyncio.Future[Any]") -> None:
        """Stop the caller's wait; its job stays in the queue."""
        if not future.done():
            self._behind = True
            future.set_exception(DatabaseFailed(_SLOW))

    def _work(self) -> None:
        with suppress(sqlite3.Error):
            while jobs := self._next():
                self._publish(self._run(self._connection, jobs))
        self._connection.close()

    def _next(self) -> list[_Job]:
        """Return all waiting jobs, at least one; an empty list when the thread is to end."""
        jobs = []
        job = self._jobs.get()
        while job is not None:
            jobs.append(job)
            if len(jobs) >= _MOST_AT_ONCE or self._jobs.empty():
                return jobs
            job = self._jobs.get()
        if jobs:
            self._jobs.put(None)  # for the next call, which then ends the thread
        return jobs

    def _publish(self, outcomes: Sequence[_Outcome]) -> None:
        """Send each event loop the outcomes of its jobs."""
        for loop in {outcome.job.future.get_loop() for outcome in outcomes}:
            own = [outcome for outcome in outcomes if outcome.job.future.get_loop() is loop]
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(self._resolve, own)

    def _resolve(self, outcomes: Sequence[_Outcome]) -> None:
        for outcome in outcomes:
            future = outcome.job.future
            if outcome.error is None:
                self._behind = False
            if future.done():
                continue  # the caller has stopped waiting
            if outcome.error is None:
                future.set_result(outcome.result)
            else:
                future.set_exception(outcome.error)


def _read(connection: sqlite3.Connection, jobs: Sequence[_Job]) -> list[_Outcome]:
    return [_done(connection, job) for job in jobs]


def _write(connection: sqlite3.Connection, jobs: Sequence[_Job]) -> list[_Outcome]:
    """Do all jobs in one transaction, or each in its own if that fails: on a full disk, some may still fit."""
    try:
        connection.execute("begin immediate")
    except sqlite3.Error as error:
        return [_Outcome(job, error=error) for job in jobs]
    try:
        outcomes = [_done_apart(connection, job) for job in jobs]
        connection.execute("commit")
    except sqlite3.Error as error:
        if connection.in_transaction:
            connection.execute("rollback")
        if len(jobs) == 1:
            return [_Outcome(jobs[0], error=error)]
        return [outcome for job in jobs for outcome in _write(connection, [job])]
    return outcomes


def _done_apart(connection: sqlite3.Connection, job: _Job) -> _Outcome:
    """Do a job within the transaction, and undo it alone if it fails. Raise `sqlite3.Error` if that ended all jobs."""
    connection.execute("savepoint job")
    outcome = _done(connection, job)
    if outcome.error is not None:
        if isinstance(outcome.error, sqlite3.Error) and not connection.in_transaction:
            raise outcome.error
        connection.execute("rollback to job")
    connection.execute("release job")
    return outcome


def _done(connection: sqlite3.Connection, job: _Job) -> _Outcome:
    try:
        return _Outcome(job, job.work(connection))
    except Exception as error:  # noqa: BLE001 - the caller gets it, whatever it is
        return _Outcome(job, error=error)
