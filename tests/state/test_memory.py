"""Memory is bounded; what was unused for the longest time goes first."""

from claude_code_proxy.state.memory import MemoryThinkingStore
from claude_code_proxy.state.thinking_store import KeptEntry


def test_the_entry_unused_for_the_longest_time_goes_first() -> None:
    store = MemoryThinkingStore(3 * 1300)
    for key in "abc":
        store.add(KeptEntry(key, bytes(1000), 10))
    store.find(["a"], now=0)
    store.add(KeptEntry("d", bytes(1000), 10))
    assert sorted(store.find("abcd", now=0)) == ["a", "c", "d"]
    assert store.size <= 3 * 1300


def test_an_entry_larger_than_the_store_is_not_kept() -> None:
    store = MemoryThinkingStore(1000)
    store.add(KeptEntry("a", bytes(2000), 10))
    assert (len(store), store.size) == (0, 0)


def test_expired_entries_free_their_room() -> None:
    store = MemoryThinkingStore(10_000)
    store.add(KeptEntry("a", bytes(1000), 10))
    assert store.size > 1000
    assert store.find(["a"], now=11) == {}
    assert (len(store), store.size) == (0, 0)
