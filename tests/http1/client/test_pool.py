"""Turns: who gets a connection or a slot, and that none is lost, whatever happens to those in line."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_code_proxy.http1.client.pool import ConnectionPool


def filled(limit: int) -> ConnectionPool[str]:
    pool: ConnectionPool[str] = ConnectionPool(limit)
    for _ in range(limit):
        assert pool.reserve()
    return pool


async def in_line(pool: ConnectionPool[str]) -> "asyncio.Task[str | None]":
    loop = asyncio.get_running_loop()
    task = loop.create_task(pool.turn(loop))
    await asyncio.sleep(0)
    return task


def test_there_are_as_many_slots_as_allowed() -> None:
    pool: ConnectionPool[str] = ConnectionPool(2)
    assert [pool.reserve(), pool.reserve(), pool.reserve()] == [True, True, False]
    pool.free()
    assert pool.reserve()


def test_a_resting_connection_keeps_its_slot() -> None:
    pool = filled(1)
    pool.give("a")
    assert (pool.held, pool.resting, pool.reserve()) == (0, 1, False)
    assert pool.newest() == "a"
    assert (pool.held, pool.resting, pool.newest()) == (1, 0, None)


def test_the_newest_comes_first() -> None:
    pool = filled(3)
    for name in "abc":
        pool.give(name)
    assert [pool.newest() for _ in range(4)] == ["c", "b", "a", None]


def test_a_lost_connection_that_rested_frees_its_slot() -> None:
    pool = filled(1)
    pool.give("a")
    pool.forget("a")
    assert (pool.held, pool.resting, pool.reserve()) == (0, 0, True)


def test_a_lost_connection_in_use_leaves_the_slot_with_its_user() -> None:
    pool = filled(1)
    pool.forget("a")
    assert (pool.held, pool.reserve()) == (1, False)


async def test_turns_come_in_order_of_arrival() -> None:
    pool = filled(1)
    first, second, third = [await in_line(pool) for _ in range(3)]
    pool.give("a")
    assert await first == "a"
    pool.free()
    assert await second is None
    assert (pool.held, pool.resting, pool.waiting, third.done()) == (1, 0, 1, False)
    pool.give("b")
    assert await third == "b"


async def test_who_has_left_the_line_is_passed_over() -> None:
    pool = filled(1)
    first, second = [await in_line(pool) for _ in range(2)]
    first.cancel()  # it has not run since: its ticket is still there
    pool.give("a")
    assert await second == "a"
    with pytest.raises(asyncio.CancelledError):
        await first
    assert (pool.held, pool.resting, pool.waiting) == (1, 0, 0)


@pytest.mark.parametrize("turn", ["a", None])
async def test_who_leaves_in_the_moment_of_its_turn_hands_it_back(turn: str | None) -> None:
    pool = filled(1)
    first, second = [await in_line(pool) for _ in range(2)]
    if turn is None:
        pool.free()
    else:
        pool.give(turn)
    first.cancel()
    assert await second == turn
    with pytest.raises(asyncio.CancelledError):
        await first
    assert (pool.held, pool.waiting) == (1, 0)


async def test_when_the_last_in_line_leaves_the_slot_is_free() -> None:
    pool = filled(1)
    only = await in_line(pool)
    pool.free()
    only.cancel()
    with pytest.raises(asyncio.CancelledError):
        await only
    assert (pool.held, pool.resting, pool.waiting, pool.reserve()) == (0, 0, 0, True)


async def test_all_in_line_are_sent_away_with_errors_of_their_own() -> None:
    pool = filled(1)
    first, second, third = [await in_line(pool) for _ in range(3)]
    second.cancel()
    pool.dismiss(lambda: OSError("closed"))
    results = await asyncio.gather(first, second, third, return_exceptions=True)
    assert [type(result) for result in results] == [OSError, asyncio.CancelledError, OSError]
    assert results[0] is not results[2]
    assert (pool.held, pool.waiting) == (1, 0)


async def test_who_is_sent_away_while_leaving_leaves() -> None:
    pool = filled(1)
    only = await in_line(pool)
    pool.dismiss(lambda: OSError("closed"))
    only.cancel()
    with pytest.raises(asyncio.CancelledError):
        await only
    assert pool.held == 1


class Crowd:
    """Clients of a pool that do what they are told; knows what the pool should say."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.pool: ConnectionPool[int] = ConnectionPool(limit)
        self.holding: list[int] = []
        self.line: list[asyncio.Task[int | None]] = []
        self.made = 0

    async def step(self, what: str, which: int) -> None:
        if what == "come":
            self.line.append(asyncio.create_task(self._ask()))
        elif what == "leave" and self.line:
            self.line[which % len(self.line)].cancel()
        elif what in {"give", "close"} and self.holding:
            self._end(what, self.holding.pop(which % len(self.holding)))
        elif what == "lose":
            self._lose()
        else:
            await asyncio.sleep(0)
        await self._collect()

    async def _ask(self) -> int | None:
        connection = self.pool.newest()
        if connection is not None or self.pool.reserve():
            return connection
        return await self.pool.turn(asyncio.get_running_loop())

    def _make(self) -> None:
        self.made += 1
        self.holding.append(self.made)

    def _end(self, what: str, connection: int) -> None:
        if what == "give":
            self.pool.give(connection)
        else:
            self.pool.free()

    def _lose(self) -> None:
        for connection in list(self.pool._resting)[:1]:
            self.pool.forget(connection)

    async def _collect(self) -> None:
        for task in [task for task in self.line if task.done()]:
            self.line.remove(task)
            if not task.cancelled():
                connection = task.result()
                if connection is None:
                    self._make()
                else:
                    self.holding.append(connection)

    async def settle(self) -> None:
        for _ in range(3):
            await asyncio.sleep(0)
            await self._collect()


STEPS = st.tuples(st.sampled_from(["come", "come", "leave", "give", "close", "lose", "wait"]), st.integers(0, 9))


@given(limit=st.integers(1, 3), steps=st.lists(STEPS, max_size=40))
def test_no_slot_is_ever_lost_or_given_twice(limit: int, steps: list[tuple[str, int]]) -> None:
    async def play() -> None:
        crowd = Crowd(limit)
        for what, which in steps:
            await crowd.step(what, which)
            assert crowd.pool.held + crowd.pool.resting <= limit
        await crowd.settle()
        assert len(set(crowd.holding)) == len(crowd.holding) == crowd.pool.held
        assert crowd.pool.waiting == len(crowd.line)
        if crowd.line:
            assert (crowd.pool.held, crowd.pool.resting) == (limit, 0)
        for task in crowd.line:
            task.cancel()
        await asyncio.gather(*crowd.line, return_exceptions=True)

    asyncio.run(play())
