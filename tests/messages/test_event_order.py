"""The order of events, judged one by one."""

import pytest

from claude_code_proxy import messages

START = messages.MessageStart(messages.Message("msg_1", "m", ()))
STOP = messages.MessageStop()
ENDING = messages.MessageDelta(messages.DeltaBody("end_turn"))
PING = messages.Ping()


def block(index: int) -> messages.Event:
    return messages.ContentBlockStart(index, messages.Text(""))


def delta(index: int) -> messages.Event:
    return messages.ContentBlockDelta(index, messages.TextDelta("x"))


def done(index: int) -> messages.Event:
    return messages.ContentBlockStop(index)


def first_refused(*events: messages.Event) -> int | None:
    order = messages.EventOrder()
    return next((number for number, event in enumerate(events) if not order.allows(event)), None)


@pytest.mark.parametrize(
    "events",
    [
        (START, ENDING, STOP),
        (PING, START, block(0), PING, delta(0), delta(0), done(0), block(1), delta(1), done(1), ENDING, ENDING, STOP),
        (START, block(0), delta(0), block(1), delta(1), ENDING, STOP),
        (START, block(3), delta(3), done(3), done(3), block(1), delta(1), done(1), STOP),
        (START, block(0), delta(0), done(1), delta(0), done(0), STOP),
        (START, START, block(0), delta(0), messages.UnknownEvent("cosmic"), done(0), STOP),
    ],
)
def test_an_order_that_every_reader_understands(events: tuple[messages.Event, ...]) -> None:
    assert first_refused(*events) is None


@pytest.mark.parametrize(
    ("number", "events"),
    [
        (0, (block(0), delta(0))),
        (0, (delta(0),)),
        (0, (ENDING, STOP)),
        (0, (STOP,)),
        (1, (START, delta(0))),
        (3, (START, block(0), block(1), delta(0))),
        (3, (START, block(0), done(0), delta(0))),
        (2, (START, block(0), delta(7))),
    ],
)
def test_an_order_that_would_mix_blocks_or_lose_text(number: int, events: tuple[messages.Event, ...]) -> None:
    assert first_refused(*events) == number
