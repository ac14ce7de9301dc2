"""What is particular to memory: its bound."""

from msgspec.structs import replace

from claude_code_proxy.state.conversation_store import ConversationItem
from claude_code_proxy.state.memory_conversations import MemoryConversationStore
from tests.state.test_conversation_store import CONVERSATION


async def test_the_longest_unused_goes_when_there_is_too_much() -> None:
    store = MemoryConversationStore(most_bytes=5000)
    for id in ("conv_1", "conv_2", "conv_3"):
        await store.put(replace(CONVERSATION, id=id))
    assert await store.append("conv_1", [ConversationItem("msg_1", b"x" * 3000)], owner="ada", until=1000)
    kept = [await store.get(id, owner="ada", now=0) is not None for id in ("conv_1", "conv_2", "conv_3")]
    assert kept == [True, False, True]
    for id in ("conv_1", "conv_3"):
        await store.delete(id, owner="ada")
    assert store.size == 0
