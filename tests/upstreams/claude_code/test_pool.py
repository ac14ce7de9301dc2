"""How many conversations have a process, which gives way, and for how long one is kept."""

import asyncio
from collections.abc import Sequence

import pytest

from claude_code_proxy import messages
from claude_code_proxy.errors import Overloaded
from claude_code_proxy.upstreams.claude_code.conversation import split
from claude_code_proxy.upstreams.claude_code.launch import Launch, to_launch
from claude_code_proxy.upstreams.claude_code.pool import SessionPool
from claude_code_proxy.upstreams.claude_code.process import OnCall, Start
from claude_code_proxy.upstreams.claude_code.session import Session, SessionTurn
from tests.upstreams.claude_code.scripted import ScriptedProcess, Starter, answer, request, user

LAUNCH = to_launch(request(user("x")))
ASKED = split([user("x")])


def pool(most: int = 2, idle_seconds: float = 60.0) -> SessionPool:
    return SessionPool(most, idle_seconds=idle_seconds, queue_seconds=0.05, now=lambda: 0.0)


SAYS_OK = Starter(lambda process: process.say(*answer("ok")))


async def answered(kept: SessionPool, key: bytes, start: Start = SAYS_OK) -> Session:
    """Return a session that has given an answer and waits under `key`."""
    session = await kept.new(LAUNCH)
    done = asyncio.Event()

    def on_message(_: object) -> None:
        kept.keep(session, key)
        done.set()

    await session.begin(ASKED, SessionTurn(on_message), start=start)
    await done.wait()
    return session


async def test_a_conversation_is_found_once() -> None:
    kept = pool()
    session = await answered(kept, b"a")
    assert kept.find(b"b", ASKED) is None
    assert kept.find(b"a", ASKED) is session
    assert kept.find(b"a", ASKED) is None
    await kept.close()
    assert len(kept) == 0
    assert (kept.started, kept.ended) == (1, {"shutdown": 1})


async def test_the_one_that_waited_longest_gives_way() -> None:
    kept = pool()
    await answered(kept, b"a")
    second = await answered(kept, b"b")
    await answered(kept, b"c")
    assert (len(kept), kept.find(b"a", ASKED), kept.find(b"b", ASKED)) == (2, None, second)
    assert (kept.started, kept.ended) == (3, {"room": 1})
    await kept.close()


async def test_one_that_is_being_answered_never_does() -> None:
    kept = pool(1)
    session = await kept.new(LAUNCH)
    with pytest.raises(Overloaded, match="CLAUDE_CODE_PROCESSES"):
        await kept.new(LAUNCH)
    await session.close()
    await kept.new(LAUNCH)
    await kept.close()


async def test_a_place_is_waited_for() -> None:
    kept = SessionPool(1, idle_seconds=60, queue_seconds=5, now=lambda: 0.0)
    first = await kept.new(LAUNCH)
    waiting = asyncio.create_task(kept.new(LAUNCH))
    await asyncio.sleep(0.01)
    turn = SessionTurn(lambda _: kept.keep(first, b"a"))
    await first.begin(ASKED, turn, start=SAYS_OK)
    assert await waiting is not first
    await kept.close()


async def test_one_gives_way_for_one_however_long_it_takes_to_close() -> None:
    class Slow(ScriptedProcess):
        async def close(self) -> None:
            await closing.wait()
            await super().close()

    async def start_slow(launch: Launch, past: Sequence[messages.InputMessage], *, on_call: OnCall) -> Slow:
        process = Slow(launch, past, on_call)
        process.say(*answer("ok"))
        return process

    closing = asyncio.Event()
    kept = SessionPool(2, idle_seconds=60, queue_seconds=5, now=lambda: 0.0)
    await answered(kept, b"a", start_slow)
    second = await kept.new(LAUNCH)
    waiting = asyncio.create_task(kept.new(LAUNCH))
    await asyncio.sleep(0.01)  # the first gives way, and takes its time
    turn = SessionTurn(lambda _: kept.keep(second, b"b"))
    await second.begin(ASKED, turn, start=SAYS_OK)
    await asyncio.sleep(0.01)
    closing.set()
    await waiting
    assert (kept.find(b"b", ASKED), kept.ended) == (second, {"room": 1})
    await kept.close()


async def test_two_give_way_for_two() -> None:
    kept = pool()
    await answered(kept, b"a")
    await answered(kept, b"b")
    await asyncio.gather(kept.new(LAUNCH), kept.new(LAUNCH))
    assert kept.ended == {"room": 2}
    await kept.close()


async def test_one_that_rests_is_let_go() -> None:
    kept = pool(idle_seconds=0.02)
    await answered(kept, b"a")
    async with asyncio.timeout(2):
        while len(kept):
            await asyncio.sleep(0.01)
    assert kept.find(b"a", ASKED) is None
    assert kept.ended == {"idle": 1}
