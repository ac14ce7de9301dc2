"""Replies in the API's own shape that did not come in it."""

import json
from typing import Any

import pytest

from claude_code_proxy import messages
from claude_code_proxy.endpoints.endpoint import ReplyContext
from claude_code_proxy.endpoints.messages.response import NativeStream, render_message
from claude_code_proxy.errors import UpstreamBroke
from tests.server.scripted_upstream import MESSAGE, error_event, spelled

CONTEXT = ReplyContext("msg_f00d", 0, "alias", lambda _: None)
RICH: dict[str, Any] = {
    **MESSAGE,
    "content": [
        {"type": "thinking", "thinking": "", "signature": "a+/="},
        {"type": "text", "text": "Hello there."},
        {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"a": 1.5}},
        {"type": "new_block", "x": [1]},
    ],
    "stop_reason": "tool_use",
}


@pytest.mark.parametrize("message", [MESSAGE, RICH])
def test_a_message_is_what_it_was_but_for_the_name_that_was_asked_for(message: dict[str, Any]) -> None:
    decoded = messages.decode_message(json.dumps(message).encode())
    expected = {**message, "model": "alias", "stop_details": None}
    assert json.loads(render_message(decoded, CONTEXT)) == expected


def frames_of(events: tuple[dict[str, Any], ...]) -> list[tuple[str, Any]]:
    stream = NativeStream(CONTEXT)
    sent = b"".join(stream.feed(messages.decode_event(json.dumps(event).encode())) for event in events) + stream.close()
    lines = [frame.split("\n") for frame in sent.decode().split("\n\n")[:-1]]
    return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data in lines]


def test_a_stream_has_the_events_by_their_names() -> None:
    events = ({"type": "ping"}, *spelled(MESSAGE))
    frames = frames_of(events)
    assert [name for name, _ in frames] == [event["type"] for event in events]
    assert all(data["type"] == name for name, data in frames)
    assert frames[1][1]["message"]["model"] == "alias"
    assert [data for name, data in frames if name == "content_block_delta"] == [
        event for event in events if event["type"] == "content_block_delta"
    ]
    usage = frames[-2][1]["usage"]
    assert (usage["input_tokens"], usage["output_tokens"]) == (25, 12)


def test_what_the_types_do_not_know_is_left_out() -> None:
    new = {"type": "content_block_delta", "index": 0, "delta": {"type": "new_delta", "x": 1}}
    frames = frames_of((*spelled(MESSAGE)[:1], {"type": "new_event"}, new, *spelled(MESSAGE)[1:]))
    assert len(frames) == len(spelled(MESSAGE))


def test_a_stream_that_breaks_off_cannot_be_closed_and_fails_with_an_error_event() -> None:
    stream = NativeStream(CONTEXT)
    with pytest.raises(UpstreamBroke) as caught:
        stream.close()
    name, data = stream.fail(caught.value).decode().removesuffix("\n\n").split("\n")
    assert name == "event: error"
    assert json.loads(data.removeprefix("data: "))["error"]["type"] == error_event("api_error")["error"]["type"]
