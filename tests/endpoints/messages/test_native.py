"""What is read of requests and replies that go on as they are."""

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_code_proxy import messages
from claude_code_proxy.endpoints.messages.native import EventRelay, NativeMessage
from claude_code_proxy.errors import InvalidRequest, UpstreamBroke, UpstreamRejected
from tests.server.scripted_upstream import MESSAGE, USAGE, end, error_event, frames, spelled, start, text

BODY = b'{"model":"alias", "stream":true, "messages":[], "new":1.0}'
TOTAL = messages.Usage(input_tokens=25, output_tokens=12)


def test_a_request_is_itself_but_for_an_alias() -> None:
    native = NativeMessage(BODY)
    assert (native.model, native.stream) == ("alias", True)
    assert native.naming("alias") is BODY
    assert native.naming("claude-x") == BODY.replace(b"alias", b"claude-x")


@pytest.mark.parametrize("body", [b"{}", b'{"stream":null}', b'{"stream":false,"messages":{"model":1}}'])
def test_what_is_not_given_is_the_upstreams_to_refuse(body: bytes) -> None:
    native = NativeMessage(body)
    assert (native.model, native.stream) == ("", False)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "not valid JSON"),
        (b'{"model":', "not valid JSON"),
        (b"[]", "Expected `object`"),
        (b'{"model":3}', "^model: Expected `str`"),
        (b'{"stream":"yes"}', "^stream: Expected `bool"),
        (b'{"model":"\xff"}', "UTF-8"),
        (b'{"a":' * 100_000, "nested too deeply|not valid JSON"),
    ],
)
def test_what_cannot_be_read_is_refused(body: bytes, words: str) -> None:
    with pytest.raises(InvalidRequest, match=words):
        NativeMessage(body)


def test_a_reply_is_itself_and_tells_its_usage() -> None:
    body = json.dumps(MESSAGE).encode()
    native = NativeMessage(BODY)
    native.naming("alias")
    reply, usage, reason = native.reply(body)
    assert reply is body
    assert (usage, reason) == (TOTAL, MESSAGE["stop_reason"])


def test_a_reply_names_what_was_asked_for() -> None:
    native = NativeMessage(BODY)
    native.naming("claude-sonnet-4-6")
    reply, *_ = native.reply(json.dumps(MESSAGE).encode())
    assert json.loads(reply) == {**MESSAGE, "model": "alias"}


def test_a_count_has_no_usage_and_no_model() -> None:
    assert NativeMessage(BODY).reply(b'{"input_tokens": 7}') == (b'{"input_tokens": 7}', None, None)
    native = NativeMessage(BODY)
    native.naming("claude-x")
    assert native.reply(b'{"input_tokens": 7}') == (b'{"input_tokens": 7}', None, None)


@pytest.mark.parametrize("body", [b"", b"<html>", b'"x"', b"\xff"])
def test_a_reply_that_is_none_broke(body: bytes) -> None:
    with pytest.raises(UpstreamBroke):
        NativeMessage(BODY).reply(body)


def test_a_stream_passes_and_tells_usage_and_end() -> None:
    relay = EventRelay(None)
    body = frames(*spelled(MESSAGE))
    assert relay.feed(body) is body
    assert (relay.ended, relay.usage, relay.error_kind) == (True, TOTAL, None)
    assert relay.stop_reason == MESSAGE["stop_reason"]
    relay.close()


@given(st.sets(st.integers(0, len(spelled(MESSAGE)))))
def test_however_many_events_come_at_once(cuts: set[int]) -> None:
    events = spelled(MESSAGE)
    edges = [0, *sorted(cuts), len(events)]
    relay = EventRelay("alias")
    passed = b"".join(relay.feed(frames(*events[a:b])) for a, b in itertools.pairwise(edges))
    assert passed == frames(start({**MESSAGE, "model": "alias"}), *events[1:])
    assert (relay.ended, relay.usage.output_tokens) == (True, USAGE["output_tokens"])


def test_words_that_look_like_events_are_words() -> None:
    relay = EventRelay("alias")
    said = frames(text('{"type":"message_stop"} "error" message_start'))
    assert relay.feed(said) == said
    assert (relay.ended, relay.error_kind) == (False, None)


def test_a_stream_without_its_end_broke() -> None:
    relay = EventRelay(None)
    relay.feed(frames(start(), end()[0]))
    with pytest.raises(UpstreamBroke):
        relay.close()


def test_an_error_of_the_upstreams_is_its_end() -> None:
    relay = EventRelay(None)
    said = frames(error_event("overloaded_error"))
    assert relay.feed(said) == said
    assert relay.error_kind == "overloaded_error"
    relay.close()


def test_events_that_cannot_be_read_are_passed_on() -> None:
    relay = EventRelay("alias")
    strange = b'data: {"type":"message_start","message":7}\n\ndata: message_delta\n\ndata: {"type":"error"}\n\n'
    assert relay.feed(strange) == strange


def test_a_failure_is_an_error_event() -> None:
    name, data = EventRelay(None).fail(UpstreamBroke("Broken."), "req_1").decode().removesuffix("\n\n").split("\n")
    assert name == "event: error"
    assert json.loads(data.removeprefix("data: ")) == {
        "type": "error",
        "error": {"type": "api_error", "message": "Broken."},
        "request_id": "req_1",
    }


def test_a_body_of_several_lines_stays_one_event() -> None:
    body = b'{\n "type": "error"\n}'
    error = UpstreamRejected("x", status=400, kind="invalid_request_error", body=body)
    assert EventRelay(None).fail(error, "r") == b'event: error\ndata: {\ndata:  "type": "error"\ndata: }\n\n'
