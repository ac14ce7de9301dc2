"""Messages requests as the hub's types: nothing lost in silence."""

import json
from typing import Any

import pytest
from msgspec import Raw

from claude_code_proxy import messages
from claude_code_proxy.endpoints.messages.request import to_messages_request
from claude_code_proxy.errors import InvalidRequest

LEAST: dict[str, Any] = {"model": "claude-x", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi."}]}
EVERYTHING: dict[str, Any] = {
    "model": "claude-x",
    "max_tokens": 4000,
    "system": [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral", "ttl": "1h"}}],
    "messages": [
        {"role": "user", "content": [{"type": "text", "text": "Look."}, {"type": "new_block", "x": 1.5}]},
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "", "signature": "a+/="},
                {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"a": 1.50}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "toolu_1", "content": [{"type": "text", "text": "ok"}]},
            ],
        },
    ],
    "stop_sequences": ["END"],
    "temperature": 0.5,
    "top_p": 0.9,
    "top_k": 5,
    "tools": [
        {"name": "f", "input_schema": {"type": "object"}, "description": "d", "strict": True},
        {"type": "web_search_20250305", "name": "web_search", "max_uses": 3, "cache_control": {"type": "ephemeral"}},
        {"type": "mcp_toolset", "mcp_server_name": "notes"},
    ],
    "tool_choice": {"type": "auto", "disable_parallel_tool_use": True},
    "thinking": {"type": "adaptive", "display": "summarized"},
    "output_config": {"effort": "low"},
    "metadata": {"user_id": "u"},
    "service_tier": "auto",
    "speed": "standard",
    "inference_geo": "us",
    "cache_control": {"type": "ephemeral"},
    "container": {"id": "container_1"},
    "compaction": {"type": "summarize"},
    "context_management": {"edits": [{"type": "clear_tool_uses_20250919"}]},
    "fallbacks": "default",
    "mcp_servers": [{"type": "url", "url": "https://example.com", "name": "notes"}],
}


def decoded(**changes: Any) -> tuple[messages.MessagesRequest, list[str]]:
    request, _, adjustments = to_messages_request(json.dumps({**LEAST, **changes}).encode())
    assert all(adjustment.changes_meaning for adjustment in adjustments)
    return request, [adjustment.path for adjustment in adjustments]


def test_every_field_that_the_types_have_comes_out_again() -> None:
    request, _, adjustments = to_messages_request(json.dumps(EVERYTHING).encode())
    assert not adjustments
    assert json.loads(messages.encode_request(request)) == EVERYTHING


def test_every_field_of_the_hub_can_be_given() -> None:
    assert set(messages.MessagesRequest.__struct_fields__) - {"stream"} == EVERYTHING.keys()


def test_text_may_be_short() -> None:
    results = [{"type": "tool_result", "tool_use_id": "t", "content": "ok", "is_error": True}]
    request, _ = decoded(system="Be brief.", messages=[*LEAST["messages"], {"role": "user", "content": results}])
    assert request.system == (messages.Text("Be brief."),)
    assert request.messages[0].content == (messages.Text("Hi."),)
    assert request.messages[1].content == (messages.ToolResult("t", (messages.Text("ok"),), is_error=True),)


def test_a_tool_may_call_itself_custom() -> None:
    request, left_out = decoded(tools=[{"type": "custom", "name": "f", "input_schema": {}}])
    assert request.tools == (messages.Tool("f", Raw(b"{}")),)
    assert not left_out


@pytest.mark.parametrize("stream", [True, False, None])
def test_whether_it_streams(stream: bool | None) -> None:
    _, streams, _ = to_messages_request(json.dumps({**LEAST, "stream": stream}).encode())
    assert streams is bool(stream)


def test_what_the_types_have_no_place_for_is_named() -> None:
    tool = {"name": "f", "input_schema": {}, "allowed_callers": ["direct"]}
    _, left_out = decoded(thread={"type": "create"}, container=None, tools=[tool], system=None, metadata=None)
    assert left_out == ["thread", "tools[0].allowed_callers"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"model": None}, "^model: Expected"),
        ({"messages": "x"}, "^messages: Expected"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "^messages.0.role: "),
        ({"messages": [{"role": "user", "content": [{"text": "x"}]}]}, "^messages.0.content.0: "),
        ({"thinking": {"type": "new"}}, "^thinking.type: "),
        ({"tools": [{"name": "f"}]}, "^tools.0.: "),
    ],
)
def test_what_is_of_another_shape_is_refused_by_its_place(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidRequest, match=words):
        decoded(**changes)
