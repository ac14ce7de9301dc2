"""What is held back comes out in the order it came in."""

from collections.abc import Sequence

import pytest

from claude_code_proxy import messages
from claude_code_proxy.adaptation.reply.buffering import TextBuffer

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
