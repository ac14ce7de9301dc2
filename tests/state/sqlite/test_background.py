"""What is particular to SQLite: sealed content, and a job that a process leaves to another one."""

from pathlib import Path

from msgspec.structs import replace

from claude_code_proxy.state.sealing import Sealer
from claude_code_proxy.state.sqlite.background import SqliteBackgroundStore
from claude_code_proxy.state.sqlite.database import Database
from tests.state.test_background_store import JOB


async def test_no_content_is_readable_in_the_file_and_another_process_takes_over(tmp_path: Path) -> None:
    database, sealer = Database(tmp_path / "state.db"), Sealer([b"a made-up key"])
    store = SqliteBackgroundStore(database, sealer)
    job = replace(JOB, request=b"a secret word")
    await store.add(job)
    await store.append(job.id, [(0, b"a secret answer")])
    await database.close()
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"resp_1" in written
    assert b"secret" not in written
    again = Database(tmp_path / "state.db")
    assert await SqliteBackgroundStore(again, sealer).take("one", now=110) == job
    await again.close()
