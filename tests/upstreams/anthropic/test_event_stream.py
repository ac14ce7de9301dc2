"""The events of a streamed answer, read by read; how they end, and what becomes of the connection."""

import asyncio
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from claude_code_proxy import messages
from claude_code_proxy.errors import ProxyError, UpstreamBroke, UpstreamRejected
from claude_code_proxy.http1.client import Response, Transport, parse_origin
from claude_code_proxy.upstreams.anthropic.event_stream import TransportEvents
from claude_code_proxy.upstreams.upstream import CallStats
from tests.http1.client.scripted_server import eventually, slots
from tests.server.scripted_upstream import (
    LAST_CHUNK,
    MESSAGE,
    STREAM_HEAD,
    Call,
    ScriptedUpstream,
    breaking_off,
    chunk,
    end,
    error_event,
    frames,
    scripted_upstream,
    silent,
    spelled,
    start,
    text,
    text_start,
)

ALL = frames(*spelled(MESSAGE))


async def opened(transport: Transport) -> TransportEvents:
    response = await transport.request(b"POST", b"/v1/messages", body=b'{"stream":true}')
    return TransportEvents(response, CallStats(request_id="req_1"))


async def heard(events: TransportEvents) -> list[messages.Event]:
    batches: list[messages.Event] = []
    while (batch := await events.events()) is not None:
        assert batch
        batches += batch
    return batches


class Pieces:
    """A response of these pieces, one for each read."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self._pieces = list(pieces)
        self.closed = False

    async def chunk(self) -> bytes | None:
        return self._pieces.pop(0) if self._pieces else None

    def close(self) -> None:
        self.closed = True


def of_pieces(*pieces: bytes) -> TransportEvents:
    return TransportEvents(Pieces(pieces), CallStats(request_id="req_1"))  # type: ignore[arg-type]


@given(cuts=st.lists(st.integers(0, len(ALL)), max_size=12))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_split_gives_the_same_events(cuts: list[int]) -> None:
    at = [0, *sorted(cuts), len(ALL)]
    pieces = [ALL[one:other] for one, other in pairwise(at)]
    assert asyncio.run(heard(of_pieces(*pieces))) == asyncio.run(heard(of_pieces(ALL)))


async def test_one_read_is_one_batch() -> None:
    events = of_pieces(frames(start(), text_start()), frames(text("a"))[:9], frames(text("a"))[9:] + frames(text("b")))
    assert [len(await events.events() or ()) for _ in range(3)] == [2, 2, 0]


def done(index: int) -> dict[str, Any]:
    return {"type": "content_block_stop", "index": index}


TWO_BLOCKS = (text_start(), text("a"), text("b"), done(0), text_start(1), text("c", 1), text("d", 1), done(1))


@given(events=st.permutations(TWO_BLOCKS), kept=st.sets(st.integers(0, 7)))
def test_in_any_order_what_is_heard_is_in_its_block(events: list[dict[str, Any]], kept: set[int]) -> None:
    shuffled = [event for number, event in enumerate(events) if number in kept or len(kept) < 3]
    answer = messages.Accumulator()
    try:
        answer.feed_all(asyncio.run(heard(of_pieces(frames(start(), *shuffled, *end())))))
    except UpstreamBroke:
        return
    starts = [event["index"] for event in shuffled if event["type"] == "content_block_start"]
    deltas = [(event["index"], event["delta"]["text"]) for event in shuffled if event["type"] == "content_block_delta"]
    routed = ["".join(piece for at, piece in deltas if at == index) for index in starts]
    assert [block.text for block in answer.message().content if isinstance(block, messages.Text)] == routed


async def test_half_a_surrogate_is_mended() -> None:
    events = of_pieces(frames(start(), text_start(), text("ok"), text("?")).replace(b"?", rb"\ud83d"))
    assert (await heard(events))[2:] == [
        messages.ContentBlockDelta(0, messages.TextDelta("ok")),
        messages.ContentBlockDelta(0, messages.TextDelta("\ufffd")),
    ]


class TestErrors:
    async def test_what_came_before_it_is_given_first(self) -> None:
        events = of_pieces(frames(start(), text_start(), error_event()))
        assert len(await events.events() or ()) == 2
        with pytest.raises(UpstreamRejected):
            await events.events()
        with pytest.raises(UpstreamRejected) as caught:
            await events.events()
        assert (caught.value.status, caught.value.request_id) == (529, "req_1")

    async def test_alone(self) -> None:
        with pytest.raises(UpstreamRejected):
            await of_pieces(frames(error_event())).events()

    @pytest.mark.parametrize("nonsense", [b"data: {\n\n", b'data: {"type":"message_delta"}\n\n', b"data: \xff\n\n"])
    async def test_what_cannot_be_read_breaks_it(self, nonsense: bytes) -> None:
        events = of_pieces(frames(start(), text_start()) + nonsense + frames(text("lost")))
        assert len(await events.events() or ()) == 2
        with pytest.raises(UpstreamBroke) as caught:
            await events.events()
        assert caught.value.__cause__ is not None

    @pytest.mark.parametrize("after", [frames({"type": "message_stop"}), frames({"type": "ping"}), b"data: [DONE]\n\n"])
    async def test_whatever_follows_it_in_the_same_read(self, after: bytes) -> None:
        events = of_pieces(frames(start(), text_start(), error_event()) + after)
        assert len(await events.events() or ()) == 2
        with pytest.raises(UpstreamRejected, match="Overloaded"):
            await events.events()

    async def test_nothing_after_the_last_event_counts(self) -> None:
        assert len(await heard(of_pieces(ALL + b"data: [DONE]\n\n"))) == len(spelled(MESSAGE))
        assert len(await heard(of_pieces(ALL + frames(error_event())))) == len(spelled(MESSAGE))

    @pytest.mark.parametrize("missing", [1, 2])
    async def test_the_last_blank_line_may_be_missing(self, missing: int) -> None:
        assert len(await heard(of_pieces(ALL[:-missing]))) == len(spelled(MESSAGE))
        with pytest.raises(UpstreamRejected, match="Overloaded"):
            await heard(of_pieces(frames(start(), error_event())[:-missing]))

    async def test_an_event_that_is_cut_short_is_none(self) -> None:
        assert len(await heard(of_pieces(ALL[:-5]))) == len(spelled(MESSAGE)) - 1

    async def test_what_is_new_is_no_error(self) -> None:
        new = {"type": "news", "of": "tomorrow"}
        batch = await of_pieces(frames(start(), new, text_start())).events()
        assert batch is not None
        assert [type(event) for event in batch] == [
            messages.MessageStart,
            messages.UnknownEvent,
            messages.ContentBlockStart,
        ]


class TestBeginning:
    async def test_the_first_events_are_there_and_not_lost(self) -> None:
        events = of_pieces(ALL[:40], ALL[40:])
        await events.begin()
        assert len(await heard(events)) == len(spelled(MESSAGE))

    @pytest.mark.parametrize("pieces", [(), (b": comment\n\n",), (ALL[:40],)])
    async def test_none_is_an_error(self, pieces: tuple[bytes, ...]) -> None:
        with pytest.raises(UpstreamBroke, match="before it began"):
            await of_pieces(*pieces).begin()

    async def test_an_error_among_them_counts(self) -> None:
        with pytest.raises(UpstreamRejected):
            await of_pieces(frames(start(), error_event())).begin()


class TestConnection:
    """After the last event the connection is kept, though the end of the body may be a packet behind."""

    async def ended(self, upstream: ScriptedUpstream) -> Transport:
        transport = Transport(parse_origin(upstream.url))
        events = await opened(transport)
        while True:
            batch = await events.events()
            assert batch is not None
            if isinstance(batch[-1], messages.MessageStop):
                break
        events.close()
        events.close()
        return transport

    async def test_it_is_kept_when_the_end_is_there(self) -> None:
        async with scripted_upstream() as upstream:
            transport = await self.ended(upstream)
            assert slots(transport) == (0, 1, 0)
            await transport.close()

    async def test_it_is_kept_when_the_end_comes_later(self) -> None:
        async def late(call: Call) -> None:
            await call.send(STREAM_HEAD + chunk(ALL))
            await asyncio.sleep(0.05)
            await call.send(LAST_CHUNK)

        async with scripted_upstream() as upstream:
            upstream.answers(late)
            transport = await self.ended(upstream)
            assert slots(transport) == (1, 0, 0)
            await eventually(lambda: slots(transport) == (0, 1, 0))
            await transport.close()

    @pytest.mark.parametrize("more", [b"", chunk(b": comment\n\n")])
    async def test_but_not_for_long(self, more: bytes) -> None:
        async with scripted_upstream() as upstream:
            upstream.answers(silent(STREAM_HEAD + chunk(ALL) + more))
            transport = await self.ended(upstream)
            await asyncio.wait_for(upstream.calls[0].gone.wait(), 5)
            assert slots(transport) == (0, 0, 0)
            await transport.close()

    async def test_nor_beyond_the_transport(self) -> None:
        async with scripted_upstream() as upstream:
            upstream.answers(silent(STREAM_HEAD + chunk(ALL)))
            transport = await self.ended(upstream)
            async with asyncio.timeout(0.9):
                await transport.close()
                await asyncio.wait_for(upstream.calls[0].gone.wait(), 0.9)

    async def test_it_may_break_in_that_time(self) -> None:
        async with scripted_upstream() as upstream:
            upstream.answers(breaking_off(STREAM_HEAD + chunk(ALL), reset=True))
            transport = await self.ended(upstream)
            await eventually(lambda: slots(transport) == (0, 0, 0))
            await transport.close()

    async def test_an_unfinished_answer_is_ended_at_once(self) -> None:
        async with scripted_upstream() as upstream:
            upstream.answers(silent(STREAM_HEAD + chunk(frames(start(), text_start()))))
            transport = Transport(parse_origin(upstream.url))
            events = await opened(transport)
            await events.events()
            events.close()
            await asyncio.wait_for(upstream.calls[0].gone.wait(), 0.9)
            assert slots(transport) == (0, 0, 0)
            with pytest.raises(ProxyError):
                await events.events()
            await transport.close()


def test_the_double_is_what_is_read_of_a_response() -> None:
    assert all(hasattr(Response, name) for name in ("chunk", "close"))
    assert len(end()) == 2
