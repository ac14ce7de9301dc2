"""Reads and writes happen in threads; whoever waits for one waits no longer than they said."""

import asyncio
import sqlite3
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from claude_code_proxy.state.sqlite import database as module
from claude_code_proxy.state.sqlite.database import Database, DatabaseFailed
from tests.state.sqlite.locking import locked

LONG = 60.0  # seconds: for what takes no time, on a loaded machine


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = Database(tmp_path / "state.db")
    yield opened
    await opened.close()


def insert(key: str) -> module.Work[int]:
    def work(file: sqlite3.Connection) -> int:
        return file.execute("insert into kept_thinking values (?, x'', 1)", (key,)).rowcount

    return work


def keys(file: sqlite3.Connection) -> list[str]:
    return [key for (key,) in file.execute("select key from kept_thinking order by key")]


def state(file: sqlite3.Connection) -> tuple[int, int]:
    """Return a number that each commit of another connection changes, and how many rows there are."""
    return file.execute("pragma data_version").fetchone()[0], len(keys(file))


async def test_what_is_written_is_read(database: Database) -> None:
    assert await database.write(insert("a"), seconds=LONG) == 1
    assert await database.read(keys, seconds=LONG) == ["a"]


async def test_nothing_runs_on_the_event_loop(database: Database) -> None:
    threads = {
        await database.read(lambda _: threading.current_thread().name, seconds=LONG),
        await database.write(lambda _: threading.current_thread().name, seconds=LONG),
    }
    assert threads == {"state-reader", "state-writer"}


async def test_waiting_writes_are_one_transaction(database: Database) -> None:
    """The first one is held until all others are waiting; then they become visible together."""
    release = threading.Event()

    def hold(_: sqlite3.Connection) -> None:
        assert release.wait(LONG)

    held = asyncio.create_task(database.write(hold, seconds=LONG))
    others = [asyncio.create_task(database.write(insert(f"{number:03}"), seconds=LONG)) for number in range(100)]
    await asyncio.sleep(0)
    before, _ = await database.read(state, seconds=LONG)
    release.set()
    await asyncio.gather(held, *others)
    after, rows = await database.read(state, seconds=LONG)
    assert rows == 100
    assert after - before <= 2  # commits: of the one that was held, and of all others


async def test_a_job_that_fails_costs_no_other_its_write(database: Database) -> None:
    def half(file: sqlite3.Connection) -> None:
        insert("half")(file)
        insert("a")(file)  # there is one already

    def mistake(_: sqlite3.Connection) -> None:
        raise ValueError("a mistake")

    work = (insert("a"), half, mistake, insert("b"))
    results = await asyncio.gather(*(database.write(each, seconds=LONG) for each in work), return_exceptions=True)
    assert [type(result) for result in results] == [int, DatabaseFailed, ValueError, int]
    assert await database.read(keys, seconds=LONG) == ["a", "b"]


async def test_a_locked_file_holds_nobody_longer_than_they_wait(database: Database, tmp_path: Path) -> None:
    with locked(tmp_path / "state.db"):
        begun = time.monotonic()
        with pytest.raises(DatabaseFailed, match="locked"):
            await database.write(insert("a"), seconds=0.05)
        for number in range(100):  # others do not even try to wait
            with pytest.raises(DatabaseFailed, match="locked"):
                await database.write(insert(f"{number}"), seconds=LONG)
        assert await database.read(keys, seconds=LONG) == []  # readers need no lock
        assert time.monotonic() - begun < module.BUSY_SECONDS
    assert await written(database, 101)


async def written(database: Database, count: int) -> bool:
    """Whether that many rows are there, as soon as the writer is done with what was waiting."""
    for _ in range(600):
        if len(await database.read(keys, seconds=LONG)) == count:
            return True
        await asyncio.sleep(0.05)
    return False


async def test_a_file_that_is_free_again_is_waited_for_again(database: Database, tmp_path: Path) -> None:
    with locked(tmp_path / "state.db"), pytest.raises(DatabaseFailed):
        await database.write(insert("a"), seconds=0.01)
    assert await written(database, 1)
    assert await database.write(insert("b"), seconds=LONG) == 1


async def test_a_full_disk_fails_what_does_not_fit(database: Database) -> None:
    pages = await database.write(lambda file: file.execute("pragma page_count").fetchone()[0], seconds=LONG)
    await database.write(lambda file: file.execute(f"pragma max_page_count={pages + 2}").fetchone(), seconds=LONG)
    fill = "insert into kept_thinking values ('large', zeroblob(100000), 1)"
    with pytest.raises(DatabaseFailed, match="full"):
        await database.write(lambda file: file.execute(fill).rowcount, seconds=LONG)
    assert await database.write(insert("small"), seconds=LONG) == 1
    assert await database.read(keys, seconds=LONG) == ["small"]


async def test_a_caller_that_leaves_does_not_undo_its_write(database: Database) -> None:
    release = threading.Event()
    held = asyncio.create_task(database.write(lambda _: release.wait(LONG), seconds=LONG))
    leaving = asyncio.create_task(database.write(insert("a"), seconds=LONG))
    await asyncio.sleep(0)
    leaving.cancel()
    release.set()
    await held
    assert await database.write(insert("b"), seconds=LONG) == 1
    assert await database.read(keys, seconds=LONG) == ["a", "b"]


async def test_closing_writes_what_is_waiting(tmp_path: Path) -> None:
    database = Database(tmp_path / "state.db")
    writes = [asyncio.create_task(database.write(insert(f"{number:03}"), seconds=LONG)) for number in range(50)]
    await asyncio.sleep(0)
    await database.close()
    assert await asyncio.gather(*writes) == [1] * 50
    with pytest.raises(DatabaseFailed, match="closed"):
        await database.read(keys, seconds=LONG)


async def test_closing_a_locked_file_ends(tmp_path: Path) -> None:
    database = Database(tmp_path / "state.db")
    with locked(tmp_path / "state.db"):
        with pytest.raises(DatabaseFailed):
            await database.write(insert("a"), seconds=0.01)
        async with asyncio.timeout(LONG):
            await database.close()
