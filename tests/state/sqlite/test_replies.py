"""What is particular to SQLite: the file, its seals, and its bound."""

from pathlib import Path

import pytest

from claude_code_proxy.state.reply_store import StoreFailed
from claude_code_proxy.state.sealing import Sealer
from claude_code_proxy.state.sqlite.database import Database
from claude_code_proxy.state.sqlite.replies import SqliteReplyStore
from tests.state.test_reply_store import REPLY, reply

KEY = b"a made-up key"


async def test_another_process_finds_it_and_can_read_it_only_with_the_key(tmp_path: Path) -> None:
    first, second = Database(tmp_path / "state.db"), Database(tmp_path / "state.db")
    await SqliteReplyStore(first, Sealer([KEY])).put(REPLY)
    assert await SqliteReplyStore(second, Sealer([b"new", KEY])).get("resp_1", owner="ada", now=0) == REPLY
    stranger = SqliteReplyStore(second, Sealer([b"another key"]))
    assert await stranger.get("resp_1", owner="ada", now=0) is None
    assert await stranger.chain("resp_1", owner="ada", now=0) == ()
    await first.close()
    await second.close()


async def test_no_content_stands_in_the_file(tmp_path: Path) -> None:
    database = Database(tmp_path / "state.db")
    await SqliteReplyStore(database, Sealer([KEY])).put(reply("resp_1", reply=b"a secret plan", turns=b"a secret plan"))
    await database.close()
    files = list(tmp_path.glob("state.db*"))
    assert files
    assert all(b"secret plan" not in file.read_bytes() for file in files)


async def test_the_oldest_go_when_there_is_too_much(tmp_path: Path) -> None:
    database = Database(tmp_path / "state.db")
    store = SqliteReplyStore(database, Sealer([KEY]), most_bytes=100_000)
    for number in range(130):
        await store.put(reply(f"resp_{number}", created=number, reply=b"x" * 2000))
    assert await store.get("resp_0", owner="ada", now=0) is None
    assert await store.get("resp_129", owner="ada", now=0) is not None
    await database.close()


async def test_a_closed_file_is_a_failure(tmp_path: Path) -> None:
    database = Database(tmp_path / "state.db")
    await database.close()
    store = SqliteReplyStore(database, Sealer([KEY]))
    with pytest.raises(StoreFailed):
        await store.put(REPLY)
    with pytest.raises(StoreFailed):
        await store.get("resp_1", owner="ada", now=0)
