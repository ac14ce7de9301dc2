"""The pulse, by a clock that the tests turn; and the comments that it makes, in real streams."""

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, cast

import pytest

from claude_code_proxy.server.exchange.reply.keep_alive import KeepAliveTimer
from tests.server.running import ASKED, eventually, running
from tests.server.scripted_upstream import (
    LAST_CHUNK,
    STREAM_HEAD,
    Call,
    ScriptedUpstream,
    chunk,
    end,
    frames,
    refusal,
    start,
    text,
    text_start,
    whole,
)

SECONDS = 0.2  # where the time is real: nothing below depends on how late the machine is
COMMENT = b": keep-alive"


class Loop:
    """The clock and the timers of an event loop, whose time passes only in `run`."""

    def __init__(self) -> None:
        self._now = 1000.0
        self._timers: list[tuple[float, int, partial[None]]] = []
        self._order = itertools.count()

    def time(self) -> float:
        return self._now

    def call_later(self, delay: float, callback: Callable[..., None], *arguments: Any) -> object:
        return self.call_at(self._now + delay, callback, *arguments)

    def call_at(self, when: float, callback: Callable[..., None], *arguments: Any) -> object:
        timer = (when, next(self._order), partial(callback, *arguments))
        heapq.heappush(self._timers, timer)
        return timer

    @property
    def idle(self) -> bool:
        return not self._timers

    def run(self, seconds: float) -> None:
        """Like a real loop, it goes on when a callback has failed."""
        end = self._now + seconds
        while self._timers and self._timers[0][0] <= end:
            self._now, _, callback = heapq.heappop(self._timers)
            with suppress(RuntimeError):
                callback()
        self._now = end


def keep_alive(loop: Loop, seconds: float = 10.0) -> KeepAliveTimer:
    return KeepAliveTimer(cast("asyncio.AbstractEventLoop", loop), seconds)


@pytest.mark.parametrize("delay", [0.0, 0.7, 1.3, 2.4, 2.5, 9.9])
def test_before_the_first_write_silence_is_told_exactly_in_time(delay: float) -> None:
    loop, times = Loop(), list[float]()
    shared = keep_alive(loop)
    shared.join(lambda: None)  # so that the timer runs already
    loop.run(delay)
    begun = loop.time()
    stream = shared.join(lambda: times.append(loop.time() - begun))
    loop.run(15)
    shared.leave(stream)
    assert times == [pytest.approx(10.0)]


@pytest.mark.parametrize("delay", [0.1, 2.4, 2.6, 6.0, 9.5])
def test_after_a_write_it_is_told_no_later_and_at_most_a_beat_earlier(delay: float) -> None:
    loop, times = Loop(), list[float]()
    shared = keep_alive(loop)
    stream = shared.join(lambda: times.append(loop.time()))
    loop.run(delay)
    stream.flowing = True
    written = loop.time()
    loop.run(11)
    shared.leave(stream)
    assert len(times) == 1
    assert 7.5 <= times[0] - written <= 10.0


def test_it_is_told_again_and_again() -> None:
    loop, times = Loop(), list[float]()
    shared = keep_alive(loop)
    begun = loop.time()
    shared.join(lambda: times.append(loop.time() - begun))
    loop.run(45)
    assert times == pytest.approx([10.0, 20.0, 30.0, 40.0])


def test_a_stream_that_flows_is_left_alone() -> None:
    loop, times = Loop(), list[float]()
    shared = keep_alive(loop)
    stream = shared.join(lambda: times.append(loop.time()))
    for _ in range(30):
        loop.run(1)
        stream.flowing = True
    assert times == []


def test_whoever_has_left_is_told_nothing_and_the_timer_stops() -> None:
    loop, times = Loop(), list[float]()
    shared = keep_alive(loop)
    stream = shared.join(lambda: times.append(loop.time()))
    assert shared.streams == 1
    shared.leave(stream)
    shared.leave(stream)
    assert shared.streams == 0
    loop.run(30)
    assert times == []
    assert loop.idle
    assert shared._timer is None


def test_one_that_leaves_at_the_last_moment_is_told_nothing() -> None:
    loop, times = Loop(), list[float]()
    shared = keep_alive(loop)
    stream = shared.join(lambda: times.append(loop.time()))
    loop.run(9.9)
    shared.leave(stream)
    loop.run(1)
    assert times == []


def test_one_that_fails_does_not_stop_the_others() -> None:
    def fail() -> None:
        raise RuntimeError

    loop, times = Loop(), list[float]()
    shared = keep_alive(loop)
    for on_silence in (fail, lambda: times.append(loop.time()), fail):
        shared.join(on_silence)
    loop.run(45)
    assert len(times) == 4


async def test_on_a_real_loop() -> None:
    times: list[float] = []
    loop = asyncio.get_running_loop()
    shared, begun = KeepAliveTimer(loop, 0.08), loop.time()
    stream = shared.join(lambda: times.append(loop.time()))
    await eventually(lambda: len(times) > 1)
    shared.leave(stream)
    assert times[0] - begun >= 0.079
    await eventually(lambda: shared._timer is None)


def test_never() -> None:
    loop = Loop()
    shared = keep_alive(loop, 0)
    stream = shared.join(lambda: pytest.fail("told"))
    assert (shared.streams, shared._timer, loop.idle) == (1, None, True)
    shared.leave(stream)


async def test_a_stream_that_has_not_begun_is_kept_alive_too(upstream: ScriptedUpstream) -> None:
    async def late(call: Call) -> None:
        await call.send(STREAM_HEAD)
        await asyncio.sleep(0.5)
        await whole_body(call)

    upstream.answers(late)
    async with running(upstream.url, keepalive_seconds=SECONDS) as proxy, proxy.client() as client:
        begun = time.monotonic()
        await client.post({**ASKED, "stream": True})
        reply = await client.reply_head()
        assert time.monotonic() - begun >= SECONDS, "the head waits for the first event or the first comment"
        while (piece := await client.piece(reply)) is not None:
            reply.body += piece
        longest = time.monotonic() - begun
    assert reply.frames[0] == COMMENT
    assert reply.ended
    assert reply.text == "Hello"
    assert 2 <= reply.frames.count(COMMENT) <= longest / SECONDS


async def whole_body(call: Call) -> None:
    await call.events(start(), text_start(), text("Hello"), *end())
    await call.send(LAST_CHUNK)


async def test_silence_within_a_stream(upstream: ScriptedUpstream) -> None:
    async def pausing(call: Call) -> None:
        await call.send(STREAM_HEAD)
        await call.events(start(), text_start(), text("Hel"))
        frame = frames(text("lo"))
        await call.send(chunk(frame[:20]))
        await asyncio.sleep(0.5)  # in the middle of an event
        await call.send(chunk(frame[20:]))
        await asyncio.sleep(0.5)
        await call.events(*end())
        await call.send(LAST_CHUNK)

    upstream.answers(pausing)
    async with running(upstream.url, keepalive_seconds=SECONDS) as proxy:
        begun = time.monotonic()
        reply = await proxy.ask(stream=True)
        longest = time.monotonic() - begun
        await eventually(lambda: proxy.assembly.state.keep_alive.streams == 0)
    assert reply.ended
    assert reply.text == "Hello"
    assert 3 <= reply.frames.count(COMMENT) <= longest / (SECONDS * 0.75)
    assert reply.frames[-1] == b"data: [DONE]"
    assert all(frame == COMMENT or frame.startswith(b"data: ") for frame in reply.frames)


async def test_no_comment_when_it_is_switched_off(upstream: ScriptedUpstream) -> None:
    async def late(call: Call) -> None:
        await asyncio.sleep(0.3)
        await whole()(call)

    upstream.answers(late)
    async with running(upstream.url, keepalive_seconds=0) as proxy:
        reply = await proxy.ask(stream=True)
    assert COMMENT not in reply.body
    assert reply.ended


async def test_an_error_after_the_first_comment_is_a_broken_stream(upstream: ScriptedUpstream) -> None:
    async def late(call: Call) -> None:
        await asyncio.sleep(0.4)
        await refusal(400, "invalid_request_error", "It was wrong all along.")(call)

    upstream.answers(late)
    async with running(upstream.url, keepalive_seconds=SECONDS) as proxy:
        reply = await proxy.ask(stream=True)
        record = await proxy.record()
    assert reply.status == 200
    assert not reply.ended
    assert reply.frames[0] == COMMENT
    assert reply.chunks[-1]["error"]["message"] == "It was wrong all along."
    assert (record.outcome, record.error_kind) == ("broken", "invalid_request_error")


async def test_a_retry_behind_the_comments_is_not_seen(upstream: ScriptedUpstream) -> None:
    async def late(call: Call) -> None:
        await asyncio.sleep(0.3)
        await refusal(529, "overloaded_error", "Overloaded", "retry-after: 0")(call)

    upstream.answers(late, whole())
    async with running(upstream.url, keepalive_seconds=SECONDS) as proxy:
        reply = await proxy.ask(stream=True)
        record = await proxy.record()
    assert reply.ended
    assert reply.frames[-1] == b"data: [DONE]"
    assert (record.outcome, record.attempts) == ("answered", 2)
