"""What goes wrong with the file costs entries, never a request, and is reported."""

import asyncio
import time
from contextlib import closing
from pathlib import Path

import pytest

from claude_code_proxy.state.sqlite.database import Database
from claude_code_proxy.state.sqlite.file import connect
from claude_code_proxy.state.sqlite.thinking import SqliteThinkingStore
from claude_code_proxy.state.thinking_store import KeptEntry
from tests.state.sqlite.locking import locked

FOREVER = 1e12


async def test_a_file_that_fails_costs_entries_not_requests(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    database = Database(tmp_path / "state.db")
    store = SqliteThinkingStore(database)
    await database.close()
    for _ in range(3):
        await store.put([KeptEntry("a", b"1", 100)])
        assert await store.get(["a", "b"], now=0) == {"a": b"1"}  # from memory
    assert [record.levelname for record in caplog.records] == ["WARNING"]


async def test_a_full_disk_costs_entries_not_requests(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    database = Database(tmp_path / "state.db")
    await database.write(lambda file: file.execute("pragma max_page_count=12").fetchone(), seconds=60)
    store = SqliteThinkingStore(database)
    entries = [KeptEntry(f"k{number}", bytes(10_000), FOREVER) for number in range(20)]
    for entry in entries:
        await store.put([entry])
    assert await store.get([entry.key for entry in entries], now=0) == {entry.key: entry.value for entry in entries}
    await database.close()
    assert "full" in caplog.text


async def test_a_locked_file_holds_back_no_other_request(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Ten agents keep thinking while another process holds the lock; the event loop never stops meanwhile."""
    database = Database(tmp_path / "state.db")
    store = SqliteThinkingStore(database)
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        while True:
            begun = time.monotonic()
            await asyncio.sleep(0.001)
            longest = max(longest, time.monotonic() - begun)

    watching = asyncio.create_task(watch())
    entries = [KeptEntry(f"k{number}", b"value", FOREVER) for number in range(10)]
    with locked(tmp_path / "state.db"):
        begun = time.monotonic()
        await asyncio.gather(*(store.put([entry]) for entry in entries))
        found = await store.get([entry.key for entry in entries], now=0)
        seconds = time.monotonic() - begun
    watching.cancel()
    assert len(found) == 10
    assert seconds < 2.0, "one wait of 50 ms, on a machine with other things to do"
    assert longest < 1.0, "the loop itself waits for nothing"
    assert len([record for record in caplog.records if "STATE_DIR" in record.getMessage()]) == 1
    await database.close()


async def test_the_file_is_bounded(tmp_path: Path) -> None:
    database = Database(tmp_path / "state.db")
    store = SqliteThinkingStore(database, most_bytes=100_000)
    for number in range(600):
        await store.put([KeptEntry(f"k{number:04}", bytes(1000), FOREVER + number)])
    await database.close()
    with closing(connect(tmp_path / "state.db", 5.0)) as file:
        size, newest = file.execute("select sum(length(value)), max(key) from kept_thinking").fetchone()
    assert size < 400_000  # swept every 256 puts
    assert newest == "k0599"
