"""Every engine keeps conversations by the same contract: this suite is run against each."""

import pytest
from msgspec.structs import replace

from claude_code_proxy.state.conversation_store import ConversationItem, ConversationStore, StoredConversation
from claude_code_proxy.state.stores import Stores
from tests.state.engines import stores

__all__ = ["stores"]
CONVERSATION = StoredConversation("conv_1", "ada", 100, 1000, b'{"team":"a"}')
ITEMS = [ConversationItem(f"msg_{number}", b'{"id":"msg_%d"}' % number) for number in range(3)]


@pytest.fixture
def store(stores: Stores) -> ConversationStore:
    return stores.conversations


async def test_a_conversation_comes_back_with_its_items_in_order(store: ConversationStore) -> None:
    await store.put(CONVERSATION)
    assert await store.append("conv_1", ITEMS[:2], owner="ada", until=1000)
    assert await store.append("conv_1", ITEMS[2:], owner="ada", until=1000)
    assert await store.get("conv_1", owner="ada", now=500) == CONVERSATION
    assert list(await store.items("conv_1", owner="ada")) == ITEMS


async def test_other_metadata_leaves_the_items(store: ConversationStore) -> None:
    await store.put(CONVERSATION)
    await store.append("conv_1", ITEMS, owner="ada", until=1000)
    changed = replace(CONVERSATION, metadata=b"{}")
    await store.put(changed)
    assert await store.get("conv_1", owner="ada", now=500) == changed
    assert list(await store.items("conv_1", owner="ada")) == ITEMS


async def test_nobody_else_sees_or_changes_it(store: ConversationStore) -> None:
    await store.put(CONVERSATION)
    await store.append("conv_1", ITEMS, owner="ada", until=1000)
    assert await store.get("conv_1", owner="bob", now=500) is None
    assert not await store.items("conv_1", owner="bob")
    assert not await store.append("conv_1", ITEMS, owner="bob", until=1000)
    assert not await store.delete_item("conv_1", "msg_0", owner="bob")
    assert not await store.delete("conv_1", owner="bob")
    assert list(await store.items("conv_1", owner="ada")) == ITEMS


async def test_a_deleted_item_is_gone(store: ConversationStore) -> None:
    await store.put(CONVERSATION)
    await store.append("conv_1", ITEMS, owner="ada", until=1000)
    assert await store.delete_item("conv_1", "msg_1", owner="ada")
    assert not await store.delete_item("conv_1", "msg_1", owner="ada")
    assert [item.id for item in await store.items("conv_1", owner="ada")] == ["msg_0", "msg_2"]


async def test_a_deleted_conversation_is_gone_with_its_items(store: ConversationStore) -> None:
    await store.put(CONVERSATION)
    await store.append("conv_1", ITEMS, owner="ada", until=1000)
    assert await store.delete("conv_1", owner="ada")
    assert not await store.delete("conv_1", owner="ada")
    assert not await store.append("conv_1", ITEMS, owner="ada", until=1000)
    await store.put(CONVERSATION)
    assert not await store.items("conv_1", owner="ada")


async def test_each_use_prolongs_its_time(store: ConversationStore) -> None:
    await store.put(CONVERSATION)
    assert await store.get("conv_1", owner="ada", now=1000) is None
    await store.append("conv_1", ITEMS, owner="ada", until=2000)
    assert await store.get("conv_1", owner="ada", now=1000) == replace(CONVERSATION, until=2000)
