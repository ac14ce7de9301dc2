"""Stop sequences that Claude refuses, cut in the proxy."""

from hypothesis import given
from hypothesis import strategies as st

from claude_code_proxy import messages
from claude_code_proxy.adaptation.stops import CutText
from tests.adaptation.replies import message, passed, streamed
from tests.adaptation.requests import accepted, adapted, call, request, told


def test_trap_35_blank_stops_are_not_sent_but_cut_here() -> None:
    sent = adapted(request(stop_sequences=("\n", "END", "", " ")))
    accepted(sent)
    assert sent.request.stop_sequences == ("END",)
    assert told(sent) == ["stop=emulated"]
    assert sent.filter is not None
    cut = sent.filter().message(message("one\ntwo END"))
    assert (cut.content, cut.stop_reason, cut.stop_sequence) == ((messages.Text("one"),), "stop_sequence", "\n")


def test_stops_that_claude_takes_go_as_they_are() -> None:
    sent = adapted(request(stop_sequences=("END", "\n\nHuman:")))
    assert sent.request.stop_sequences == ("END", "\n\nHuman:")
    assert sent.filter is None


def test_trap_36_a_long_list_is_cut_here_from_some_length() -> None:
    stops = tuple(f"<{at}>" for at in range(70))
    sent = adapted(request(stop_sequences=stops))
    assert sent.request.stop_sequences == stops[:64]
    assert sent.filter is not None
    assert sent.filter().message(message("a<69>b")).content == (messages.Text("a"),)


def test_nothing_after_the_stop_is_passed_on() -> None:
    reply = message("a", "b\nc", call(), "d")
    whole = CutText(["\n"]).message(reply)
    assert whole.content == message("a", "b").content
    assert streamed(CutText(["\n"]), reply) == whole
    assert whole.usage == reply.usage


def test_an_answer_without_the_stop_is_whole() -> None:
    reply = message("a\n", call(), "\n", stop_reason="tool_use")
    assert CutText(["\n\n"]).message(reply) == reply
    assert streamed(CutText(["\n\n"]), reply) == reply


def test_text_flows_as_far_as_it_cannot_begin_a_stop() -> None:
    cut = CutText(["\n\n"])
    cut.feed(messages.ContentBlockStart(0, messages.Text("")))
    assert cut.feed(messages.ContentBlockDelta(0, messages.TextDelta("ab\n"))) == (
        messages.ContentBlockDelta(0, messages.TextDelta("ab")),
    )
    assert cut.feed(messages.ContentBlockDelta(0, messages.TextDelta("c"))) == (
        messages.ContentBlockDelta(0, messages.TextDelta("\nc")),
    )


def test_text_that_was_cut_short_is_all_there() -> None:
    cut = CutText(["\n\n"])
    cut.feed(messages.ContentBlockDelta(1, messages.TextDelta("\n")))
    end = messages.MessageDelta(messages.DeltaBody("max_tokens"))
    assert cut.feed(end) == (messages.ContentBlockDelta(1, messages.TextDelta("\n")), end)
    assert cut.close() == ()


def test_the_end_tells_the_stop_at_once() -> None:
    names = [type(event).__name__ for event in passed(CutText(["b"]), message("abc"))]
    assert names == [
        "MessageStart",
        "ContentBlockStart",
        "ContentBlockDelta",
        "Ping",
        "ContentBlockStop",
        "Ping",
        "Ping",
        "MessageDelta",
        "MessageStop",
    ]


@given(
    st.lists(st.text("ab\n", max_size=12), max_size=3),
    st.lists(st.text("ab\n", min_size=1, max_size=3), min_size=1, max_size=3),
    st.integers(1, 5),
)
def test_streamed_and_whole_are_cut_alike(texts: list[str], stops: list[str], size: int) -> None:
    reply = message(*texts)
    whole = CutText(stops).message(reply)
    assert streamed(CutText(stops), reply, size) == whole
    assert all(stop not in block.text for block in whole.content if isinstance(block, messages.Text) for stop in stops)
