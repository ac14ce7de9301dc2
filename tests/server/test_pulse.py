"""The pulse, in real but short time; and the comments that it makes, in real streams."""

import asyncio
import time
from itertools import pairwise

import pytest

from claude_code_proxy.server.pulse import Pulse
from tests.server.running import ASKED, Client, Reply, running
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

SECONDS = 0.2
COMMENT = b": keep-alive"


def pulse(seconds: float = SECONDS) -> Pulse:
    return Pulse(asyncio.get_running_loop(), seconds)


async def test_before_the_first_write_silence_is_told_in_time() -> None:
    told: list[float] = []
    shared = pulse()
    other = shared.join(lambda: None)  # so that the timer runs already
    for delay in (0.0, 0.013, 0.037):
        await asyncio.sleep(delay)
        begun = time.monotonic()
        beat = shared.join(lambda begun=begun: told.append(time.monotonic() - begun))  # type: ignore[misc]
        await asyncio.sleep(SECONDS + 0.08)
        shared.leave(beat)
    shared.leave(other)
    assert len(told) == 3
    assert min(told) >= SECONDS - 0.002
    assert max(told) <= SECONDS + 0.04, "not later than is set, but for what the loop takes"


async def test_after_a_write_it_is_told_no_later_and_not_much_earlier() -> None:
    told: list[float] = []
    shared = pulse()
    for delay in (0.01, 0.06, 0.12, 0.19):
        beat = shared.join(lambda: told.append(time.monotonic()))
        await asyncio.sleep(delay)
        beat.flowing = True
        begun = time.monotonic()
        await asyncio.sleep(SECONDS + 0.05)
        shared.leave(beat)
        told[-1] -= begun
    assert len(told) == 4
    assert min(told) >= SECONDS * 0.75 - 0.01
    assert max(told) <= SECONDS + 0.04


async def test_it_is_told_again_and_again() -> None:
    told: list[float] = []
    shared = pulse(0.08)
    beat = shared.join(lambda: told.append(time.monotonic()))
    await asyncio.sleep(0.5)
    shared.leave(beat)
    assert 4 <= len(told) <= 6
    assert min(later - earlier for earlier, later in pairwise(told)) > 0.06


async def test_a_stream_that_flows_is_left_alone() -> None:
    told: list[None] = []
    shared = pulse(0.1)
    beat = shared.join(lambda: told.append(None))
    for _ in range(30):
        await asyncio.sleep(0.01)
        beat.flowing = True
    assert told == []
    shared.leave(beat)


async def test_whoever_has_left_is_told_nothing_and_the_timer_stops() -> None:
    told: list[None] = []
    shared = pulse(0.04)
    beat = shared.join(lambda: told.append(None))
    assert shared.streams == 1
    shared.leave(beat)
    shared.leave(beat)
    assert shared.streams == 0
    await asyncio.sleep(0.1)
    assert told == []
    assert shared._timer is None


async def test_one_that_fails_does_not_stop_the_others() -> None:
    def fail() -> None:
        raise RuntimeError

    asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)
    told: list[None] = []
    shared = pulse(0.04)
    beats = [shared.join(fail), shared.join(lambda: told.append(None)), shared.join(fail)]
    await asyncio.sleep(0.3)
    for beat in beats:
        shared.leave(beat)
    assert told


async def test_never() -> None:
    shared = pulse(0)
    beat = shared.join(lambda: pytest.fail("told"))
    assert (shared.streams, shared._timer) == (1, None)
    shared.leave(beat)


async def timed(client: Client, reply: Reply) -> list[tuple[float, bytes]]:
    """Every piece of the body with its time, from now to the end."""
    begun = time.monotonic()
    pieces = []
    while (piece := await client.piece(reply)) is not None:
        pieces.append((time.monotonic() - begun, piece))
        reply.body += piece
    return pieces


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
        pieces = await timed(client, reply)
    assert pieces[0][1] == COMMENT + b"\n\n"
    assert reply.ended
    assert reply.text == "Hello"
    assert reply.frames.count(COMMENT) == 2


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
        reply = await proxy.ask(stream=True)
        await asyncio.sleep(0.3)
        assert proxy.assembly.serving.pulse.streams == 0
    assert reply.ended
    assert reply.text == "Hello"
    assert 3 <= reply.frames.count(COMMENT) <= 5
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
