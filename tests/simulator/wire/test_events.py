"""The stream of a Message: what the parts add up to, and how each looks on the wire."""

import json

import pytest

from claude_code_proxy.simulator.answers import envelope
from claude_code_proxy.simulator.answers.prompt_cache import CacheUsage
from claude_code_proxy.simulator.wire import events
from tests.simulator.requests import NEW, SEARCH, WEATHER, Json, accept, answer_to, document, make_request, text, user
from tests.simulator.streams import parse_events, rebuild

BODIES = {
    "words": make_request("Hello, Wörld 😀"),
    "long": make_request("[[simulate: words=300]]"),
    "call": make_request("weather in Rome?", tools=[WEATHER]),
    "thinking": make_request("Hello", model=NEW, thinking={"type": "adaptive", "display": "summarized"}),
    "hidden thinking": make_request("Hello", model=NEW),
    "search": make_request("search the web", tools=[SEARCH]),
    "citations": make_request(user(document(citations={"enabled": True}), text("a"))),
    "refusal": make_request("[[simulate: refusal]]"),
    "stop": make_request("Count to 9", stop_sequences=["5"]),
    "cut call": make_request("weather " * 50, tools=[WEATHER], tool_choice={"type": "any"}, max_tokens=6),
    "no arguments": make_request(
        "ping", tools=[{"name": "ping_it", "input_schema": {"type": "object"}}], tool_choice={"type": "any"}
    ),
    "unknown": make_request("[[simulate: unknown]] a"),
}


def streamed(body: Json) -> tuple[Json, list[events.Frame]]:
    answer = answer_to(body)
    message = envelope.message(accept(body), answer, cached=CacheUsage(), message_id="msg_1")
    return message, events.frames(message, cut_json=answer.cut_json, unknown=answer.unknown)


@pytest.mark.parametrize("name", BODIES)
def test_the_parts_add_up_to_the_whole(name: str) -> None:
    message, frames = streamed(BODIES[name])
    whole = json.loads(json.dumps(message))
    assert rebuild(parse_events(b"".join(frame.data for frame in frames))) == whole


def test_events_look_like_the_real_ones() -> None:
    _, frames = streamed(BODIES["words"])
    lines = b"".join(frame.data for frame in frames).decode().split("\n")
    assert lines[0] == "event: message_start"
    assert lines[1].startswith('data: {"type":"message_start","message":{"model":"claude-sonnet-4-6","id":"msg_1"')
    assert any(line.startswith("data: ") and line.endswith(" }") for line in lines), "some events are padded"
    assert lines.count("event: ping") == 1
    assert "😀" in "".join(lines)


def test_a_call_starts_empty_and_its_first_piece_too() -> None:
    _, frames = streamed(BODIES["call"])
    found = parse_events(b"".join(frame.data for frame in frames))
    start = next(event for event in found if event["type"] == "content_block_start" and event["index"] == 1)
    assert start["content_block"]["input"] == {}
    pieces = [
        event["delta"]["partial_json"] for event in found if event.get("delta", {}).get("type") == "input_json_delta"
    ]
    assert pieces[0] == ""
    assert json.loads("".join(pieces)) == {"city": "Rome"}


def test_a_call_without_arguments_says_nothing_more() -> None:
    _, frames = streamed(BODIES["no arguments"])
    found = parse_events(b"".join(frame.data for frame in frames))
    pieces = [event["delta"] for event in found if event["type"] == "content_block_delta"]
    assert pieces == [{"type": "input_json_delta", "partial_json": ""}]


def test_hidden_thinking_is_one_signature() -> None:
    _, frames = streamed(BODIES["hidden thinking"])
    found = parse_events(b"".join(frame.data for frame in frames))
    deltas = [
        event["delta"]["type"] for event in found if event["type"] == "content_block_delta" and event["index"] == 0
    ]
    assert deltas == ["signature_delta"]


def test_usage_grows_to_its_end() -> None:
    message, frames = streamed(BODIES["search"])
    found = parse_events(b"".join(frame.data for frame in frames))
    assert found[0]["message"]["usage"]["output_tokens"] == 1
    assert found[-2]["usage"]["output_tokens"] == message["usage"]["output_tokens"] > 1
    assert found[-2]["usage"]["server_tool_use"] == {"web_search_requests": 1, "web_fetch_requests": 0}
