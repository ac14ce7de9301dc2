"""Reads a stream of the simulator back into a Message, and strictly: order, indexes, cumulative usage, one end."""

import json
from typing import Any

Json = dict[str, Any]


def parse_events(data: bytes) -> list[Json]:
    found = []
    for frame in data.decode().split("\n\n"):
        if not frame.strip():
            continue
        name, body = frame.lstrip("\n").split("\n", 1)
        event = json.loads(body.removeprefix("data: "))
        assert name == f"event: {event['type']}"
        found.append(event)
    return found


def rebuild(events: list[Json]) -> Json:
    """Return the Message that these events add up to."""
    events = [event for event in events if event["type"] not in {"ping", "simulated_event"}]
    assert events[0]["type"] == "message_start"
    assert [event["type"] for event in events[-2:]] == ["message_delta", "message_stop"]
    message: Json = {**events[0]["message"], "content": []}
    current: Json | None = None
    for event in events[1:-2]:
        match event["type"]:
            case "content_block_start":
                assert current is None
                assert event["index"] == len(message["content"])
                current = {**event["content_block"], "_json": ""}
                message["content"].append(current)
            case "content_block_delta":
                assert current is not None
                _add(current, event["delta"])
            case "content_block_stop":
                assert current is not None
                _close(current)
                current = None
            case kind:
                raise AssertionError(kind)
    if current is not None:  # a call that its limit cut off
        assert events[-2]["delta"]["stop_reason"] == "max_tokens"
        current.pop("_json")
    ended = events[-2]
    return {**message, **ended["delta"], "usage": {**message["usage"], **ended["usage"]}}


def _add(block: Json, delta: Json) -> None:
    match delta["type"]:
        case "text_delta":
            block["text"] += delta["text"]
        case "thinking_delta":
            block["thinking"] += delta["thinking"]
        case "signature_delta":
            assert not block["signature"]
            block["signature"] = delta["signature"]
        case "input_json_delta":
            block["_json"] += delta["partial_json"]
        case "citations_delta":
            block["citations"].append(delta["citation"])
        case kind:
            raise AssertionError(kind)


def _close(block: Json) -> None:
    written = block.pop("_json")
    if block["type"] in {"tool_use", "server_tool_use"}:
        block["input"] = json.loads(written or "{}")
