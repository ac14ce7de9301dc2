"""Filters in a row, and the verdict on a whole answer."""

from collections.abc import Sequence

import pytest

from claude_code_proxy import messages
from claude_code_proxy.adaptation.reply.filters import Chain, OutputCheck, OutputMismatch, TextBuffer
from claude_code_proxy.adaptation.reply.json_extraction import JsonExtraction
from claude_code_proxy.adaptation.reply.stop_sequences import CutText
from tests.adaptation.replies import events, message, streamed
from tests.adaptation.requests import request


def mismatch(_: messages.Message) -> OutputMismatch:
    return OutputMismatch("no", path="tool_choice", code="tool_choice_not_met", repair=request(), was_held=True)


def test_the_first_filter_is_nearest_to_the_upstream() -> None:
    reply = message('{"a": "x\ny"}')
    for chain in (Chain([CutText(["\n"]), JsonExtraction("{")]), Chain([JsonExtraction("{"), CutText(["\n"])])):
        assert chain.message(reply).content == (messages.Text('{"a": "x'),)
    assert streamed(Chain([CutText(["\n"]), JsonExtraction("{")]), reply).content == (messages.Text('{"a": "x'),)


class Late:
    """Gives everything back at the end."""

    def __init__(self) -> None:
        self.held: list[messages.Event] = []

    def message(self, message: messages.Message) -> messages.Message:
        return message

    def feed(self, event: messages.Event) -> list[messages.Event]:
        self.held.append(event)
        return []

    def close(self) -> list[messages.Event]:
        return self.held


def test_what_one_filter_held_back_passes_through_the_later_ones() -> None:
    reply = message("a\nb")
    assert streamed(Chain([Late(), CutText(["\n"])]), reply) == CutText(["\n"]).message(reply)
    assert streamed(Chain([CutText(["\n"]), Late()]), reply) == CutText(["\n"]).message(reply)


def test_a_good_answer_passes() -> None:
    reply = message("a")
    assert OutputCheck(lambda _: None).message(reply) is reply
    assert streamed(OutputCheck(lambda _: None), reply) == reply


def test_a_bad_answer_ends_before_its_reason_to_stop() -> None:
    judged = OutputCheck(mismatch)
    *before, delta, _ = events(message("a"), 1)
    seen = [out for event in before for out in judged.feed(event)]
    with pytest.raises(OutputMismatch):
        judged.feed(delta)
    assert [type(event).__name__ for event in seen] == [
        "MessageStart",
        "ContentBlockStart",
        "ContentBlockDelta",
        "Ping",
        "ContentBlockStop",
    ]


def test_the_judge_sees_the_whole_answer() -> None:
    reply = message("a", "b")
    judged: list[messages.Message] = []
    streamed(OutputCheck(judged.append), reply)
    assert judged == [reply]


def test_an_unmet_request_is_the_callers_to_see() -> None:
    error = mismatch(message())
    assert (error.status, error.code, error.path, error.should_retry) == (
        422,
        "tool_choice_not_met",
        "tool_choice",
        False,
    )


STOP = messages.ContentBlockStop(0)
CALL = messages.ContentBlockStart(1, messages.ToolUse("toolu_1", "f", messages.content.NO_JSON))
END = messages.MessageDelta(messages.DeltaBody(stop_reason="end_turn"), messages.Usage())


def said(text: str) -> messages.ContentBlockDelta:
    return messages.ContentBlockDelta(0, messages.TextDelta(text))


class Whispers(TextBuffer):
    """Holds back what is in lower case."""

    def _feed_text(self, event: messages.ContentBlockDelta, text: str) -> Sequence[messages.Event]:
        if text.islower():
            self._held.append(event)
            return ()
        return (*self.close(), event)


def test_where_nothing_is_held_back_all_passes() -> None:
    for event in (said("A"), STOP, CALL, END, messages.Ping()):
        assert Whispers().feed(event) == (event,)
    assert Whispers().close() == ()


def test_what_comes_after_a_text_that_is_held_back_waits_with_it() -> None:
    stream = Whispers()
    assert [stream.feed(event) for event in (said("a"), STOP, said("b"))] == [()] * 3
    assert stream.feed(said("C")) == (said("a"), STOP, said("b"), said("C"))
    assert stream.close() == ()


@pytest.mark.parametrize("event", [CALL, END])
def test_a_call_or_the_end_sets_it_free(event: messages.Event) -> None:
    stream = Whispers()
    stream.feed(said("a"))
    assert stream.feed(event) == (said("a"), event)


def test_a_ping_waits_for_nothing() -> None:
    stream = Whispers()
    stream.feed(said("a"))
    assert stream.feed(messages.Ping()) == (messages.Ping(),)
    assert stream.close() == (said("a"),)
