"""Every engine keeps thinking by the same contract: this suite is run against each."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from claude_code_proxy.state.stores import Stores, open_stores
from claude_code_proxy.state.thinking_store import KeptEntry, ThinkingStore

ENGINES = {"memory": False, "SQLite": True}  # whether it has a directory


@pytest.fixture(params=ENGINES)
async def stores(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stores]:
    opened = open_stores(tmp_path / "state" if ENGINES[request.param] else None)
    yield opened
    await opened.close()


@pytest.fixture
def store(stores: Stores) -> ThinkingStore:
    return stores.thinking


async def test_entries_are_found_by_key(store: ThinkingStore) -> None:
    await store.put([KeptEntry("a", b"1", 100), KeptEntry("b", b"2", 100)])
    await store.put([KeptEntry("c", b"", 100)])
    assert await store.get(["a", "c", "d"], now=99) == {"a": b"1", "c": b""}


async def test_nothing_is_found_in_an_empty_store(store: ThinkingStore) -> None:
    assert await store.get(["a"], now=0) == {}
    assert await store.get([], now=0) == {}
    await store.put([])
    assert await store.get(["a"], now=0) == {}


async def test_a_later_value_replaces_an_earlier_one(store: ThinkingStore) -> None:
    await store.put([KeptEntry("a", b"1", 100), KeptEntry("a", b"2", 200)])
    assert await store.get(["a"], now=150) == {"a": b"2"}
    await store.put([KeptEntry("a", b"3", 300)])
    assert await store.get(["a"], now=250) == {"a": b"3"}


async def test_an_entry_is_gone_when_its_time_has_come(store: ThinkingStore) -> None:
    await store.put([KeptEntry("a", b"1", 100)])
    assert await store.get(["a"], now=99.5) == {"a": b"1"}
    assert await store.get(["a"], now=100) == {}


async def test_any_number_of_keys_is_looked_up_at_once(store: ThinkingStore) -> None:
    await store.put([KeptEntry(f"k{number}", b"%d" % number, 1e12) for number in range(1500)])
    found = await store.get([f"k{number}" for number in range(3000)], now=0)
    assert found == {f"k{number}": b"%d" % number for number in range(1500)}


async def test_keys_and_values_are_any_text_and_any_bytes(store: ThinkingStore) -> None:
    odd = {
        "": b"\0",
        "'; drop table x; --": b"'",
        "\u00fcber \U0001f600": bytes(range(256)),
        "k" * 1000: bytes(100_000),
    }
    await store.put([KeptEntry(key, value, 1e12) for key, value in odd.items()])
    assert await store.get(list(odd), now=0) == odd


async def test_closing_twice_does_no_harm(stores: Stores) -> None:
    await stores.close()
    await stores.close()
