"""Stores keep bytes for a while, within bounds; whatever goes wrong costs entries, never a request."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from claude_code_proxy.state.sqlite import SqliteStore
from claude_code_proxy.state.store import MemoryStore, Store

Make = Callable[[int], Store]


@pytest.fixture(params=["memory", "sqlite"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Make]:
    made: list[Store] = []

    def build(most_bytes: int) -> Store:
        store = (
            MemoryStore(most_bytes)
            if request.param == "memory"
            else SqliteStore(tmp_path / "s" / "state.db", most_bytes)
        )
        made.append(store)
        return store

    yield build
    for store in made:
        store.close()


def test_what_was_put_is_there(make: Make) -> None:
    store = make(10_000)
    store.put("a", b"1", until=100)
    store.put("b", b"2", until=100)
    assert store.get(["a", "b", "c"], now=99) == {"a": b"1", "b": b"2"}


def test_a_later_value_replaces_an_earlier_one(make: Make) -> None:
    store = make(10_000)
    store.put("a", b"1", until=100)
    store.put("a", b"2", until=100)
    assert store.get(["a"], now=0) == {"a": b"2"}


def test_an_entry_is_gone_when_its_time_is_over(make: Make) -> None:
    store = make(10_000)
    store.put("a", b"1", until=100)
    assert store.get(["a"], now=100) == {}


def test_many_keys_are_asked_for_at_once(make: Make) -> None:
    store = make(10_000_000)
    for number in range(1500):
        store.put(f"k{number}", b"%d" % number, until=1e12)
    assert len(store.get([f"k{number}" for number in range(2000)], now=0)) == 1500


def test_memory_is_bounded_and_the_longest_unused_goes_first() -> None:
    store = MemoryStore(3 * 1300)
    for key in "abc":
        store.put(key, bytes(1000), until=10)
    store.get(["a"], now=0)
    store.put("d", bytes(1000), until=10)
    assert sorted(store.get("abcd", now=0)) == ["a", "c", "d"]
    assert store.size <= 3 * 1300


def test_what_is_larger_than_the_store_is_not_kept() -> None:
    store = MemoryStore(1000)
    store.put("a", bytes(2000), until=10)
    assert len(store) == 0
    assert store.size == 0


def test_expired_entries_free_their_room() -> None:
    store = MemoryStore(10_000)
    store.put("a", bytes(1000), until=10)
    store.get(["a"], now=11)
    assert store.size == 0
