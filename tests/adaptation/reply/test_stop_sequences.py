"""Stop sequences that Claude refuses, cut in the proxy."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from claude_code_proxy import messages
from claude_code_proxy.adaptation.reply.stop_sequences import CutText
from tests.adaptation.replies import message, passed, streamed
from tests.adaptation.requests import accepted, adapted, call, request, told


def test_trap_35_blank_stops_are_not_sent_but_cut_here() -> None:
    sent = adapted(request(stop_sequences=("\n", "END", "", " ")))
    accepted(sent)
    assert sent.request.stop_sequences == ("END",)
    assert told(sent) == ["stop_sequences=emulated"]
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


SEARCH = messages.ServerToolUse("srvtoolu_1", "web_search", Raw(b"{}"))
THOUGHT = messages.Thinking("ab\n", "signed")


@pytest.mark.parametrize(
    "between", [(), (SEARCH,), (THOUGHT, SEARCH), (messages.Text(""),)], ids=lambda each: f"{len(each)}"
)
def test_trap_65_a_stop_that_is_split_over_text_blocks_is_found(between: tuple[messages.Block, ...]) -> None:
    """The caller reads them as one text; citations and searches split them."""
    reply = message("one\n", *between, "\ntwo", "three")
    whole = CutText(["\n\n"]).message(reply)
    assert (whole.content, whole.stop_sequence) == (message("one").content, "\n\n")
    for size in (1, 2, 9):
        assert streamed(CutText(["\n\n"]), reply, size) == whole


def test_what_only_began_like_a_stop_is_passed_on_in_its_order() -> None:
    reply = message("one\n", SEARCH, THOUGHT, "two\n", "three\n")
    for size in (1, 2, 9):
        assert streamed(CutText(["\n\n"]), reply, size) == reply


def test_a_call_stands_between_two_texts() -> None:
    reply = message("one\n", call(), "\ntwo", stop_reason="tool_use")
    assert CutText(["\n\n"]).message(reply) == reply
    assert streamed(CutText(["\n\n"]), reply) == reply


@given(
    st.lists(st.text("ab\n", max_size=12).map(messages.Text) | st.sampled_from([SEARCH, THOUGHT, call()]), max_size=5),
    st.lists(st.text("ab\n", min_size=1, max_size=3), min_size=1, max_size=3),
    st.integers(1, 5),
)
def test_streamed_and_whole_are_cut_alike(blocks: list[messages.Block], stops: list[str], size: int) -> None:
    reply = message(*blocks)
    whole = CutText(stops).message(reply)
    assert streamed(CutText(stops), reply, size) == whole
    said = "".join(block.text if isinstance(block, messages.Text) else "" for block in whole.content)
    if not any(isinstance(block, messages.ToolUse) for block in whole.content):
        assert not any(stop in said for stop in stops)
