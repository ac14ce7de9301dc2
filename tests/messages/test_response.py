"""A Message as the API answers it."""

import json
from typing import Any

import msgspec
import pytest
from msgspec import Raw

from claude_code_proxy import messages

BODY: dict[str, Any] = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-x",
    "content": [{"type": "text", "text": "Hi."}, {"type": "hologram"}],
    "stop_reason": "refusal",
    "stop_sequence": None,
    "stop_details": {"type": "refusal", "category": "bio", "explanation": "No."},
    "container": None,
    "usage": {
        "input_tokens": 3,
        "cache_creation_input_tokens": None,
        "cache_read_input_tokens": 0,
        "cache_creation": {"ephemeral_5m_input_tokens": 1, "ephemeral_1h_input_tokens": 2},
        "output_tokens": 4,
        "output_tokens_details": {"thinking_tokens": 2},
        "server_tool_use": {"web_search_requests": 1},
        "service_tier": "standard",
        "iterations": [],
    },
}


def test_a_message() -> None:
    message = messages.decode_message(json.dumps(BODY).encode())
    assert message.content[0] == messages.Text("Hi.")
    assert isinstance(message.content[1], messages.UnknownBlock)
    assert message.stop_details == messages.StopDetails("refusal", "bio", "No.")
    assert message.usage == messages.Usage(
        3,
        4,
        None,
        0,
        messages.CacheCreation(1, 2),
        messages.TokenDetails(2),
        messages.ServerToolUsage(1),
        "standard",
    )


def test_a_message_that_tells_no_counts() -> None:
    assert messages.decode_message(b'{"id":"a","model":"b","content":[],"usage":null}').usage == messages.Usage()


@pytest.mark.parametrize(
    "count",
    [
        b"1" + b"0" * 400,
        b"-5",
        b"3.5",
        b"1e400",
        b'"20"',
        b"[1]",
        b"true",
        b"{}",
        b"18446744073709551616",
        b"500000001",
    ],
)
def test_a_count_that_is_none_counts_as_not_told(count: bytes) -> None:
    usage = b'{"input_tokens":7,"output_tokens":' + count + b',"cache_creation":' + count + b',"new":' + count + b"}"
    read = messages.decode_message(b'{"id":"a","model":"b","content":[],"usage":' + usage + b"}").usage
    assert (read.input_tokens, read.output_tokens) == (7, None)
    assert read.cache_creation in (None, messages.CacheCreation())
    assert messages.decode_usage(Raw(usage)) == read


@pytest.mark.parametrize("usage", [b"null", b"[]", b"5", b'"none"', b""])
def test_a_usage_that_is_none(usage: bytes) -> None:
    assert messages.decode_usage(Raw(usage)) == messages.Usage()


@pytest.mark.parametrize(
    "body", [b"", b"{}", b'{"id":"a","model":"b"}', b'{"id":"a","model":"b","content":[{}]}', b"<html>"]
)
def test_what_is_no_message(body: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        messages.decode_message(body)


def test_later_counts_replace_earlier_ones_and_silence_keeps_them() -> None:
    usage = messages.Usage(input_tokens=10, output_tokens=1, cache_read_input_tokens=5, service_tier="standard")
    later = messages.Usage(output_tokens=40, input_tokens=12)
    assert usage.updated(later) == messages.Usage(
        input_tokens=12, output_tokens=40, cache_read_input_tokens=5, service_tier="standard"
    )
    assert usage.updated(messages.Usage()) is usage


@pytest.mark.parametrize(
    ("raw", "urls"),
    [
        (b"", []),
        (b"null", []),
        (b"[]", []),
        (b'[{"type":"web_search_result_location","url":"https://a","encrypted_index":"x"}]', ["https://a"]),
        (b'[{"type":"char_location","cited_text":"x"},{"url":7},5]', [None, None, None]),
    ],
)
def test_citations_of_any_shape(raw: bytes, urls: list[str | None]) -> None:
    assert [citation.url for citation in messages.decode_citations(Raw(raw))] == urls


def test_the_tokens_of_a_compaction_are_counted_as_a_request_of_their_own() -> None:
    iteration = {"type": "compaction", "input_tokens": 7, "output_tokens": 3, "cache_read_input_tokens": 2}
    usage = {"input_tokens": 1, "output_tokens": 0, "iterations": [{"type": "message"}, iteration]}
    made = messages.decode_message(json.dumps({"id": "m", "model": "x", "content": [], "usage": usage}).encode()).usage
    assert (made.input_tokens, made.output_tokens, made.cache_read_input_tokens) == (8, 3, 2)
    assert made.requests is not None
    assert [(each.input_tokens, each.output_tokens) for each in made.requests] == [(1, 0), (7, 3)]
