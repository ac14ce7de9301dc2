"""What is particular to SQLite: sealed content, and a bound that is kept by sweeps."""

from pathlib import Path

from msgspec.structs import replace

from claude_code_proxy.state.conversation_store import ConversationItem
from claude_code_proxy.state.sealing import Sealer
from claude_code_proxy.state.sqlite.conversations import SqliteConversationStore
from claude_code_proxy.state.sqlite.database import Database
from tests.state.test_conversation_store import CONVERSATION, ITEMS

SEALER = Sealer([b"a made-up key"])


async def test_no_content_is_readable_in_the_file(tmp_path: Path) -> None:
    database = Database(tmp_path / "state.db")
    store = SqliteConversationStore(database, SEALER)
    await store.put(replace(CONVERSATION, metadata=b"a secret label"))
    await store.append("conv_1", [ConversationItem("msg_1", b"a secret word")], owner="ada", until=1000)
    await database.close()
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"conv_1" in written
    assert b"secret" not in written


async def test_another_key_opens_nothing(tmp_path: Path) -> None:
    database = Database(tmp_path / "state.db")
    store = SqliteConversationStore(database, SEALER)
    await store.put(CONVERSATION)
    await store.append("conv_1", ITEMS, owner="ada", until=1000)
    other = SqliteConversationStore(database, Sealer([b"another key"]))
    assert await other.get("conv_1", owner="ada", now=0) is None
    assert list(await other.items("conv_1", owner="ada")) == []
    await database.close()


async def test_a_sweep_drops_what_is_over_and_what_is_too_much(tmp_path: Path) -> None:
    database = Database(tmp_path / "state.db")
    store = SqliteConversationStore(database, SEALER, most_bytes=2000)
    for number in range(3):
        made = replace(CONVERSATION, id=f"conv_{number}", created=0, until=100 + number)
        await store.put(made)
        await store.append(made.id, [ConversationItem("msg_1", b"x" * 900)], owner="ada", until=made.until)
    for number in range(3, 65):  # the last of them sweeps
        await store.put(replace(CONVERSATION, id=f"conv_{number}", created=100, until=2000))
    left = [await store.get(f"conv_{number}", owner="ada", now=0) is not None for number in range(3)]
    assert left == [False, True, True]
    assert list(await store.items("conv_0", owner="ada")) == []
    await database.close()
