"""Every engine keeps replies by the same contract: this suite is run against each."""

import pytest
from msgspec.structs import replace

from claude_code_proxy.state.reply_store import ReplyStore, StoredReply
from claude_code_proxy.state.stores import Stores
from tests.state.engines import stores

__all__ = ["stores"]
REPLY = StoredReply("resp_1", "response", "ada", 100, 1000, "", b'{"team":"a"}', b'{"id":"resp_1"}', b"[1]", b"[2]")


@pytest.fixture
def store(stores: Stores) -> ReplyStore:
    return stores.replies


def reply(id: str, previous: str = "", **fields: object) -> StoredReply:
    return replace(REPLY, id=id, previous=previous, **fields)


async def test_a_reply_comes_back_as_it_was(store: ReplyStore) -> None:
    await store.put(REPLY)
    assert await store.get("resp_1", owner="ada", now=500) == REPLY
    assert await store.get("resp_2", owner="ada", now=500) is None


async def test_nobody_else_sees_it(store: ReplyStore) -> None:
    await store.put(REPLY)
    assert await store.get("resp_1", owner="bob", now=500) is None
    assert await store.chain("resp_1", owner="bob", now=500) == ()
    assert not await store.delete("resp_1", owner="bob")
    assert await store.get("resp_1", owner="ada", now=500) == REPLY


async def test_equal_ids_of_two_owners_are_two_replies(store: ReplyStore) -> None:
    await store.put(REPLY)
    await store.put(reply("resp_1", owner="bob", reply=b"{}"))
    found = await store.get("resp_1", owner="ada", now=500)
    assert found is not None
    assert found.reply == REPLY.reply


async def test_a_reply_is_gone_when_its_time_has_come(store: ReplyStore) -> None:
    await store.put(REPLY)
    assert await store.get("resp_1", owner="ada", now=999.5) == REPLY
    assert await store.get("resp_1", owner="ada", now=1000) is None
    assert await store.chain("resp_1", owner="ada", now=1000) == ()


async def test_a_deleted_reply_is_gone(store: ReplyStore) -> None:
    await store.put(REPLY)
    assert await store.delete("resp_1", owner="ada")
    assert not await store.delete("resp_1", owner="ada")
    assert await store.get("resp_1", owner="ada", now=500) is None


async def test_a_later_reply_replaces_an_earlier_one(store: ReplyStore) -> None:
    await store.put(REPLY)
    await store.put(reply("resp_1", reply=b'{"status":"completed"}'))
    found = await store.get("resp_1", owner="ada", now=500)
    assert found is not None
    assert found.reply == b'{"status":"completed"}'


async def test_a_chain_begins_with_its_first_reply(store: ReplyStore) -> None:
    ids = [f"resp_{number}" for number in range(200)]
    for previous, id in zip(["", *ids], ids, strict=False):
        await store.put(reply(id, previous))
    found = await store.chain(ids[-1], owner="ada", now=500)
    assert [each.id for each in found] == ids


async def test_two_replies_may_continue_the_same_one(store: ReplyStore) -> None:
    for id, previous in (("resp_1", ""), ("resp_2", "resp_1"), ("resp_3", "resp_1")):
        await store.put(reply(id, previous))
    found = await store.chain("resp_3", owner="ada", now=500)
    assert [each.id for each in found] == ["resp_1", "resp_3"]


async def test_a_chain_with_a_missing_part_is_none(store: ReplyStore) -> None:
    for id, previous in (("resp_1", ""), ("resp_2", "resp_1"), ("resp_3", "resp_2")):
        await store.put(reply(id, previous))
    await store.delete("resp_1", owner="ada")
    assert await store.chain("resp_3", owner="ada", now=500) == ()
    assert await store.get("resp_3", owner="ada", now=500) is not None


async def test_content_is_any_bytes(store: ReplyStore) -> None:
    odd = reply("ünïcode", metadata=b"", reply=bytes(range(256)), input=b"\0", turns=b"x" * 1_000_000)
    await store.put(odd)
    assert await store.get("ünïcode", owner="ada", now=500) == odd
