"""A store's failure is one of its own kind, whatever the file's was."""

from pathlib import Path

import pytest

from claude_code_proxy.state.reply_store import StoreFailed
from claude_code_proxy.state.sealing import Sealer
from claude_code_proxy.state.sqlite.database import Database
from claude_code_proxy.state.sqlite.store import SqliteContentStore


class CountingStore(SqliteContentStore):
    async def read(self, statement: str) -> int:
        return int(await self._read(lambda file: file.execute(statement).fetchone()[0]))

    async def write(self, statement: str) -> int:
        return await self._write(lambda file: file.execute(statement).rowcount)


async def test_work_is_done_on_the_file_or_fails_as_a_store(tmp_path: Path) -> None:
    database = Database(tmp_path / "state.db")
    store = CountingStore(database, Sealer([b"a made-up key"]))
    assert await store.read("select 7") == 7
    assert await store.write("delete from replies") == 0
    with pytest.raises(StoreFailed, match="no such table"):
        await store.read("select * from missing")
    with pytest.raises(StoreFailed, match="no such table"):
        await store.write("delete from missing")
    await database.close()
    with pytest.raises(StoreFailed, match="closed"):
        await store.read("select 7")
