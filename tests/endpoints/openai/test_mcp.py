"""OpenAI's `mcp` tool as a server of Anthropic's MCP connector."""

import json
from typing import Any

import msgspec
import pytest

from claude_code_proxy import messages
from claude_code_proxy.endpoints.openai.mcp import McpServer, McpTool, to_mcp_server
from claude_code_proxy.errors import InvalidRequest

URL = "https://example.com/mcp"


def made(**fields: Any) -> McpServer:
    raw = json.dumps({"type": "mcp", "server_label": "notes", "server_url": URL, **fields})
    return to_mcp_server(msgspec.json.decode(raw, type=McpTool), "tools[1]")


def test_the_smallest() -> None:
    server = made(server_description="Notes.", require_approval=None)
    assert json.loads(bytes(server.entry)) == {"type": "url", "url": URL, "name": "notes"}
    assert json.loads(messages.encode_request(server.toolset)) == {"type": "mcp_toolset", "mcp_server_name": "notes"}
    assert server.adjustments == ()


@pytest.mark.parametrize(
    ("fields", "token"),
    [
        ({"authorization": "made-up"}, "made-up"),
        ({"headers": {"Authorization": "Bearer made-up"}}, "made-up"),
        ({"headers": {"authorization": "made-up"}}, "made-up"),
    ],
)
def test_the_token(fields: dict[str, Any], token: str) -> None:
    server = made(**fields)
    assert json.loads(bytes(server.entry))["authorization_token"] == token
    assert server.adjustments == ()


@pytest.mark.parametrize("allowed", [["find", "read"], {"tool_names": ["find", "read"]}])
def test_only_some_tools(allowed: Any) -> None:
    toolset = json.loads(messages.encode_request(made(allowed_tools=allowed, defer_loading=True).toolset))
    assert toolset["default_config"] == {"defer_loading": True, "enabled": False}
    assert toolset["configs"] == {"find": {"enabled": True}, "read": {"enabled": True}}


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"headers": {"x-team": "a"}}, "tools[1].headers"),
        ({"require_approval": "always"}, "tools[1].require_approval"),
        ({"require_approval": {"never": {"tool_names": ["a"]}}}, "tools[1].require_approval"),
        ({"allowed_tools": {"read_only": True}}, "tools[1].allowed_tools.read_only"),
    ],
)
def test_what_the_service_lacks_is_told(fields: dict[str, Any], path: str) -> None:
    (note,) = made(**fields).adjustments
    assert (note.path, note.action, note.changes_meaning) == (path, "dropped", True)


def test_a_server_that_needs_no_approval() -> None:
    assert made(require_approval="never").adjustments == ()


def test_a_connector_of_openais_own_is_refused() -> None:
    with pytest.raises(InvalidRequest) as refused:
        made(server_url=None, connector_id="connector_gmail")
    assert refused.value.param == "tools[1].server_url"
