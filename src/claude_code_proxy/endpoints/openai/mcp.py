"""OpenAI's `mcp` tool -> a server and a toolset of Anthropic's MCP connector.

https://platform.claude.com/docs/en/agents-and-tools/mcp-connector. The service calls the server's tools by itself, and
asks nobody for approval.
"""

from collections.abc import Iterator

import msgspec
from msgspec import Raw, Struct

from claude_code_proxy import messages
from claude_code_proxy.adjustment import Action, Adjustment
from claude_code_proxy.endpoints.openai.request import Wire
from claude_code_proxy.errors import InvalidRequest
from claude_code_proxy.messages.content import NO_JSON
from claude_code_proxy.messages.json_text import is_given

_BEARER = "bearer "
_NEVER = b'"never"'


class ToolFilter(Wire, frozen=True):
    tool_names: list[str] | None = None
    read_only: bool | None = None


class McpTool(Wire, frozen=True, tag_field="type", tag="mcp"):
    server_label: str
    server_url: str | None = None
    server_description: str | None = None
    connector_id: str | None = None
    authorization: str | None = None
    headers: dict[str, str] | None = None
    allowed_tools: list[str] | ToolFilter | None = None
    require_approval: Raw = NO_JSON
    defer_loading: bool | None = None


class McpServer(Struct, frozen=True):
    """A server as an entry of `mcp_servers`, and what it offers as a tool."""

    entry: Raw
    toolset: messages.RawTool
    adjustments: tuple[Adjustment, ...]


def to_mcp_server(tool: McpTool, at: str) -> McpServer:
    """`at` is the path of the tool. Raise `InvalidRequest` for a connector of OpenAI's own."""
    if not tool.server_url:
        raise InvalidRequest(
            "Connectors of OpenAI's own are not there; give the address of an MCP server in 'server_url'.",
            param=f"{at}.server_url",
            code="unsupported_value",
        )
    entry = {"type": "url", "url": tool.server_url, "name": tool.server_label}
    token = tool.authorization or _bearer_of(tool)
    if token:
        entry["authorization_token"] = token
    toolset: dict[str, object] = {"type": "mcp_toolset", "mcp_server_name": tool.server_label}
    names = tool.allowed_tools.tool_names if isinstance(tool.allowed_tools, ToolFilter) else tool.allowed_tools
    default: dict[str, bool] = {"defer_loading": True} if tool.defer_loading else {}
    if names is not None:
        default["enabled"] = False
        toolset["configs"] = {name: {"enabled": True} for name in names}
    if default:
        toolset["default_config"] = default
    encoded = messages.decode_raw_tool(msgspec.json.encode(toolset))
    return McpServer(Raw(msgspec.json.encode(entry)), encoded, tuple(_notes(tool, at)))


def _bearer_of(tool: McpTool) -> str:
    headers = {name.lower(): value for name, value in (tool.headers or {}).items()}
    value = headers.get("authorization", "")
    return value[len(_BEARER) :].strip() if value.lower().startswith(_BEARER) else value


def _notes(tool: McpTool, at: str) -> Iterator[Adjustment]:
    others = [name for name in tool.headers or {} if name.lower() != "authorization"]
    if others:
        reason = "the service sends an MCP server no header but an authorization token"
        yield Adjustment(f"{at}.headers", Action.DROPPED, reason, changes_meaning=True)
    if bytes(tool.require_approval) != _NEVER and is_given(tool.require_approval):
        reason = "the service calls the tools of an MCP server without asking"
        yield Adjustment(f"{at}.require_approval", Action.DROPPED, reason, changes_meaning=True)
    if isinstance(tool.allowed_tools, ToolFilter) and tool.allowed_tools.read_only is not None:
        reason = "the service does not tell reading tools from others; name them in `tool_names`"
        yield Adjustment(f"{at}.allowed_tools.read_only", Action.DROPPED, reason, changes_meaning=True)
