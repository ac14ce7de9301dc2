"""From a block of the Messages request back to the field it was made from."""

import json
from typing import Any

import pytest

from claude_code_proxy.endpoints.chat_completions import CHAT_COMPLETIONS
from tests.endpoints.replies import asked

IMAGE = {"type": "image_url", "image_url": {"url": "https://example.com/cat.png"}}
FILE = {"type": "file", "file": {"file_id": "file_1"}}
TEXT = {"type": "text", "text": "Look."}
CHAT: list[dict[str, Any]] = [
    {"role": "system", "content": "Be brief."},
    {"role": "developer", "content": "Be kind."},
    {"role": "user", "content": [TEXT, IMAGE, FILE]},
    {"role": "assistant", "tool_calls": [{"id": "a", "type": "function", "function": {"name": "f", "arguments": ""}}]},
    {"role": "tool", "tool_call_id": "a", "content": [TEXT, IMAGE]},
    {"role": "system", "content": "It is late."},
    {"role": "user", "content": "Well?"},
]


@pytest.mark.parametrize(
    ("block", "path"),
    [
        ((0, 0), "messages[2].content[0]"),
        ((0, 1), "messages[2].content[1].image_url"),
        ((0, 2), "messages[2].content[2].file"),
        ((0, 9), "messages[2].content"),
        ((1, 0), "messages[3]"),
        ((2, 0, 1), "messages[4].content[1].image_url"),
        ((2, 0), "messages[4].content"),
        ((3, 0), "messages[5].content"),
        ((4, 0), "messages[6].content"),
        ((5, 0), None),
    ],
)
def test_paths(block: tuple[int, ...], path: str | None) -> None:
    assert len(asked(messages=CHAT).request.messages) == 5
    assert CHAT_COMPLETIONS.path_of(json.dumps({"messages": CHAT}).encode(), block) == path
