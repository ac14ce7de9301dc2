"""The state file is for its owner alone, migrated under a lock, and set aside when it is damaged."""

import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from claude_code_proxy.state.sqlite.file import MIGRATIONS, OLDEST, connect, prepare

TABLE = "select key, value, until from kept_thinking"


def execute(path: Path, *statements: str) -> list[tuple[object, ...]]:
    with closing(connect(path, 5.0)) as connection:
        return [connection.execute(statement).fetchall() for statement in statements][-1]


def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "state.db"
    prepare(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    path.chmod(0o644)
    prepare(path)
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_symbolic_link_is_refused_and_its_target_untouched(tmp_path: Path) -> None:
    target = tmp_path / "somebody's"
    target.write_bytes(b"")
    target.chmod(0o644)
    (tmp_path / "state.db").symlink_to(target)
    with pytest.raises(OSError, match="symbolic link"):
        prepare(tmp_path / "state.db")
    assert target.stat().st_mode & 0o777 == 0o644
    assert target.read_bytes() == b""


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo], ids=["a directory", "a pipe"])
def test_what_is_no_file_is_refused(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "state.db")
    with pytest.raises(OSError, match=r"directory|regular"):
        prepare(tmp_path / "state.db")


def test_every_migration_leads_to_the_newest_schema(tmp_path: Path) -> None:
    """From each number of migrations that a released version stopped at, without losing an entry."""
    prepare(tmp_path / "new.db")
    schema = "select sql from sqlite_master order by name"
    for version in range(1, len(MIGRATIONS) + 1):
        path = tmp_path / f"{version}.db"
        with closing(sqlite3.connect(path)) as database:
            database.executescript("".join(MIGRATIONS[:version]))
            database.executescript(
                "create table schema (version integer not null, oldest integer not null);"
                f"insert into schema values ({version}, 1);"
            )
        prepare(path)
        assert execute(path, schema)[0] == execute(tmp_path / "new.db", schema)[0]
        assert execute(path, "select version from schema") == [(len(MIGRATIONS),)]


def test_entries_of_the_first_version_are_kept(tmp_path: Path) -> None:
    """It had no schema table."""
    path = tmp_path / "state.db"
    with closing(sqlite3.connect(path)) as database:
        database.executescript(MIGRATIONS[0] + "insert into entries values ('a', x'31', 100.0);")
    prepare(path)
    assert execute(path, TABLE) == [("a", b"1", 100.0)]
    assert execute(path, "select version, oldest from schema") == [(len(MIGRATIONS), OLDEST)]


def test_a_file_of_a_newer_version_is_used_as_long_as_it_says_so(tmp_path: Path) -> None:
    path, newest = tmp_path / "state.db", len(MIGRATIONS)
    prepare(path)
    execute(path, f"update schema set version = {newest + 3}, oldest = {newest}")
    prepare(path)
    assert execute(path, "select version from schema") == [(newest + 3,)]
    execute(path, f"update schema set oldest = {newest + 1}")
    with pytest.raises(OSError, match="newer version"):
        prepare(path)


def test_a_migration_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with closing(sqlite3.connect(path)) as database:
        database.executescript(MIGRATIONS[0] + "insert into entries values ('a', x'31', 100.0);")
        database.executescript("create table kept_thinking (other)")
    prepare(path)  # its second migration fails, so that the file is set aside
    assert execute(tmp_path / "state.db.damaged", "select key from entries") == [("a",)]
    assert execute(path, TABLE) == []


def test_a_lock_that_stays_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    prepare(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("update schema set version = 0")
        database.execute("begin immediate")
        with pytest.raises(OSError, match="locked"):
            prepare(path)
        database.execute("rollback")


def test_workers_that_start_together_all_get_the_file(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as together:
        for turn in range(5):
            list(together.map(prepare, [tmp_path / f"{turn}" / "state.db"] * 16))
            assert execute(tmp_path / f"{turn}" / "state.db", TABLE) == []


def test_workers_that_find_a_damaged_file_share_the_new_one(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    no_database(tmp_path / "state.db")
    with ThreadPoolExecutor(16) as together:
        list(together.map(prepare, [tmp_path / "state.db"] * 16))
    assert len(caplog.records) == 1


def no_database(path: Path) -> None:
    path.write_bytes(b"not a database, but long enough to look at" * 100)


def other_columns(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("create table entries (name, until)")


def lost_table(path: Path) -> None:
    prepare(path)
    execute(path, "drop table kept_thinking")


def cut_short(path: Path) -> None:
    prepare(path)
    rows = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 300)"
    execute(path, f"insert into kept_thinking {rows} select i, zeroblob(1000), 1e12 from n")
    path.write_bytes(path.read_bytes()[:4096] + bytes(5000))


@pytest.mark.parametrize("damage", [no_database, other_columns, lost_table, cut_short])
def test_a_damaged_file_is_set_aside_and_a_new_one_begun(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: Callable[[Path], object]
) -> None:
    path = tmp_path / "state.db"
    damage(path)
    size = path.stat().st_size
    prepare(path)
    execute(path, "insert into kept_thinking values ('a', x'31', 1e12)")
    (warning,) = caplog.records
    assert warning.levelname == "WARNING"
    assert "state.db.damaged" in warning.getMessage()
    assert (tmp_path / "state.db.damaged").stat().st_size >= size
    prepare(path)
    assert execute(path, TABLE) == [("a", b"1", 1e12)]
    assert len(caplog.records) == 1
