"""A stream put together is the Message, and a Message spelt out as a stream is put together to itself."""

import json

import pytest
from msgspec import Raw

from claude_code_proxy import messages
from claude_code_proxy.errors import UpstreamBroke
from tests.endpoints.replies import accumulated, message

START = messages.MessageStart(messages.Message("msg_1", "claude-x", (), usage=messages.Usage(10, 1)))
END = (messages.MessageDelta(messages.DeltaBody("end_turn"), messages.Usage(output_tokens=5)), messages.MessageStop())


def block(start: messages.Block, *deltas: messages.Delta, index: int = 0) -> list[messages.Event]:
    inside = [messages.ContentBlockDelta(index, delta) for delta in deltas]
    return [messages.ContentBlockStart(index, start), *inside, messages.ContentBlockStop(index)]


def test_pieces_are_joined_in_the_block_they_belong_to() -> None:
    events = [
        START,
        *block(messages.Thinking("", ""), *map(messages.ThinkingDelta, ("Hm", ".")), messages.SignatureDelta("c2ln")),
        *block(messages.Text("A"), *map(messages.TextDelta, "bc")),
        *block(messages.ToolUse("toolu_1", "look", Raw(b"{}")), *map(messages.InputJsonDelta, ('{"a', '":1}'))),
        *block(messages.ToolUse("toolu_2", "look", Raw(b"{}")), messages.InputJsonDelta("")),
        *END,
    ]
    assert accumulated(events) == message(
        messages.Thinking("Hm.", "c2ln"),
        messages.Text("Abc"),
        messages.ToolUse("toolu_1", "look", Raw(b'{"a":1}')),
        messages.ToolUse("toolu_2", "look", Raw(b"{}")),
    )


def test_citations_are_gathered() -> None:
    start = messages.Text("", citations=Raw(b'[{"url":"https://a"}]'))
    events = [START, *block(start, messages.CitationsDelta(Raw(b'{"url":"https://b"}')), messages.TextDelta("x")), *END]
    (text,) = accumulated(events).content
    assert isinstance(text, messages.Text)
    assert json.loads(bytes(text.citations)) == [{"url": "https://a"}, {"url": "https://b"}]


def test_a_block_that_was_cut_short_is_kept_as_far_as_it_came() -> None:
    call = messages.ToolUse("toolu_1", "look", Raw(b"{}"))
    events = [START, *block(call, messages.InputJsonDelta('{"a":'))[:-1], *END]
    assert accumulated(events).content == (messages.ToolUse("toolu_1", "look", Raw(b'{"a":')),)


def test_a_block_ends_where_the_next_begins() -> None:
    first, second = (block(messages.Text(""), messages.TextDelta(text))[:-1] for text in "AB")
    assert accumulated([START, *first, *second, *END]).content == (messages.Text("A"), messages.Text("B"))


def test_what_is_new_is_passed_over() -> None:
    hologram = messages.UnknownBlock("hologram", b'{"type":"hologram"}')
    stray = messages.ContentBlockDelta(0, messages.TextDelta("stray"))
    events = [
        START,
        stray,
        messages.Ping(),
        messages.UnknownEvent("x"),
        *block(hologram, messages.UnknownDelta("y")),
        *END,
    ]
    assert accumulated(events).content == (hologram,)


def test_an_end_in_several_pieces() -> None:
    first = messages.MessageDelta(messages.DeltaBody("max_tokens"), messages.Usage(output_tokens=3))
    second = messages.MessageDelta(messages.DeltaBody(), messages.Usage(output_tokens=9))
    heard = messages.Accumulator()
    heard.feed_all([START, *block(messages.Text("x")), first, second, messages.MessageStop()])
    assert heard.message().stop_reason == "max_tokens"
    assert heard.usage.output_tokens == 9


@pytest.mark.parametrize("events", [[], [START], [START, *block(messages.Text("x"))], [*END]])
def test_a_stream_that_ends_early_is_no_message(events: list[messages.Event]) -> None:
    with pytest.raises(UpstreamBroke):
        accumulated(events)


def test_every_block_is_spelt_out() -> None:
    whole = message(
        messages.Thinking("Hm.", "c2ln"),
        messages.RedactedThinking("eA=="),
        messages.Text("A", citations=Raw(b'[{"url":"https://a"}]')),
        messages.Text(""),
        messages.ToolUse("toolu_1", "look", Raw(b'{"a":1}')),
        messages.ServerToolUse("srvtoolu_1", "web_search", Raw(b'{"query":"x"}')),
        messages.WebSearchToolResult("srvtoolu_1", Raw(b"[]")),
        messages.UnknownBlock("hologram", b"{}"),
        stop_reason="tool_use",
        stop_sequence="END",
        stop_details=messages.StopDetails(explanation="x"),
        usage=messages.Usage(1, 2, 3, 4),
    )
    assert accumulated(messages.as_events(whole)) == whole


def test_usage_is_replaced_not_added() -> None:
    assert accumulated([START, *END]).usage == messages.Usage(10, 5)


def test_a_summary_comes_at_once() -> None:
    start = messages.Compaction(signature="c2ln", tool_changes=Raw(b"[]"))
    whole = messages.Compaction("They said hello.", "b3BhcXVl", "c2ln", Raw(b"[]"))
    events = [START, *block(start, messages.CompactionDelta("They said hello.", "b3BhcXVl")), *END]
    assert accumulated(events) == message(whole)
    assert accumulated(messages.as_events(message(whole))) == message(whole)
