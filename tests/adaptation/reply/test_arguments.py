"""Calls come back under the caller's names, with arguments in the caller's shape, whole and streamed."""

import json

from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from claude_code_proxy import messages
from claude_code_proxy.adaptation.reply.arguments import Renames, RestoredCalls, reshaped, restored
from claude_code_proxy.adaptation.schemas.input_schema import InputSchema
from tests.adaptation.replies import message, streamed
from tests.adaptation.requests import assistant, call, user

KEYS = InputSchema(Raw(b"{}"), keys=(("_top", "$top"), ("a_b", "a b")))
WRAP = InputSchema(Raw(b"{}"), wrapped=True)
RENAMES = Renames({"a.b": "a_b"}, {"a_b": "a.b"}, {"a_b": KEYS, "either": WRAP})


def test_trap_45_renamed_properties_there_and_back() -> None:
    there = reshaped(Raw(b'{"$top": 1, "x": {"$top": 2}}'), KEYS)
    assert bytes(there) == b'{"_top":1,"x":{"$top": 2}}'
    assert json.loads(bytes(restored(there, KEYS))) == {"$top": 1, "x": {"$top": 2}}


def test_wrapped_arguments_there_and_back() -> None:
    assert bytes(reshaped(Raw(b' {"a":1}'), WRAP)) == b'{"value":{"a":1}}'
    assert bytes(reshaped(Raw(b""), WRAP)) == b'{"value":{}}'
    assert bytes(restored(Raw(b'{"value": [1, 2]}'), WRAP)) == b"[1, 2]"


def test_a_wrapped_object_that_the_model_wrote_as_a_string_is_the_object() -> None:
    assert bytes(restored(Raw(b'{"value":"{\\"city\\":\\"Oslo\\"}"}'), WRAP)) == b'{"city":"Oslo"}'
    assert bytes(restored(Raw(b'{"value":"words"}'), WRAP)) == b'"words"'


def test_what_the_model_did_not_wrap_stays() -> None:
    for odd in (b'{"a":1}', b'{"value":1,"b":2}', b'{"value":', b"[]"):
        assert bytes(restored(Raw(odd), WRAP)) == odd
    assert bytes(restored(Raw(b'{"_top":'), KEYS)) == b'{"_top":'


def test_the_history_goes_down_and_nothing_else_changes() -> None:
    talk = (user("a"), assistant("b"), assistant("c", call("x", "a.b", '{"$top":1}'), call("y", "other")))
    down = RENAMES.down(talk)
    assert down == (user("a"), assistant("b"), assistant("c", call("x", "a_b", '{"_top":1}'), call("y", "other")))
    assert down[0] is talk[0]
    assert down[1] is talk[1]


def test_it_says_whether_there_is_anything_to_undo() -> None:
    assert RENAMES
    assert not Renames({}, {}, {})


def test_a_stream_of_a_reshaped_call_is_held_until_it_is_whole() -> None:
    calls = RestoredCalls(RENAMES)
    started = calls.feed(messages.ContentBlockStart(0, call("x", "a_b")))
    assert started == (messages.ContentBlockStart(0, call("x", "a.b")),)
    assert calls.feed(messages.ContentBlockDelta(0, messages.InputJsonDelta('{"_t'))) == ()
    assert calls.feed(messages.ContentBlockDelta(0, messages.InputJsonDelta('op":1}'))) == ()
    assert calls.feed(messages.ContentBlockStop(0)) == (
        messages.ContentBlockDelta(0, messages.InputJsonDelta('{"$top":1}')),
        messages.ContentBlockStop(0),
    )
    assert calls.close() == ()


def test_a_stream_of_any_other_call_flows() -> None:
    calls = RestoredCalls(RENAMES)
    delta = messages.ContentBlockDelta(0, messages.InputJsonDelta('{"'))
    calls.feed(messages.ContentBlockStart(0, call("x", "other")))
    assert calls.feed(delta) == (delta,)


def test_a_call_without_arguments_stays_without() -> None:
    calls = RestoredCalls(RENAMES)
    calls.feed(messages.ContentBlockStart(0, call("x", "a_b")))
    assert calls.feed(messages.ContentBlockStop(0)) == (messages.ContentBlockStop(0),)


def test_a_call_that_was_cut_short_is_given_back_as_it_is() -> None:
    calls = RestoredCalls(RENAMES)
    calls.feed(messages.ContentBlockStart(0, call("x", "a_b")))
    calls.feed(messages.ContentBlockDelta(0, messages.InputJsonDelta('{"_top":')))
    end = messages.MessageDelta(messages.DeltaBody("max_tokens"))
    assert calls.feed(end) == (messages.ContentBlockDelta(0, messages.InputJsonDelta('{"_top":')), end)
    assert calls.close() == ()


CONTENT: list[messages.Block] = [
    messages.Text("hi"),
    call("x", "a_b", '{"_top": [1], "z": "ü"}'),
    call("y", "either", '{"value": {"a": 1}}'),
    call("z", "other", '{"value": {"a": 1}}'),
]
REPLIES = st.lists(st.sampled_from(CONTENT), max_size=4).map(lambda content: message(*content, stop_reason="tool_use"))


@given(REPLIES, st.integers(1, 5))
def test_streamed_and_whole_are_the_same(reply: messages.Message, size: int) -> None:
    assert streamed(RestoredCalls(RENAMES), reply, size) == RestoredCalls(RENAMES).message(reply)
