"""Where what is kept goes, by the settings."""

from pathlib import Path

import pytest

from claude_code_proxy.errors import Misconfigured
from claude_code_proxy.secret import Secret
from claude_code_proxy.server.opened_state import open_state
from claude_code_proxy.settings import Settings
from claude_code_proxy.state.memory import MemoryThinkingStore
from claude_code_proxy.state.memory_replies import MemoryReplyStore
from claude_code_proxy.state.sqlite.replies import SqliteReplyStore
from claude_code_proxy.state.sqlite.thinking import SqliteThinkingStore


@pytest.mark.parametrize(
    ("state_dir", "store_content", "shared", "thinking", "replies"),
    [
        (False, False, False, MemoryThinkingStore, MemoryReplyStore),
        (False, True, False, MemoryThinkingStore, MemoryReplyStore),
        (True, False, False, SqliteThinkingStore, MemoryReplyStore),
        (True, True, False, SqliteThinkingStore, SqliteReplyStore),
        (False, False, True, SqliteThinkingStore, SqliteReplyStore),
        (True, False, True, SqliteThinkingStore, SqliteReplyStore),
    ],
)
async def test_content_is_written_only_where_the_owner_switched_it_on(
    tmp_path: Path, state_dir: bool, store_content: bool, shared: bool, thinking: type, replies: type
) -> None:
    own, temporary = tmp_path / "own", tmp_path / "temporary"
    settings = Settings(state_dir=own if state_dir else None, store_content=store_content)
    state = open_state(settings, temporary if shared else None)
    assert (type(state.stores.thinking), type(state.stores.replies)) == (thinking, replies)
    if isinstance(state.stores.replies, SqliteReplyStore) and not store_content:
        assert (temporary / "state.db").exists()
    await state.stores.close()


async def test_the_seal_outlasts_the_process_with_a_directory_or_a_key(tmp_path: Path) -> None:
    kept = [open_state(Settings(state_dir=tmp_path), None) for _ in range(2)]
    assert kept[1].sealer.open(kept[0].sealer.seal(b"x")) == b"x"
    assert (tmp_path / "seal-key").stat().st_mode & 0o777 == 0o600
    keyed = [open_state(Settings(state_key=(Secret("one"), Secret("two"))), None) for _ in range(2)]
    assert keyed[1].sealer.open(keyed[0].sealer.seal(b"x")) == b"x"
    alone = [open_state(Settings(), None) for _ in range(2)]
    assert alone[1].sealer.open(alone[0].sealer.seal(b"x")) is None
    for state in (*kept, *keyed, *alone):
        await state.stores.close()


def test_a_directory_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Misconfigured, match="STATE_DIR"):
        open_state(Settings(state_dir=tmp_path / "file"), None)
