"""The turnstile: bounds, order, and no place lost or given twice, whoever gives up in whichever moment."""

import asyncio
import random

import pytest

from claude_code_proxy.endpoints.openai.errors import to_openai_error
from claude_code_proxy.errors import Overloaded
from claude_code_proxy.server.access.concurrency import ConcurrencyLimiter


def limiter(most: int = 1, queued: int = 10, queue_seconds: float = 5.0) -> ConcurrencyLimiter:
    return ConcurrencyLimiter(most, queued=queued, queue_seconds=queue_seconds)


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_up_to_the_limit_nobody_waits() -> None:
    check_head = limiter(most=3)
    assert [check_head.try_enter() for _ in range(4)] == [True, True, True, False]
    assert (check_head.inside, check_head.waiting) == (3, 0)
    check_head.leave()
    assert check_head.try_enter()


async def test_new_limits_hold_at_once_and_turn_nobody_away() -> None:
    check_head = limiter(most=1)
    assert check_head.try_enter()
    waiting = [asyncio.create_task(check_head.enter()) for _ in range(3)]
    await settle()
    check_head.use(3, queued=0, queue_seconds=5.0)
    await settle()
    assert (check_head.inside, check_head.waiting) == (3, 1)
    with pytest.raises(Overloaded):
        await check_head.enter()
    check_head.use(1, queued=10, queue_seconds=5.0)
    check_head.leave()
    check_head.leave()
    assert (check_head.inside, check_head.waiting) == (1, 1), "too many were inside, so nobody follows them"
    check_head.leave()
    await asyncio.wait_for(asyncio.gather(*waiting), 5)
    assert (check_head.inside, check_head.waiting) == (1, 0)


async def test_first_come_first_served() -> None:
    check_head = limiter()
    assert check_head.try_enter()
    entered: list[int] = []

    async def visit(number: int) -> None:
        await check_head.enter()
        entered.append(number)
        await asyncio.sleep(0)
        check_head.leave()

    visits = [asyncio.create_task(visit(number)) for number in range(8)]
    await settle()
    assert (entered, check_head.waiting) == ([], 8)
    check_head.leave()
    await asyncio.gather(*visits)
    assert entered == list(range(8))
    assert (check_head.inside, check_head.waiting) == (0, 0)


async def test_a_newcomer_does_not_overtake_the_queue() -> None:
    check_head = limiter()
    await check_head.enter()
    waiting = asyncio.create_task(check_head.enter())
    await settle()
    check_head.leave()  # the place is the waiting one's, though it has not run yet
    assert not check_head.try_enter()
    await waiting
    assert check_head.inside == 1


async def test_a_full_queue_is_an_honest_no() -> None:
    refusals: list[None] = []
    check_head = ConcurrencyLimiter(1, queued=1, queue_seconds=5, on_refusal=lambda: refusals.append(None))
    await check_head.enter()
    waiting = asyncio.create_task(check_head.enter())
    await settle()
    with pytest.raises(Overloaded) as caught:
        await check_head.enter()
    reply = to_openai_error(caught.value)
    assert (reply.status, reply.type, reply.code, reply.retry_after) == (
        429,
        "rate_limit_error",
        "rate_limit_exceeded",
        1.0,
    )
    assert "MAX_CONCURRENT" in reply.message
    assert len(refusals) == 1
    check_head.leave()
    await waiting


async def test_no_queue_at_all() -> None:
    check_head = limiter(queued=0)
    await check_head.enter()
    with pytest.raises(Overloaded):
        await check_head.enter()
    check_head.leave()
    await check_head.enter()


@pytest.mark.parametrize("seconds", [0.0, 0.02])
async def test_a_wait_that_is_too_long(seconds: float) -> None:
    check_head = limiter(queue_seconds=seconds)
    await check_head.enter()
    with pytest.raises(Overloaded):
        await check_head.enter()
    assert (check_head.inside, check_head.waiting) == (1, 0)
    check_head.leave()
    assert check_head.inside == 0


async def test_whoever_leaves_the_queue_is_passed_over() -> None:
    check_head = limiter()
    await check_head.enter()
    first, second, third = (asyncio.create_task(check_head.enter()) for _ in range(3))
    await settle()
    second.cancel()
    check_head.leave()
    await first
    check_head.leave()
    await third
    assert second.cancelled()
    assert (check_head.inside, check_head.waiting) == (1, 0)


async def test_giving_up_in_the_moment_of_the_turn_passes_it_on() -> None:
    check_head = limiter()
    await check_head.enter()
    first, second = asyncio.create_task(check_head.enter()), asyncio.create_task(check_head.enter())
    await settle()
    check_head.leave()  # the turn is the first's,
    first.cancel()  # who has not noticed
    await second
    assert first.cancelled()
    assert (check_head.inside, check_head.waiting) == (1, 0)


async def test_a_turn_in_the_moment_of_giving_up_is_not_lost() -> None:
    check_head = limiter()
    await check_head.enter()
    first, second = asyncio.create_task(check_head.enter()), asyncio.create_task(check_head.enter())
    await settle()
    first.cancel()  # given up, but still in the queue
    check_head.leave()
    await second
    with pytest.raises(asyncio.CancelledError):
        await first
    assert (check_head.inside, check_head.waiting) == (1, 0)


@pytest.mark.parametrize("seed", range(20))
async def test_whatever_happens_places_are_neither_lost_nor_given_twice(seed: int) -> None:
    chance = random.Random(seed)
    check_head = ConcurrencyLimiter(3, queued=5, queue_seconds=0.004)
    inside = most = refused = 0

    async def visit() -> None:
        nonlocal inside, most, refused
        await asyncio.sleep(chance.random() * 0.02)
        try:
            await check_head.enter()
        except Overloaded:
            refused += 1
            return
        inside += 1
        most = max(most, inside)
        try:
            await asyncio.sleep(chance.random() * 0.003)
        finally:
            inside -= 1
            check_head.leave()

    visits = [asyncio.create_task(visit()) for _ in range(100)]
    for _ in range(30):
        await asyncio.sleep(chance.random() * 0.001)
        chance.choice(visits).cancel()
    await asyncio.gather(*visits, return_exceptions=True)
    assert (check_head.inside, check_head.waiting, inside) == (0, 0, 0)
    assert most == 3
    assert refused > 0
