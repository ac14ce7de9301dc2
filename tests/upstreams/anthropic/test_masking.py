"""The credential in what an upstream sends: masked everywhere, but in the model's own words."""

import json
from typing import Any

import pytest

from claude_code_proxy.secret import Secret
from claude_code_proxy.upstreams.anthropic.masking import mask_event, mask_lines, mask_message

KEY = "sk-ant-test-of-the-proxy"
SECRET = Secret(KEY)
WORDS = f"My key is {KEY}."


def leaks(value: Any) -> Any:
    """Return the value with the key in each of its strings and names."""
    if isinstance(value, dict):
        return {f"{name}": leaks(inner) for name, inner in value.items()} | {KEY: KEY}
    return [leaks(inner) for inner in value] if isinstance(value, list) else KEY


MESSAGE = {
    **leaks({"id": "", "model": "", "stop_sequence": "", "usage": {"service_tier": ""}, "container": {"id": ""}}),
    "type": "message",
    "content": [
        {"type": "text", "text": WORDS, "citations": [{"cited_text": KEY}], "new": KEY},
        {"type": "thinking", "thinking": WORDS, "signature": KEY},
        {"type": "tool_use", "id": KEY, "name": KEY, "input": {"at": WORDS, KEY: 1}},
        {"type": "mcp_tool_use", "id": KEY, "server_name": KEY, "input": {"at": WORDS}},
        {"type": "web_search_tool_result", "content": [{"title": KEY}], "text": KEY},
        {"type": "hologram", "text": KEY, "input": KEY},
    ],
}


def of_model(message: Any) -> list[Any]:
    text, thinking, call, mcp_call = message["content"][:4]
    return [text.pop("text"), thinking.pop("thinking"), call.pop("input"), mcp_call.pop("input")]


def test_a_message() -> None:
    masked = json.loads(mask_message(json.dumps(MESSAGE).encode(), SECRET))
    assert of_model(masked) == [WORDS, WORDS, {"at": WORDS, KEY: 1}, {"at": WORDS}]
    assert KEY not in json.dumps(masked)
    assert masked["id"] == "****"


def test_words_stay_byte_for_byte() -> None:
    words = rb'{ "a": "\u00e9 ' + KEY.encode() + rb'", "n": 1.0 }'
    body = b'{"id":"%b","content":[{"type":"tool_use","input":%b}]}' % (KEY.encode(), words)
    assert words in mask_message(body, SECRET)


@pytest.mark.parametrize(
    "body", [b"nonsense %b", b'{"content":"%b"}', b'{"content":[5,"%b"]}', b'["%b"]', b'{"a":"%b"}']
)
def test_what_is_no_message(body: bytes) -> None:
    assert mask_message(body % KEY.encode(), SECRET) == body % b"****"


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": WORDS, "new": KEY}}, 1),
        ({"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": WORDS}}, 1),
        ({"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": WORDS}}, 1),
        ({"type": "content_block_delta", "index": 0, "delta": {"citation": {"cited_text": KEY}}, "new": KEY}, 0),
        ({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": WORDS, "x": KEY}}, 1),
        ({"type": "content_block_start", "index": 0, "content_block": {"type": "tool_use", "id": KEY}}, 0),
        ({"type": "message_start", "message": {"id": KEY, "content": [], "model": KEY}}, 0),
        ({"type": "message_start", "message": KEY}, 0),
        ({"type": "message_delta", "delta": {"stop_sequence": KEY}, "text": KEY}, 0),
        ({"type": "error", "error": {"message": KEY}}, 0),
        ({"type": KEY, "text": KEY}, 0),
        ({"text": KEY}, 0),
    ],
)
def test_an_event(event: dict[str, Any], words: int) -> None:
    data = json.dumps(event).encode()
    masked = mask_event(data, SECRET)
    assert masked.count(KEY.encode()) == words
    assert json.loads(masked).keys() == event.keys()
    line = mask_lines(b"event: " + KEY.encode() + b"\r\ndata: " + data + b"\r\n\r\n", SECRET)
    assert line == b"event: ****\r\ndata: " + masked + b"\r\n\r\n"


def test_what_cannot_be_read_is_masked_throughout() -> None:
    deep = b'{"delta":' + b"[" * 50_000 + KEY.encode()
    assert mask_event(deep, SECRET) == deep.replace(KEY.encode(), b"****")
