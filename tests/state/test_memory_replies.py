"""What is particular to memory: its bound."""

from msgspec.structs import replace

from claude_code_proxy.state.memory_replies import MemoryReplyStore
from tests.state.test_reply_store import REPLY, reply


async def test_the_oldest_goes_when_there_is_too_much() -> None:
    store = MemoryReplyStore(most_bytes=2 * (REPLY.size + 500))
    for id in ("resp_1", "resp_2", "resp_3"):
        await store.put(reply(id))
    kept = [await store.get(id, owner="ada", now=0) is not None for id in ("resp_1", "resp_2", "resp_3")]
    assert kept == [False, True, True]
    assert store.size == 2 * (REPLY.size + 500)


async def test_what_is_too_large_is_not_kept() -> None:
    store = MemoryReplyStore(most_bytes=1000)
    await store.put(REPLY)
    await store.put(replace(REPLY, reply=b"x" * 1000))
    assert await store.get("resp_1", owner="ada", now=0) is None
    assert store.size == 0
