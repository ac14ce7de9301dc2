"""The store in a file: it outlives its process, is shared, kept from others, and never fails a request."""

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from claude_code_proxy.state.sqlite import SqliteStore, open_store


def test_the_file_outlives_the_process_that_wrote_it(tmp_path: Path) -> None:
    first = SqliteStore(tmp_path / "state.db")
    first.put("a", b"1", until=1e12)
    first.close()
    second = SqliteStore(tmp_path / "state.db")
    assert second.get(["a"], now=0) == {"a": b"1"}
    second.close()


def test_two_processes_see_each_others_entries(tmp_path: Path) -> None:
    one, other = SqliteStore(tmp_path / "state.db"), SqliteStore(tmp_path / "state.db")
    one.put("a", b"1", until=1e12)
    assert other.get(["a"], now=0) == {"a": b"1"}
    one.close()
    other.close()


def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "new" / "state.db")
    assert (tmp_path / "new" / "state.db").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700
    store.close()


def test_a_file_that_fails_costs_entries_not_requests(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = SqliteStore(tmp_path / "state.db")
    store.close()
    store.put("a", b"1", until=100)
    assert store.get(["a", "b"], now=0) == {"a": b"1"}  # from memory
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_the_file_is_bounded(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "state.db", most_bytes=100_000)
    for number in range(600):
        store.put(f"k{number:04}", bytes(1000), until=1e12 + number)
    store.close()
    with sqlite3.connect(tmp_path / "state.db") as database:
        (size,) = database.execute("select sum(length(value)) from entries").fetchone()
    assert size < 400_000  # swept every 256 writes
    database.close()


def test_workers_that_start_together_all_get_the_file(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as together:
        for turn in range(5):
            stores = list(together.map(open_store, [tmp_path / f"{turn}" / "state.db"] * 16))
            stores[0].put("a", b"1", until=1e12)
            assert all(store.get(["a"], now=0) == {"a": b"1"} for store in stores)
            for store in stores:
                store.close()


def test_a_directory_that_cannot_be_written_is_told_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file", encoding="utf-8")
    with pytest.raises(FileExistsError):
        open_store(tmp_path / "taken" / "state.db")
    (tmp_path / "directory" / "state.db").mkdir(parents=True)
    with pytest.raises(OSError, match="unable to open"):
        open_store(tmp_path / "directory" / "state.db")


def other_columns(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("create table entries (name, until)")
    database.close()


def cut_short(path: Path) -> None:
    store = SqliteStore(path)
    for number in range(300):
        store.put(f"{number}", bytes(1000), until=1e12)
    store.close()
    path.write_bytes(path.read_bytes()[:4096] + bytes(5000))


DAMAGE: list[Callable[[Path], object]] = [
    lambda path: path.write_bytes(b"not a database, but long enough to look at" * 100),
    other_columns,
    cut_short,
]


@pytest.mark.parametrize("damage", DAMAGE, ids=["no database", "other columns", "cut short"])
def test_a_damaged_file_is_set_aside_and_a_new_one_begun(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: Callable[[Path], object]
) -> None:
    path = tmp_path / "state.db"
    damage(path)
    size = path.stat().st_size
    store = open_store(path)
    store.put("a", b"1", until=1e12)
    store.close()
    (warning,) = caplog.records
    assert warning.levelname == "WARNING"
    assert "state.db.damaged" in warning.getMessage()
    assert (tmp_path / "state.db.damaged").stat().st_size >= size
    again = open_store(path)
    assert again.get(["a"], now=0) == {"a": b"1"}
    again.close()
    assert len(caplog.records) == 1


def test_workers_that_find_a_damaged_file_share_the_new_one(tmp_path: Path) -> None:
    (tmp_path / "state.db").write_bytes(b"not a database, but long enough to look at" * 100)
    with ThreadPoolExecutor(16) as together:
        stores = list(together.map(open_store, [tmp_path / "state.db"] * 16))
    stores[0].put("a", b"1", until=1e12)
    assert all(store.get(["a"], now=0) == {"a": b"1"} for store in stores)
    for store in stores:
        store.close()
