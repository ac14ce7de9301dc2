"""The order of a stream's events: what is left out is added, and what belongs nowhere breaks the answer."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from claude_code_proxy import messages
from claude_code_proxy.errors import UpstreamBroke
from claude_code_proxy.messages.event_order import EventOrder
from tests.endpoints import recordings
from tests.endpoints.replies import accumulated, decoded

START = messages.MessageStart(messages.Message("msg_1", "claude-x", (), usage=messages.Usage(10, 1)))
TOTALS = messages.MessageDelta(messages.DeltaBody(), messages.Usage(output_tokens=3))
END = messages.MessageDelta(messages.DeltaBody("end_turn"), messages.Usage(output_tokens=5))
STOP = messages.MessageStop()
PING = messages.Ping()


def starting(index: int, block: messages.Block | None = None) -> messages.Event:
    return messages.ContentBlockStart(index, block or messages.Text(""))


def calling(index: int) -> messages.Event:
    return messages.ContentBlockStart(index, messages.ToolUse(f"toolu_{index}", "look", Raw(b"{}")))


def text(index: int, piece: str = "a") -> messages.Event:
    return messages.ContentBlockDelta(index, messages.TextDelta(piece))


def arguments(index: int, piece: str = "{}") -> messages.Event:
    return messages.ContentBlockDelta(index, messages.InputJsonDelta(piece))


def stopping(index: int) -> messages.Event:
    return messages.ContentBlockStop(index)


def ordered(*events: messages.Event) -> list[messages.Event]:
    order = EventOrder()
    result = order.feed(events)
    if order.error is not None:
        raise order.error
    return result


WELL_ORDERED: list[messages.Event] = [
    START,
    PING,
    starting(0),
    text(0),
    stopping(0),
    calling(1),
    arguments(1),
    stopping(1),
    END,
    STOP,
]


def test_what_is_in_order_stays_as_it_is() -> None:
    assert ordered(*WELL_ORDERED) == WELL_ORDERED


@pytest.mark.parametrize(
    "given",
    [
        [event for event in WELL_ORDERED if event != stopping(0)],
        [event for event in WELL_ORDERED if event != stopping(1)],
        [START, *WELL_ORDERED],
        [*WELL_ORDERED[:5], stopping(0), *WELL_ORDERED[5:]],
        [*WELL_ORDERED[:4], calling(1), stopping(0), *WELL_ORDERED[6:]],
        [*WELL_ORDERED, text(7), starting(0)],
    ],
    ids=["no stop", "no last stop", "two starts", "two stops", "a late stop", "more after the end"],
)
def test_what_can_be_told_is_mended(given: list[messages.Event]) -> None:
    assert [event for event in ordered(*given) if event != PING] == [event for event in WELL_ORDERED if event != PING]


def test_blocks_in_the_start_of_the_message_become_events() -> None:
    begun = messages.MessageStart(messages.Message("msg_1", "claude-x", (messages.Text("Hi."),)))
    events = ordered(begun, starting(1), text(1, "more"), stopping(1), END, STOP)
    assert accumulated(events).content == (messages.Text("Hi."), messages.Text("more"))
    assert events[1:4] == [starting(0), text(0, "Hi."), stopping(0)]


def test_a_message_may_come_whole_in_its_start() -> None:
    """As the service sends the calls that code makes."""
    call = messages.ToolUse("toolu_1", "look", Raw(b'{"at":"it"}'))
    begun = messages.MessageStart(messages.Message("msg_1", "claude-x", (call,), stop_reason="tool_use"))
    message = accumulated(ordered(begun, STOP))
    assert (message.content, message.stop_reason) == ((call,), "tool_use")
    later = accumulated(ordered(begun, END, STOP))
    assert later.stop_reason == "end_turn"


def test_totals_within_a_block_wait_for_its_end() -> None:
    events = ordered(START, starting(0), text(0), TOTALS, text(0), stopping(0), END, STOP)
    assert events == [START, starting(0), text(0), text(0), stopping(0), TOTALS, END, STOP]


@pytest.mark.parametrize(
    "given",
    [
        [starting(0), text(0)],
        [END, STOP],
        [START, text(0)],
        [START, text(0), starting(0)],
        [START, stopping(0)],
        [START, starting(0), text(1)],
        [START, starting(0), stopping(0), text(0)],
        [START, starting(0), text(0), starting(0)],
        [START, starting(1), starting(0)],
        [START, starting(0), calling(1), text(0)],
        [START, calling(0), calling(1), arguments(0), arguments(1)],
        [START, starting(0), arguments(0)],
        [START, calling(0), text(0)],
        [START, starting(0, messages.RedactedThinking("x")), text(0)],
        [START, starting(0, messages.Thinking("", "")), text(0)],
        [START, starting(0), START],
        [START, starting(0), text(0), END, text(0)],
    ],
)
def test_what_nobody_can_place_breaks_it(given: list[messages.Event]) -> None:
    with pytest.raises(UpstreamBroke):
        ordered(*given, STOP)


def test_an_unknown_delta_is_no_fault_of_any_block() -> None:
    glitter = messages.ContentBlockDelta(0, messages.UnknownDelta("glitter_delta"))
    assert glitter in ordered(START, starting(0), glitter, stopping(0), END, STOP)


def test_what_came_before_the_fault_is_kept() -> None:
    order = EventOrder()
    assert order.feed([START, starting(0), text(0), text(5), text(0)]) == [START, starting(0), text(0)]
    assert order.error is not None


def test_every_recorded_stream_is_in_order() -> None:
    """What the service and real gateways sent stays as it is, but for the stop that a limit cut off."""
    streams = [
        each["response"]["sse"] for each in recordings.messages_replies().values() if each["response"].get("sse")
    ]
    assert streams
    for stream in streams:
        events = decoded([stream.encode()])
        first = events[: events.index(STOP) + 1]
        result = ordered(*events)
        stops = sum(isinstance(event, messages.ContentBlockStop) for event in first)
        starts = sum(isinstance(event, messages.ContentBlockStart) for event in first)
        assert starts - stops in {0, len(result) - len(first)}
        assert accumulated(result) == accumulated(first)


def _of_index(events: Iterable[messages.Event], index: int) -> tuple[str, ...]:
    return tuple(
        event.delta.text if isinstance(event.delta, messages.TextDelta) else event.delta.partial_json
        for event in events
        if isinstance(event, messages.ContentBlockDelta)
        and event.index == index
        and isinstance(event.delta, messages.TextDelta | messages.InputJsonDelta)
    )


ANY_EVENT = st.one_of(
    st.sampled_from([START, TOTALS, END, STOP, PING]),
    st.builds(starting, st.integers(0, 2)),
    st.builds(calling, st.integers(0, 2)),
    st.builds(text, st.integers(0, 2), st.sampled_from("abc")),
    st.builds(arguments, st.integers(0, 2), st.sampled_from(("{", "}", "1"))),
    st.builds(stopping, st.integers(0, 2)),
)


@given(st.lists(ANY_EVENT, max_size=12), st.permutations(WELL_ORDERED[2:8]))
def test_each_piece_is_in_the_block_of_its_index_or_it_breaks(
    odd: list[messages.Event], shuffled: list[messages.Event]
) -> None:
    for events in ([START, *odd, STOP], [START, *shuffled, END, STOP]):
        order = EventOrder()
        result = order.feed(events)
        if order.error is not None:
            continue
        until = events[: events.index(STOP) + 1]
        _assert_in_order(result)
        for index in range(3):
            assert _of_index(result, index) == _of_index(until, index)


def _assert_in_order(events: list[messages.Event]) -> None:
    """Check that a block starts when none is open, and stops before anything else of the message comes."""
    current: int | None = None
    for event in events:
        match event:
            case messages.ContentBlockStart(index=index):
                assert current is None
                current = index
            case messages.ContentBlockDelta(index=index):
                assert index == current
            case messages.ContentBlockStop(index=index):
                assert index == current
                current = None
            case messages.MessageDelta() | messages.MessageStop():
                assert current is None
            case _:
                pass
    assert current is None


def test_what_fills_a_block_of_another_type_is_no_text_of_the_answer() -> None:
    """There will be more types of blocks, and they do not break the answer around them."""
    hologram = starting(0, messages.UnknownBlock("hologram", b'{"type":"hologram"}'))
    events = ordered(
        START, hologram, text(0), arguments(0), stopping(0), starting(1), text(1, "Hi."), stopping(1), END, STOP
    )
    assert [event.delta for event in events if isinstance(event, messages.ContentBlockDelta)] == [
        messages.UnknownDelta("text_delta"),
        messages.InputJsonDelta("{}"),
        messages.TextDelta("Hi."),
    ]
