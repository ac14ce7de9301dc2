"""Which process a request goes to, and what happens when one fails: with processes that say what they are told to."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from claude_code_proxy import messages
from claude_code_proxy.credentials.credential import Credential
from claude_code_proxy.errors import Unauthenticated, UpstreamBroke, UpstreamRejected, UpstreamTimeout
from claude_code_proxy.secret import Secret
from claude_code_proxy.upstreams.claude_code.claude_code import ClaudeCode
from claude_code_proxy.upstreams.claude_code.failures import Failure
from claude_code_proxy.upstreams.claude_code.launch import Launch
from claude_code_proxy.upstreams.claude_code.pool import SessionPool
from claude_code_proxy.upstreams.claude_code.process import OnCall, ProcessReport, Start
from claude_code_proxy.upstreams.upstream import Call
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

HISTORY = (user("One"), assistant(messages.Text("Two")), user("Three"))
ONCE = Call(retries=0)
EXPIRES = 1_795_000_000.0


class Owner:
    """A login, and how often it was asked to be fresh."""

    def __init__(self, *, there: bool = True) -> None:
        self.there = there
        self.asked = 0
        self.unreadable = False  # the file, at this moment
        self.another = False  # whether there is one after a refusal
        self.refused: list[Credential] = []

    def resolve(self) -> Credential:
        if not self.there:
            raise Unauthenticated("nobody is signed in")
        return Credential("login", Secret("sk-ant-test"), "a file", EXPIRES)

    async def fresh(self) -> bool:
        self.asked += 1
        return True

    def half_written(self) -> bool:
        return self.unreadable

    async def after_refusal(self, refused: Credential) -> bool:
        self.refused.append(refused)
        return self.another


def upstream(start: Start, owner: Owner | None = None, *, seconds: float = 5.0, most: int = 4) -> ClaudeCode:
    owner = owner or Owner()
    pool = SessionPool(most, idle_seconds=60, queue_seconds=1, now=lambda: 0.0)
    made = ClaudeCode(start, pool, login=owner, renewal=owner, seconds=(seconds, seconds))
    made.pause = lambda _: asyncio.sleep(0)
    made.wall = lambda: EXPIRES - 3600
    return made


def says(text: str) -> Starter:
    return Starter(lambda process: process.say(*answer(text)))


async def test_a_first_question_starts_a_process() -> None:
    start = says("Hello")
    claude = upstream(start)
    message, stats = await claude.create(request(user("Hi")), ONCE)
    assert message.content == (messages.Text("Hello"),)
    assert (start.processes[0].past, start.processes[0].asked, stats.attempts) == (
        (),
        [[{"type": "text", "text": "Hi"}]],
        1,
    )
    await claude.close()
    assert start.processes[0].closed


async def test_the_next_question_goes_to_the_same_process() -> None:
    start = says("Hello")
    claude = upstream(start)
    await claude.create(request(user("Hi")), ONCE)
    start.processes[0].say(*answer("Again"))
    message, _ = await claude.create(request(user("Hi"), assistant(messages.Text("Hello ")), user("More")), ONCE)
    assert message.content == (messages.Text("Again"),)
    assert len(start.processes) == 1
    await claude.close()


@pytest.mark.parametrize(
    "other", [request(user("Hi"), assistant(messages.Text("Other")), user("More")), request(user("Hi"))]
)
async def test_another_conversation_gets_another(other: messages.MessagesRequest) -> None:
    start = says("Hello")
    claude = upstream(start)
    await claude.create(request(user("Hi")), ONCE)
    await claude.create(other, ONCE)
    assert len(start.processes) == 2
    await claude.close()


async def test_a_past_is_told_with_a_login_that_lasts() -> None:
    start, owner = says("Four"), Owner()
    claude = upstream(start, owner)
    await claude.create(request(*HISTORY), ONCE)
    assert start.processes[0].past == HISTORY[:2]
    assert owner.asked == 1
    await claude.close()


async def test_a_process_that_cannot_renew_its_login_is_replaced_before_that_runs_out() -> None:
    start, owner = says("Four"), Owner()
    claude = upstream(start, owner)
    await claude.create(request(*HISTORY), ONCE)
    claude.wall = lambda: EXPIRES - 30
    await claude.create(request(*HISTORY, assistant(messages.Text("Four")), user("Five")), ONCE)
    assert (len(start.processes), owner.asked) == (2, 2)
    await claude.close()


async def test_results_reach_the_calls_that_wait() -> None:
    start = Starter(lambda process: process.say(*calls("a", "b")))
    claude = upstream(start)
    tools = (tool("a"), tool("b"))
    message, _ = await claude.create(request(user("Go"), tools=tools), ONCE)
    assert message.stop_reason == "tool_use"
    process = start.processes[0]
    waiting = [asyncio.ensure_future(process.on_call(f"toolu_{name}")) for name in "ab"]
    back = messages.InputMessage("user", (result("toolu_a", "1"), result("toolu_b", "2")))
    process.say(*answer("Done"))
    await claude.create(request(user("Go"), assistant(*message.content), back, tools=tools), ONCE)
    assert await asyncio.gather(*waiting) == [result("toolu_a", "1"), result("toolu_b", "2")]
    assert len(start.processes) == 1
    await claude.close()


async def test_results_with_words_are_told_to_a_new_one() -> None:
    start = Starter(lambda process: process.say(*calls("a")))
    claude = upstream(start)
    message, _ = await claude.create(request(user("Go"), tools=(tool("a"),)), ONCE)
    back = messages.InputMessage("user", (result("toolu_a"), messages.Text("And hurry")))
    await claude.create(request(user("Go"), assistant(*message.content), back, tools=(tool("a"),)), ONCE)
    assert start.processes[1].past[-1] == messages.InputMessage("user", (result("toolu_a"),))
    assert start.processes[1].asked == [[{"type": "text", "text": "And hurry"}]]
    await claude.close()


@pytest.mark.parametrize("reason", ["max_tokens", "model_context_window_exceeded"])
async def test_an_answer_cut_short_ends_its_process(reason: str) -> None:
    start = Starter(lambda process: process.say(*answer("Long", reason)[:-2]))
    claude = upstream(start)
    message, _ = await claude.create(request(user("Go")), ONCE)
    assert (message.stop_reason, start.processes[0].killed) == (reason, True)
    await claude.close()


async def test_a_call_of_a_tool_that_nobody_has_ends_its_process() -> None:
    start = Starter(lambda process: process.say(*calls("strange")))
    claude = upstream(start)
    message, _ = await claude.create(request(user("Go"), tools=(tool("a"),)), ONCE)
    assert message.stop_reason == "tool_use"
    assert start.processes[0].killed
    await claude.close()


async def test_an_answer_that_nobody_asked_for_is_cut_off() -> None:
    start = says("Hello")
    claude = upstream(start)
    await claude.create(request(user("Hi")), ONCE)
    start.processes[0].say(*answer("By the way"))
    await asyncio.sleep(0.01)
    assert start.processes[0].killed
    await claude.close()


async def test_a_refusal_before_the_first_event_is_tried_again_or_told() -> None:
    answers: list[list[ProcessReport]] = [[Failure("API Error: 529 Busy")], answer("Hello")]
    start = Starter(lambda process: process.say(*answers.pop(0)))
    claude = upstream(start)
    message, stats = await claude.create(request(user("Hi")), Call(retries=1))
    assert (message.content, stats.attempts) == ((messages.Text("Hello"),), 2)
    answers = [[Failure("API Error: 400 Bad")]]
    with pytest.raises(UpstreamRejected, match="Bad") as caught:
        await claude.create(request(user("Hi")), Call(retries=1))
    assert caught.value.attempts == 1
    await claude.close()


@pytest.mark.parametrize("begun", [False, True])
async def test_a_login_that_the_service_echoes_is_masked(*, begun: bool) -> None:
    failure = Failure("API Error: 400 bad sk-ant-test")
    start = Starter(lambda process: process.say(*answer("Hello")[: 3 if begun else 0], failure))
    claude = upstream(start)
    with pytest.raises(UpstreamRejected) as caught:
        await claude.create(request(user("Hi")), Call())
    assert caught.value.message == "bad ****"
    await claude.close()


async def test_when_the_attempts_are_spent_the_client_need_not_try() -> None:
    start = Starter(lambda process: process.say(Failure("API Error: 529 Busy")))
    claude = upstream(start)
    with pytest.raises(UpstreamRejected) as caught:
        await claude.create(request(user("Hi")), Call(retries=1))
    assert (caught.value.attempts, caught.value.should_retry, len(start.processes)) == (2, False, 2)
    await claude.close()


async def test_what_has_begun_is_billed_and_not_made_again() -> None:
    class Gone(ScriptedProcess):
        async def send(self, prompt: list[dict[str, Any]]) -> None:
            await asyncio.sleep(0.01)
            raise ConnectionError

    made: list[Gone] = []

    async def start(launch: Launch, past: Sequence[messages.InputMessage], *, on_call: OnCall) -> Gone:
        made.append(Gone(launch, past, on_call))
        made[-1].say(*answer("Hello")[:2])
        return made[-1]

    claude = upstream(start)
    with pytest.raises(UpstreamBroke):
        await claude.create(request(user("Hi")), Call(retries=3))
    assert len(made) == 1
    await claude.close()


async def test_a_process_that_dies_before_it_answers_is_replaced() -> None:
    first = True

    def begin(process: ScriptedProcess) -> None:
        nonlocal first
        process.say(*answer("Hello")) if not first else process.die()
        first = False

    claude = upstream(Starter(begin))
    message, stats = await claude.create(request(user("Hi")), Call(retries=1))
    assert (message.content, stats.attempts) == ((messages.Text("Hello"),), 2)
    await claude.close()


async def test_a_process_that_dies_in_the_middle_is_an_error() -> None:
    def begin(process: ScriptedProcess) -> None:
        process.say(*answer("Hello")[:2])
        process.die()

    claude = upstream(Starter(begin))
    with pytest.raises(UpstreamBroke):
        await claude.create(request(user("Hi")), Call(retries=3))
    await claude.close()


async def test_a_client_that_leaves_stops_the_answer() -> None:
    start = Starter(lambda process: process.say(*answer("Hello")[:2]))
    claude = upstream(start)
    stream = await claude.stream(request(user("Hi")), ONCE)
    stream.close()
    await claude.close()
    assert start.processes[0].interrupted
    assert start.processes[0].closed


async def test_silence_has_an_end() -> None:
    claude = upstream(Starter(), seconds=0.05)
    with pytest.raises(UpstreamTimeout):
        await claude.create(request(user("Hi")), ONCE)
    late = upstream(Starter(lambda process: process.say(*answer("Hello")[:2])), seconds=0.05)
    with pytest.raises(UpstreamBroke, match="sent nothing"):
        await late.create(request(user("Hi")), ONCE)
    whole = upstream(Starter(lambda process: process.say(*answer("Hello")[:2])))
    deadline = asyncio.get_running_loop().time() + 0.05
    with pytest.raises(UpstreamTimeout, match="complete"):
        await whole.create(request(user("Hi")), Call(retries=0, deadline=deadline))
    for each in (claude, late, whole):
        await each.close()


async def test_without_a_login_nothing_is_started() -> None:
    start = Starter()
    claude = upstream(start, Owner(there=False))
    with pytest.raises(Unauthenticated):
        await claude.create(request(user("Hi")), ONCE)
    assert start.processes == []


async def test_a_login_that_is_lost_meanwhile_costs_no_place() -> None:
    class Losing(Owner):
        async def fresh(self) -> bool:
            self.there = self.asked > 0
            return await super().fresh()

    owner = Losing()
    claude = upstream(says("Four"), owner, most=1)
    with pytest.raises(Unauthenticated):
        await claude.create(request(*HISTORY), ONCE)
    owner.there = True
    message, _ = await claude.create(request(*HISTORY), ONCE)
    assert message.content == (messages.Text("Four"),)
    await claude.close()


REFUSED = Failure("API Error: 401 Invalid bearer token", "authentication_failed")


def refuses_first(starts: list[ScriptedProcess]) -> Starter:
    def begun(process: ScriptedProcess) -> None:
        starts.append(process)
        process.say(*([REFUSED] if len(starts) == 1 else answer("Hello")))

    return Starter(begun)


async def test_a_conversation_that_was_told_is_told_again_when_there_is_another_login() -> None:
    owner = Owner()
    owner.another = True
    claude = upstream(refuses_first([]), owner)
    message, stats = await claude.create(request(*HISTORY), Call(retries=2))
    assert (message.content, stats.attempts, len(owner.refused)) == ((messages.Text("Hello"),), 2, 1)
    await claude.close()


async def test_a_conversation_that_was_told_says_why_its_login_cannot_be_renewed() -> None:
    owner = Owner()
    claude = upstream(refuses_first([]), owner)
    with pytest.raises(UpstreamRejected) as caught:
        await claude.create(request(*HISTORY), Call(retries=2))
    assert "Start a new conversation" in caught.value.message
    assert (caught.value.status, caught.value.attempts, len(owner.refused)) == (401, 1, 1)
    await claude.close()


async def test_a_conversation_that_begins_has_tried_to_renew_its_login_itself() -> None:
    owner = Owner()
    owner.another = True
    claude = upstream(refuses_first([]), owner)
    with pytest.raises(UpstreamRejected) as caught:
        await claude.create(request(user("Hi")), Call(retries=2))
    assert (caught.value.status, owner.refused) == (401, [])
    await claude.close()


async def test_a_login_that_is_half_written_is_waited_for() -> None:
    owner = Owner()
    owner.unreadable = True
    claude = upstream(refuses_first([]), owner)
    waits: list[float] = []

    async def pause(seconds: float) -> None:
        waits.append(seconds)

    claude.pause = pause
    message, stats = await claude.create(request(user("Hi")), Call(retries=2))
    assert (message.content, stats.attempts, waits) == ((messages.Text("Hello"),), 2, [1.0])
    with pytest.raises(UpstreamRejected) as caught:
        await upstream(Starter(lambda process: process.say(REFUSED)), owner).create(request(user("Hi")), ONCE)
    assert "probably being written" in caught.value.message
    await claude.close()
