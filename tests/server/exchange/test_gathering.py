"""Several things at once that stand or fall together."""

import asyncio

import pytest

from claude_code_proxy.server.exchange.gathering import together


async def giving(value: int, seconds: float = 0.0) -> int:
    await asyncio.sleep(seconds)
    return value


async def test_results_in_order() -> None:
    assert await together([giving(1, 0.02), giving(2), giving(3, 0.01)]) == [1, 2, 3]
    assert await together([]) == []


async def test_the_first_failure_cancels_the_rest_and_is_raised_as_itself() -> None:
    ended: list[str] = []

    async def long() -> int:
        try:
            await asyncio.sleep(10)
        finally:
            ended.append("long")
        return 0

    async def fail() -> int:
        await asyncio.sleep(0.01)
        raise KeyError("it") from ValueError("cause")

    async with asyncio.timeout(1):
        with pytest.raises(KeyError) as caught:
            await together([long(), fail(), long()])
    assert isinstance(caught.value.__cause__, ValueError)
    assert ended == ["long", "long"]


async def test_cancelling_it_cancels_all() -> None:
    ended: list[None] = []

    async def long() -> None:
        try:
            await asyncio.sleep(10)
        finally:
            ended.append(None)

    task = asyncio.create_task(together([long(), long()]))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(ended) == 2
