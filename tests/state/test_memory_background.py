"""What is particular to memory: ended jobs go when they have left too much."""

from msgspec.structs import replace

from claude_code_proxy.state.memory_background import MemoryBackgroundStore
from tests.state.test_background_store import JOB


async def test_the_oldest_that_has_ended_goes_when_there_is_too_much() -> None:
    store = MemoryBackgroundStore(most_bytes=1000)
    for number in range(3):
        await store.add(replace(JOB, id=f"resp_{number}"))
        await store.append(f"resp_{number}", [(0, b"x" * 400)])
        if number:
            await store.end(f"resp_{number}")
    await store.add(replace(JOB, id="resp_3"))
    left = [await store.progress(f"resp_{number}", owner="ada") is not None for number in range(4)]
    assert left == [True, False, True, True]  # the first one has not ended
