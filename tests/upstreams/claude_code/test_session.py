"""What one answer brings, and what a session can be asked next; the rest is in test_claude_code.py."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from claude_code_proxy import messages
from claude_code_proxy.errors import UpstreamBroke
from claude_code_proxy.upstreams.claude_code.conversation import split
from claude_code_proxy.upstreams.claude_code.launch import Launch, to_launch
from claude_code_proxy.upstreams.claude_code.process import OnCall, ProcessReport, Start
from claude_code_proxy.upstreams.claude_code.session import Session, SessionTurn
from tests.upstreams.claude_code.scripted import (
    ScriptedProcess,
    Starter,
    answer,
    assistant,
    calls,
    request,
    result,
    tool,
    user,
)


async def begun(start: Start, *, tools: tuple[messages.Tool, ...] = ()) -> tuple[Session, SessionTurn]:
    session = Session(to_launch(request(user("x"), tools=tools)), on_end=lambda _: None, now=lambda: 0.0)
    turn = SessionTurn(lambda _: None)
    await session.begin(split([user("x")]), turn, start=start)
    return session, turn


async def everything(turn: SessionTurn) -> list[messages.Event]:
    events: list[messages.Event] = []
    while (batch := await turn.events()) is not None:
        events += batch
    return events


async def test_all_that_has_come_is_given_at_once() -> None:
    session, turn = await begun(Starter(lambda process: process.say(*answer("Hello"))))
    await asyncio.sleep(0.01)
    assert len(await turn.events() or ()) == len(answer("Hello")) - 1
    assert await turn.events() is None
    await session.close()


async def test_an_error_comes_after_what_came_before_it() -> None:
    turn = SessionTurn(lambda _: None)
    turn.feed(messages.Ping())
    turn.fail(UpstreamBroke("gone"))
    assert await turn.events() == [messages.Ping()]
    with pytest.raises(UpstreamBroke):
        await turn.events()


MANY = 1000


class Talkative(ScriptedProcess):
    """Says one thing after another; `heard_of` is how much of it was taken."""

    heard_of = 0

    async def reports(self) -> AsyncIterator[Sequence[ProcessReport]]:
        async for batch in super().reports():
            for each in batch:
                self.heard_of += 1
                yield (each,)


def talkative(made: list[Talkative]) -> Start:
    async def start(launch: Launch, past: Sequence[messages.InputMessage], *, on_call: OnCall) -> Talkative:
        process = Talkative(launch, past, on_call)
        first, *rest = answer("Hello")
        process.say(first, *[messages.Ping()] * MANY, *rest)
        made.append(process)
        return process

    return start


async def test_a_slow_client_holds_back_the_process() -> None:
    made: list[Talkative] = []
    session, turn = await begun(talkative(made))
    await asyncio.sleep(0.05)
    assert made[0].heard_of < 100
    assert len(await everything(turn)) > MANY
    await session.close()


async def test_a_slow_client_that_leaves_holds_back_nothing() -> None:
    made: list[Talkative] = []
    session, _ = await begun(talkative(made))
    await asyncio.sleep(0.05)
    session.give_up("left")
    async with asyncio.timeout(2):
        await session.close()
    assert made[0].interrupted
    assert made[0].heard_of > MANY


async def test_a_tool_of_a_reserved_name_is_called_by_its_own() -> None:
    start = Starter(lambda process: process.say(*calls("own_Read")))
    session, turn = await begun(start, tools=(tool("Read"),))
    named = [event.content_block for event in await everything(turn) if isinstance(event, messages.ContentBlockStart)]
    assert [call.name for call in named if isinstance(call, messages.ToolUse)] == ["Read"]
    assert session.state == "parked"
    await session.close()


async def test_what_it_can_be_asked_next() -> None:
    words = split([user("x"), assistant(messages.Text("ok")), user("y")])
    back = split([user("x"), assistant(), messages.InputMessage("user", (result("toolu_a"),))])
    session, turn = await begun(Starter(lambda process: process.say(*answer("ok"))))
    assert not session.can_resume(words)
    await everything(turn)
    assert session.can_resume(words)
    assert not session.can_resume(back)
    await session.close()
    assert not session.can_resume(words)
    parked, turn = await begun(Starter(lambda process: process.say(*calls("a"))), tools=(tool("a"),))
    await everything(turn)
    assert parked.can_resume(back)
    assert not parked.can_resume(words)
    await parked.close()


async def test_a_result_may_come_before_the_call_is_waited_for() -> None:
    start = Starter(lambda process: process.say(*calls("a")))
    session, turn = await begun(start, tools=(tool("a"),))
    await everything(turn)
    back = split([user("x"), assistant(), messages.InputMessage("user", (result("toolu_a"),))])
    await session.resume(back, SessionTurn(lambda _: None))
    assert await start.processes[0].on_call("toolu_a") == result("toolu_a")
    await session.close()


async def test_a_process_that_nobody_waits_for_any_more_is_let_go() -> None:
    ended: list[Session] = []
    session = Session(to_launch(request(user("x"))), on_end=ended.append, now=lambda: 0.0)
    started: list[ScriptedProcess] = []
    go = asyncio.Event()

    async def start(launch: Launch, past: Sequence[messages.InputMessage], *, on_call: OnCall) -> ScriptedProcess:
        await go.wait()
        started.append(ScriptedProcess(launch, past, on_call))
        return started[0]

    waiting = asyncio.create_task(session.begin(split([user("x")]), SessionTurn(lambda _: None), start=start))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait((waiting,))
    assert (session.state, ended) == ("gone", [])
    go.set()
    await session.close()
    assert (started[0].closed, ended) == (True, [session])


class Unclosable(ScriptedProcess):
    """Closing it fails, and what it says does not end."""

    async def close(self) -> None:
        raise OSError("made-up words of a request")

    def kill(self) -> None:
        self.killed = True


@pytest.mark.parametrize("left_early", [False, True])
async def test_a_process_that_cannot_be_closed_is_killed_and_no_more(
    caplog: pytest.LogCaptureFixture, *, left_early: bool
) -> None:
    ended: list[Session] = []
    session = Session(to_launch(request(user("x"))), on_end=ended.append, now=lambda: 0.0)
    started: list[Unclosable] = []

    async def start(launch: Launch, past: Sequence[messages.InputMessage], *, on_call: OnCall) -> ScriptedProcess:
        started.append(Unclosable(launch, past, on_call))
        await asyncio.sleep(0.01)
        return started[0]

    waiting = asyncio.create_task(session.begin(split([user("x")]), SessionTurn(lambda _: None), start=start))
    await asyncio.sleep(0 if left_early else 0.05)
    if left_early:
        waiting.cancel()
    await asyncio.wait((waiting,))
    async with asyncio.timeout(2):
        await session.close()
    assert (started[0].killed, ended) == (True, [session])
    assert "OSError" in caplog.text
    assert "made-up" not in caplog.text


async def test_a_start_that_fails_in_a_way_nobody_knows_is_an_end_too() -> None:
    ended: list[Session] = []
    session = Session(to_launch(request(user("x"))), on_end=ended.append, now=lambda: 0.0)

    async def start(launch: Launch, past: Sequence[messages.InputMessage], *, on_call: OnCall) -> ScriptedProcess:
        raise NotADirectoryError

    with pytest.raises(NotADirectoryError):
        await session.begin(split([user("x")]), SessionTurn(lambda _: None), start=start)
    await session.close()
    assert ended == [session]
