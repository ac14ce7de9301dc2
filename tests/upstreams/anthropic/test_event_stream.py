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
from claude_code_proxy.secret import Secret
from claude_code_proxy.upstreams.anthropic.event_stream import TransportEvents
from claude_code_proxy.upstreams.upstream import CallStats
from tests.endpoints.replies import CONTEXT, decode_chat
from tests.endpoints.strict_reader import Reply, read_stream, read_whole
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

KEY = "sk-ant-test-of-the-proxy"
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


async def test_half_a_surrogate_is_mended() -> None:
    told = frames(start(), text_start(), text("ok"), text("?"))
    batch = await of_pieces(told.replace(b"?", rb"\ud83d")).events() or ()
    assert batch[2:] == [
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


def call_start(index: int) -> dict[str, Any]:
    call = {"type": "tool_use", "id": f"toolu_{index}", "name": "look", "input": {}}
    return {"type": "content_block_start", "index": index, "content_block": call}


def arguments(index: int, piece: str) -> dict[str, Any]:
    delta = {"type": "input_json_delta", "partial_json": piece}
    return {"type": "content_block_delta", "index": index, "delta": delta}


def stop(index: int) -> dict[str, Any]:
    return {"type": "content_block_stop", "index": index}


USUAL: list[dict[str, Any]] = [
    start(),
    text_start(),
    text("Well, "),
    text("look."),
    stop(0),
    call_start(1),
    arguments(1, '{"at":'),
    arguments(1, '"it"}'),
    stop(1),
    call_start(2),
    arguments(2, '{"at":'),
    arguments(2, '"that"}'),
    stop(2),
    *end(),
]


@st.composite
def disorder(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Return the usual events, some of them moved, left out, repeated, or given another index."""
    events = list(USUAL)
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, len(events) - 1))
        match draw(st.sampled_from(["move", "drop", "repeat", "index"])):
            case "move":
                events.insert(draw(st.integers(0, len(events) - 1)), events.pop(place))
            case "drop" if len(events) > 1:
                del events[place]
            case "repeat":
                events.insert(draw(st.integers(0, len(events))), events[place])
            case "index" if "index" in events[place]:
                events[place] = {**events[place], "index": draw(st.integers(0, 3))}
            case _:
                pass
    return events


async def put_together(told: bytes) -> Reply | None:
    """Return what a client gets of the whole answer; None for an error."""
    accumulator = messages.Accumulator()
    events = of_pieces(told)
    try:
        while not accumulator.stopped and (batch := await events.events()) is not None:
            accumulator.feed_all(batch)
        return read_whole(decode_chat().reply((accumulator.message(),), CONTEXT))
    except ProxyError:
        return None


async def passed_on(pieces: Sequence[bytes]) -> Reply | None:
    """Return what a client gets of the stream; None for an error."""
    (translator,) = decode_chat(stream=True).translators(CONTEXT)
    events = of_pieces(*pieces)
    try:
        sent = b""
        while (batch := await events.events()) is not None:
            sent += b"".join([translator.feed(event) for event in batch])
        return read_stream(sent + translator.close())
    except ProxyError:
        return None


@given(disorder())
@settings(max_examples=300, deadline=None)
def test_in_whatever_order_whole_and_streamed_say_the_same(events: list[dict[str, Any]]) -> None:
    at_once = asyncio.run(put_together(frames(*events)))
    for pieces in ([frames(*events)], [frames(event) for event in events]):
        streamed = asyncio.run(passed_on(pieces))
        assert (streamed is None) == (at_once is None)
        if at_once is not None and streamed is not None:
            assert streamed.choices == at_once.choices


async def test_an_answer_out_of_order_is_not_asked_for_again() -> None:
    events = of_pieces(frames(start(), text("lost")))
    assert len(await events.events() or ()) == 1
    with pytest.raises(UpstreamBroke, match="out of order"):
        await events.events()
    assert events.stats.begun


async def test_the_credential_is_masked_even_where_a_read_cuts_it() -> None:
    echo = {**start(), "message": {**start()["message"], "id": KEY, "model": KEY}}
    told = frames(echo, text_start(), text(f"My {KEY}."))
    cut = told.index(KEY.encode()) + 5
    events = TransportEvents(Pieces([told[:cut], told[cut:]]), CallStats(), secret=Secret(KEY))  # type: ignore[arg-type]
    begun, _, words = await events.events() or ()
    assert isinstance(begun, messages.MessageStart)
    assert (begun.message.id, begun.message.model) == ("****", "****")
    assert words == messages.ContentBlockDelta(0, messages.TextDelta(f"My {KEY}."))


@pytest.mark.parametrize(
    "event",
    [
        b'{"type":"message_delta","delta":{"stop_reason":null},"new":%b}',
        b'{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"a","name":"b","input":%b}}',
        b'{"type":"new","more":%b}',
        b"%b",
    ],
)
@pytest.mark.parametrize("last", [b"", b"\n\n"])
async def test_an_event_nested_too_deeply(event: bytes, last: bytes) -> None:
    deep = event % (b"[" * 50_000 + b"]" * 50_000)
    events = of_pieces(frames(start()), b"data: " + deep + last)
    assert len(await events.events() or ()) == 1
    if last:
        with pytest.raises(UpstreamBroke, match="cannot be read"):
            await events.events()
    else:
        assert await events.events() is None  # cut short
