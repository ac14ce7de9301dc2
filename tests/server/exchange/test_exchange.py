"""What holds for every exchange: turns, clients that leave, mistakes, and one record for each."""

import asyncio
import logging
from typing import Any

import pytest

from claude_code_proxy.server.exchange.record import Record
from tests.server.doubles import MistakenUpstream
from tests.server.running import ASKED, CHAT, Running, eventually, head, running
from tests.server.scripted_upstream import (
    Call,
    Script,
    ScriptedUpstream,
    refusal,
    silent,
    whole,
)

BIG = 100_000  # tokens: more than what is asked for in one piece
OVERLOADED = refusal(529, "overloaded_error", "Overloaded", "retry-after: 0")


def after(seconds: float, script: Script) -> Script:
    async def later(call: Call) -> None:
        await asyncio.sleep(seconds)
        await script(call)

    return later


class TestTurns:
    async def test_a_request_too_many_is_told_when_to_come_back(self, upstream: ScriptedUpstream) -> None:
        upstream.answers(silent())
        async with running(upstream.url, max_concurrent=2, max_queued=1, queue_seconds=0.3) as proxy:
            async with proxy.client() as one, proxy.client() as two, proxy.client() as three:
                await one.post(ASKED)
                await two.post({**ASKED, "stream": True})
                await eventually(lambda: len(upstream.calls) == 2)
                await three.post(ASKED)
                await eventually(lambda: proxy.assembly.state.limiter.waiting == 1)
                answer = await proxy.ask()
                assert (answer.status, answer.error["code"]) == (429, "rate_limit_exceeded")
                assert (answer.headers["retry-after"], answer.headers["retry-after-ms"]) == ("1", "1000")
                assert "MAX_CONCURRENT" in answer.error["message"]
                waited = await three.reply()
                assert (waited.status, waited.error["code"]) == (429, "rate_limit_exceeded")
            await eventually(lambda: proxy.assembly.state.limiter.inside == 0)
        assert proxy.assembly.metrics.totals.turned_away == 2
        assert sorted(record.outcome for record in proxy.records) == ["failed", "failed", "left", "left"]

    async def test_whoever_waits_is_served_in_turn(self, upstream: ScriptedUpstream) -> None:
        upstream.answers(after(0.05, whole()))
        async with running(upstream.url, max_concurrent=1) as proxy:
            answers = await asyncio.gather(*(proxy.ask() for _ in range(6)))
        assert {answer.status for answer in answers} == {200}

    async def test_pages_take_no_turn(self, upstream: ScriptedUpstream) -> None:
        upstream.answers(silent())
        async with running(upstream.url, max_concurrent=1, max_queued=0) as proxy, proxy.client() as client:
            await client.post(ASKED)
            await upstream.call()
            assert (await proxy.get("/health")).status == 200
            assert (await proxy.get("/v1/models")).status == 200


class TestLeaving:
    """The client's leaving ends the upstream's work at once."""

    @staticmethod
    async def leaves(proxy: Running, upstream: ScriptedUpstream, **fields: Any) -> Record:
        async with proxy.client() as client:
            await client.post({**ASKED, **fields})
            call = await upstream.call()
            await asyncio.sleep(0.05)
        await asyncio.wait_for(call.gone.wait(), 5)
        return await proxy.record()

    @pytest.mark.parametrize("fields", [{}, {"max_tokens": 10}, {"stream": True}])
    async def test_before_the_first_byte(self, upstream: ScriptedUpstream, fields: dict[str, Any]) -> None:
        upstream.answers(silent())
        async with running(upstream.url) as proxy:
            record = await self.leaves(proxy, upstream, **fields)
        assert (record.status, record.outcome) == (0, "left")
        assert len(proxy.records) == 1

    async def test_of_several_choices_all_are_ended(self, upstream: ScriptedUpstream) -> None:
        upstream.answers(whole(), silent())
        async with running(upstream.url) as proxy:
            async with proxy.client() as client:
                await client.post({**ASKED, "n": 4, "max_tokens": 10})
                await eventually(lambda: len(upstream.calls) == 4)
                await asyncio.sleep(0.05)
            for call in upstream.calls[1:]:
                await asyncio.wait_for(call.gone.wait(), 5)
            assert (await proxy.record()).outcome == "left"

    async def test_while_it_waits_to_try_again(self, upstream: ScriptedUpstream) -> None:
        upstream.answers(refusal(429, "rate_limit_error", "w", "retry-after: 9"))
        async with running(upstream.url) as proxy:
            async with proxy.client() as client:
                await client.post(ASKED)
                await upstream.call()
                await asyncio.sleep(0.05)
            assert (await proxy.record()).outcome == "left"
            await asyncio.sleep(0.05)
        assert len(upstream.calls) == 1

    async def test_nothing_is_said_of_it_in_the_log(
        self, upstream: ScriptedUpstream, caplog: pytest.LogCaptureFixture
    ) -> None:
        upstream.answers(silent())
        async with running(upstream.url) as proxy:
            await self.leaves(proxy, upstream)
        assert caplog.messages == []


class TestMistakes:
    """Ours: a clean answer for the client, the place for the log, and content for nobody."""

    SECRET = "the words of the prompt"

    @pytest.mark.parametrize("stream", [False, True])
    async def test_before_the_reply(
        self, upstream: ScriptedUpstream, caplog: pytest.LogCaptureFixture, *, stream: bool
    ) -> None:
        async with running(upstream.url) as proxy:
            right, proxy.assembly.state.upstream = proxy.assembly.state.upstream, MistakenUpstream()
            answer = await proxy.ask(stream=stream, messages=[{"role": "user", "content": self.SECRET}])
            record = await proxy.record()
            proxy.assembly.state.upstream = right
            assert (await proxy.ask(stream=stream)).status == 200, "the server goes on"
            assert proxy.assembly.state.limiter.inside == 0
        assert (answer.status, answer.error["type"]) == (500, "server_error")
        assert self.SECRET not in answer.error["message"]
        assert (record.status, record.outcome) == (500, "failed")
        (line,) = caplog.messages
        assert line.startswith(f"unhandled error in request {record.id}: ValueError in doubles.py")
        assert self.SECRET not in caplog.text


async def test_every_exchange_is_recorded_once(upstream: ScriptedUpstream, caplog: pytest.LogCaptureFixture) -> None:
    upstream.answers(whole(), refusal(400, "invalid_request_error", "w"), whole(), silent(), whole())
    with caplog.at_level(logging.WARNING):
        async with running(upstream.url) as proxy:
            await proxy.ask()
            await proxy.ask()
            await proxy.ask(stream=True)
            async with proxy.client() as client:
                await client.post(ASKED)
                await upstream.call(3)
            await proxy.record(3)
            async with proxy.client() as client:
                await client.send(head("POST", CHAT, {"content-length": "2"}) + b"{}")
                await client.reply()
            await proxy.ask()
            records = proxy.records
    assert [(record.status, record.outcome) for record in records] == [
        (200, "answered"),
        (400, "failed"),
        (200, "answered"),
        (0, "left"),
        (400, "failed"),
        (200, "answered"),
    ]
    assert len({record.id for record in records}) == 6
    assert caplog.messages == []
