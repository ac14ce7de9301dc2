"""Calls of MCP servers: the item with an output or an error, and the item back as blocks."""

import json
from typing import Any

import msgspec
import pytest
from msgspec import Raw

from claude_code_proxy import messages
from claude_code_proxy.endpoints.responses import items
from claude_code_proxy.endpoints.responses.tools.hosted_call import HostedResult
from claude_code_proxy.endpoints.responses.tools.mcp_calls import McpCall, to_mcp_blocks

USE = messages.UnknownBlock("mcp_tool_use", b'{"type":"mcp_tool_use","id":"m","name":"roll","server_name":"dice"}')


@pytest.mark.parametrize(
    ("result", "fields", "event"),
    [
        (
            HostedResult("m", Raw(b'[{"type":"text","text":"5"},{"type":"text","text":"6"}]')),
            {"status": "completed", "output": "5\n6", "error": None},
            "response.mcp_call.completed",
        ),
        (HostedResult("m", Raw(b'"5"')), {"status": "completed", "output": "5"}, "response.mcp_call.completed"),
        (
            HostedResult("m", Raw(b'[{"type":"text","text":"No."}]'), is_error=True),
            {
                "status": "failed",
                "output": None,
                "error": {"type": "mcp_tool_execution_error", "content": [{"type": "text", "text": "No."}]},
            },
            "response.mcp_call.failed",
        ),
        (None, {"status": "incomplete", "output": None}, ""),
    ],
)
def test_how_a_call_ends(result: HostedResult | None, fields: dict[str, Any], event: str) -> None:
    call = McpCall(USE)
    assert [kind for kind, _ in call.read(b'{"n":2}')] == ["response.mcp_call_arguments.done"]
    item, ended = call.ended("mcp_1", result)
    made = msgspec.json.decode(msgspec.json.encode(item))
    assert made | fields == made
    assert (made["name"], made["server_label"], made["arguments"], ended) == ("roll", "dice", '{"n":2}', event)


@pytest.mark.parametrize(
    ("item", "failed", "text"),
    [
        (items.McpCallInput("roll", "dice", '{"n":2}', "5"), False, "5"),
        (items.McpCallInput("roll", "dice", "", None, Raw(b'{"type":"http_error"}')), True, '{"type":"http_error"}'),
        (items.McpCallInput("roll", "dice", "", None, Raw(b"null")), False, ""),
    ],
)
def test_an_item_is_a_call_and_its_result(item: items.McpCallInput, failed: bool, text: str) -> None:
    call, result = (json.loads(messages.encode_request(block)) for block in to_mcp_blocks(item, "mcptoolu_1"))
    assert (call["id"], call["server_name"], call["input"]) == ("mcptoolu_1", "dice", {"n": 2} if item.output else {})
    assert (result["tool_use_id"], result["is_error"]) == ("mcptoolu_1", failed)
    assert [block["text"] for block in result["content"]] == ([text] if text else [])
