"""Answers in JSON, held back until they can be used."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_code_proxy import messages
from claude_code_proxy.adaptation.reply.held_answer import HeldAnswer
from tests.adaptation.replies import events, message, streamed
from tests.adaptation.requests import call


def is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def held(opener: str = "{") -> HeldAnswer:
    return HeldAnswer(opener, is_object)


@given(st.dictionaries(st.text(), st.lists(st.integers(), max_size=2), max_size=3), st.integers(1, 5))
def test_nothing_is_passed_on_before_the_json_is_whole(value: dict[str, list[int]], size: int) -> None:
    answer = held()
    text = json.dumps(value)
    heard = ""
    for event in events(message(text), size):
        passed = answer.feed(event)
        if isinstance(event, messages.ContentBlockDelta) and isinstance(event.delta, messages.TextDelta):
            heard += event.delta.text
            assert bool(passed) == (heard == text)
    assert held().message(message(text)) == message(text)
    assert streamed(held(), message(text), size) == message(text)


@pytest.mark.parametrize(
    "reply",
    [
        message("No idea.", stop_reason="refusal"),
        message('{"a": ', stop_reason="max_tokens"),
        message("{no JSON}", stop_reason="refusal"),
        message("Let me see.", call(), stop_reason="tool_use"),
        message(stop_reason="end_turn"),
        message('{"a": 1} {"b": 2}'),
    ],
)
def test_what_never_becomes_whole_passes_at_the_end(reply: messages.Message) -> None:
    assert streamed(held(), reply) == reply
    assert streamed(held(""), reply) == reply


def test_a_call_releases_what_stands_before_it() -> None:
    answer = held()
    assert answer.feed(messages.ContentBlockDelta(0, messages.TextDelta("Let me see."))) == ()
    start = messages.ContentBlockStart(1, call())
    assert answer.feed(start) == (messages.ContentBlockDelta(0, messages.TextDelta("Let me see.")), start)
    assert answer.close() == ()
