"""JSON out of the fences and the prose that models put around it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from claude_code_proxy import messages
from claude_code_proxy.adaptation.reply.json_extraction import JsonExtraction, JsonSpan, extract_json
from tests.adaptation.replies import message, streamed
from tests.adaptation.requests import call

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text('ab"\\{}[]ü\n'),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('a"\\{}'), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('```json\n{"a": 1}\n```', '{"a": 1}'),
        ('Here it is:\n{"a": "}"} Enjoy!', '{"a": "}"}'),
        ('{"a": "\\"}"}{"b": 2}', '{"a": "\\"}"}'),
        ('{"a": [1, {"b"', '{"a": [1, {"b"'),
        ("I would rather not.", "I would rather not."),
        ("", ""),
    ],
)
def test_what_is_left_of_a_text(text: str, found: str) -> None:
    assert extract_json(text, "{") == found
    assert streamed(JsonExtraction("{"), message(text)) == message(found)


def test_an_empty_piece_changes_nothing() -> None:
    span = JsonSpan("{")
    assert "".join(map(span.feed, ['{"a\\', "", '"}"', "", "}", "x"])) == '{"a\\"}"}'


def test_text_that_was_cut_short_is_all_there() -> None:
    found = JsonExtraction("{")
    assert found.feed(messages.ContentBlockDelta(1, messages.TextDelta("no"))) == ()
    end = messages.MessageDelta(messages.DeltaBody("refusal"))
    assert found.feed(end) == (messages.ContentBlockDelta(1, messages.TextDelta("no")), end)


def test_an_array_is_looked_for_by_its_own_bracket() -> None:
    assert extract_json("Take {these}: [1, {}] ok", "[") == "[1, {}]"


@given(
    st.dictionaries(st.text('a"\\{}'), VALUES, max_size=4),
    st.integers(1, 4),
    st.sampled_from(["", "```json\n", "So: "]),
)
def test_any_object_is_found_however_it_is_cut(value: object, size: int, before: str) -> None:
    text = json.dumps(value, ensure_ascii=False)
    span = JsonSpan("{")
    whole = f"{before}{text}\n``` {{}}"
    assert "".join(span.feed(whole[at : at + size]) for at in range(0, len(whole), size)) == text
    assert json.loads(extract_json(whole, "{")) == value


SEARCH = messages.ServerToolUse("srvtoolu_1", "web_search", Raw(b"{}"))
TEXTS = st.text('{}[]"\\a', max_size=8).map(messages.Text)


@given(st.lists(TEXTS | st.sampled_from([call(), SEARCH]), max_size=5), st.integers(1, 3))
def test_streamed_and_whole_are_the_same(content: list[messages.Block], size: int) -> None:
    reply = message(*content)
    assert streamed(JsonExtraction("{"), reply, size) == JsonExtraction("{").message(reply)


def test_what_was_said_before_a_search_is_no_part_of_the_json() -> None:
    reply = message("I will look.", SEARCH, "Found: ", '{"a": 1}', " Good?")
    left = JsonExtraction("{").message(reply)
    assert left == message("", SEARCH, "", '{"a": 1}', "")
    assert streamed(JsonExtraction("{"), reply, 2) == left


def test_what_is_said_before_a_call_stays() -> None:
    reply = message("I will look.", call(), stop_reason="tool_use")
    assert streamed(JsonExtraction("{"), reply, 2) == JsonExtraction("{").message(reply) == reply


def test_json_that_citations_split_over_blocks_stays_whole() -> None:
    """Annotated text comes in several blocks; braces in a value of one of them are no JSON of their own."""
    pieces = ('{"a": "', "x {y} z", '"} and so on', " {}")
    reply = messages.Message("m", "x", tuple(messages.Text(piece) for piece in pieces), stop_reason="end_turn")
    left = JsonExtraction("{").message(reply)
    assert "".join(block.text for block in left.content if isinstance(block, messages.Text)) == '{"a": "x {y} z"}'
    streamed = messages.Accumulator()
    reply_filter = JsonExtraction("{")
    for event in messages.as_events(reply):
        streamed.feed_all(reply_filter.feed(event))
    assert [b.text for b in streamed.message().content if isinstance(b, messages.Text)] == [
        b.text for b in left.content if isinstance(b, messages.Text)
    ]
