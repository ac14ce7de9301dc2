"""The engine is chosen by whether there is a directory; what is in it outlasts its stores."""

from pathlib import Path

import pytest

from claude_code_proxy.state.memory import MemoryThinkingStore
from claude_code_proxy.state.stores import open_stores
from claude_code_proxy.state.thinking_store import KeptEntry


def test_without_a_directory_state_is_in_memory() -> None:
    assert isinstance(open_stores(None).thinking, MemoryThinkingStore)


async def test_the_file_outlasts_the_stores_that_wrote_it(tmp_path: Path) -> None:
    first = open_stores(tmp_path)
    await first.thinking.put([KeptEntry("a", b"1", 1e12)])
    await first.close()
    second = open_stores(tmp_path)
    assert await second.thinking.get(["a"], now=0) == {"a": b"1"}
    await second.close()


async def test_two_processes_find_each_others_entries(tmp_path: Path) -> None:
    one, other = open_stores(tmp_path), open_stores(tmp_path)
    await one.thinking.put([KeptEntry("a", b"1", 1e12)])
    assert await other.thinking.get(["a"], now=0) == {"a": b"1"}
    await one.close()
    await other.close()


def test_a_directory_that_cannot_be_used_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file", encoding="utf-8")
    with pytest.raises(OSError, match="exists"):
        open_stores(tmp_path / "taken")
