"""Events of a stream: known ones typed, new ones passed over, broken ones refused."""

import json
from typing import Any

import msgspec
import pytest
from msgspec import Raw

from claude_code_proxy import messages


def decode(event: Any) -> messages.Event:
    return messages.decode_event(json.dumps(event, separators=(",", ":")).encode())


def delta(**fields: Any) -> messages.Delta:
    event = decode({"type": "content_block_delta", "index": 3, "delta": fields})
    assert isinstance(event, messages.ContentBlockDelta)
    assert event.index == 3
    return event.delta


def test_every_delta() -> None:
    assert delta(type="text_delta", text="Hi.") == messages.TextDelta("Hi.")
    assert delta(type="input_json_delta", partial_json='{"a') == messages.InputJsonDelta('{"a')
    assert delta(type="thinking_delta", thinking="Hm.") == messages.ThinkingDelta("Hm.")
    assert delta(type="signature_delta", signature="c2ln") == messages.SignatureDelta("c2ln")


def test_a_citation_is_looked_into_only_when_asked() -> None:
    citation = delta(
        type="citations_delta", citation={"type": "web_search_result_location", "url": "https://a", "title": None}
    )
    assert isinstance(citation, messages.CitationsDelta)
    assert citation.decoded() == messages.Citation("web_search_result_location", "https://a")
    assert messages.CitationsDelta(Raw(b'{"url":5}')).decoded() == messages.Citation()


def test_a_message_starts_with_its_blocks_and_usage() -> None:
    body = {"id": "msg_1", "model": "claude-x", "content": [], "usage": {"input_tokens": 3, "output_tokens": 1}}
    started = decode({"type": "message_start", "message": body})
    assert started == messages.MessageStart(messages.Message("msg_1", "claude-x", (), usage=messages.Usage(3, 1)))


def test_a_block_starts() -> None:
    block = {"type": "text", "text": "", "citations": None}
    assert decode({"type": "content_block_start", "index": 0, "content_block": block}) == messages.ContentBlockStart(
        0, messages.Text("", citations=Raw(b"null"))
    )
    unknown = decode({"type": "content_block_start", "index": 1, "content_block": {"type": "hologram"}})
    assert unknown == messages.ContentBlockStart(1, messages.UnknownBlock("hologram", b'{"type":"hologram"}'))


def test_the_rest() -> None:
    assert decode({"type": "content_block_stop", "index": 2}) == messages.ContentBlockStop(2)
    assert decode({"type": "message_stop"}) == messages.MessageStop()
    assert decode({"type": "ping"}) == messages.Ping()
    end = {
        "type": "message_delta",
        "delta": {"stop_reason": "end_turn", "container": None},
        "usage": {"output_tokens": 7},
    }
    assert decode(end) == messages.MessageDelta(messages.DeltaBody("end_turn"), messages.Usage(output_tokens=7))
    error = decode({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded", "details": None}})
    assert error == messages.ErrorEvent(messages.ErrorBody("overloaded_error", "Overloaded"))


def test_an_end_that_tells_no_counts() -> None:
    end = decode({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": None})
    assert end == messages.MessageDelta(messages.DeltaBody("end_turn"), messages.Usage())


def test_an_error_keeps_its_words_whatever_is_around_them() -> None:
    assert decode({"type": "error", "error": "Oh."}) == messages.ErrorEvent(messages.ErrorBody(message="Oh."))
    odd = decode({"type": "error", "error": {"message": "Oh.", "details": ["odd"]}, "request_id": "req_1"})
    assert odd == messages.ErrorEvent(messages.ErrorBody(message="Oh."), "req_1")


def test_a_later_end_keeps_what_it_does_not_replace() -> None:
    first = messages.DeltaBody("max_tokens", None, messages.StopDetails(explanation="Too long."))
    assert first.updated(messages.DeltaBody()) == first
    assert first.updated(messages.DeltaBody("stop_sequence", "END")) == messages.DeltaBody(
        "stop_sequence", "END", first.stop_details
    )


def test_news_is_a_value() -> None:
    assert decode({}) == messages.UnknownEvent("")
    assert decode({"type": "weather", "sky": "blue"}) == messages.UnknownEvent("weather")
    assert delta(type="glitter_delta", colour="gold") == messages.UnknownDelta("glitter_delta")


@pytest.mark.parametrize(
    "data",
    [
        b"{",
        b"[]",
        b'{"type":"message_start"}',
        b'{"type":"message_start","message":{"id":"a"}}',
        b'{"type":"content_block_start","index":0}',
        b'{"type":"content_block_start","index":0,"content_block":{}}',
        b'{"type":"content_block_stop"}',
        b'{"type":"content_block_delta","delta":{"type":"text_delta","text":"x"}}',
        b'{"type":"message_delta"}',
        b'{"type":"error","error":1}',
    ],
)
def test_an_event_that_lacks_what_it_must_have_is_no_event(data: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        messages.decode_event(data)


@pytest.mark.parametrize("count", [b"1" + b"0" * 400, b"-5", b"3.5", b"1e400", b'"20"', b"[1]", b"true"])
def test_totals_that_are_none_cost_no_answer(count: bytes) -> None:
    data = b'{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":' + count + b"}}"
    assert messages.decode_event(data) == messages.MessageDelta(messages.DeltaBody("end_turn"))


@pytest.mark.parametrize("index", [b"-1", b"0.5", b'"0"', b"null", b"1" + b"0" * 400, b"1e400", b"[]"])
@pytest.mark.parametrize(
    "rest",
    [
        b'"type":"content_block_start","content_block":{"type":"text","text":""}',
        b'"type":"content_block_delta","delta":{"type":"text_delta","text":""}',
        b'"type":"content_block_delta","delta":{"type":"glitter_delta"}',
        b'"type":"content_block_stop"',
    ],
)
def test_an_index_that_is_none(index: bytes, rest: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        messages.decode_event(b'{"index":' + index + b"," + rest + b"}")
