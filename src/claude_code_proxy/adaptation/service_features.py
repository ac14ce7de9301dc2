"""Features of the service's own that a request passes on as open data -> what the model has of them, and their betas.

Context management, MCP servers, fallbacks, containers and the service's own types of tools. Their values are judged by
the service; here stands only what depends on the model, on each other, or on a beta.
https://platform.claude.com/docs/en/build-with-claude/context-editing and .../agents-and-tools/mcp-connector
"""

from collections.abc import Iterator

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.adjustment import Action, Adjustment
from claude_code_proxy.messages.content import NO_JSON
from claude_code_proxy.models.model import Model

_TOOLSET = "mcp_toolset"
_MCP_BETA = "mcp-client-2025-11-20"
_FALLBACKS_BETA = "server-side-fallback-2026-07-01"
_EDITS_BETA = "context-management-2025-06-27"
_EDIT_BETAS = {"compact_20260112": "compact-2026-01-12"}
_TOOL_BETAS = {
    _TOOLSET: _MCP_BETA,
    "advisor_20260301": "advisor-tool-2026-03-01",
    "computer_20250124": "computer-use-2025-01-24",
    "computer_20251124": "computer-use-2025-11-24",
}
_RUN_CODE = ("code_execution_", "web_")  # what the types of tools with a container begin with


class _Edit(Struct):
    type: str = ""


class _ContextManagement(Struct):
    edits: list[Raw] = []


class _ToolConfiguration(Struct):
    """Which tools of a server are offered: what the first beta had in place of toolsets."""

    enabled: bool | None = None
    allowed_tools: list[str] | None = None


class _McpServer(Struct):
    name: str = ""
    tool_configuration: _ToolConfiguration | None = None


_decode_edits = msgspec.json.Decoder(_ContextManagement).decode
_decode_edit = msgspec.json.Decoder(_Edit).decode
_decode_fields = msgspec.json.Decoder(dict[str, Raw]).decode
_decode_list = msgspec.json.Decoder(list[Raw]).decode
_decode_servers = msgspec.json.Decoder(list[_McpServer]).decode


def are_used(request: messages.MessagesRequest) -> bool:
    """Tell whether `normalize_features` or `betas_of` has anything to do."""
    if request.context_management or request.mcp_servers or request.fallbacks or request.container:
        return True
    return request.tools != () and messages.RawTool in {*map(type, request.tools)}


def normalize_features(
    request: messages.MessagesRequest, model: Model, *, notes: list[Adjustment]
) -> messages.MessagesRequest:
    """Return the request with the edits that the model has, a container only beside code, and a toolset per server."""
    if request.context_management:
        request = _with_known_edits(request, model, notes=notes)
    if request.container and not any(tool.type.startswith(_RUN_CODE) for tool in _server_tools(request)):
        notes.append(Adjustment("container", Action.DROPPED, "no tool runs code in it", changes_meaning=True))
        request = replace(request, container=NO_JSON)
    return _with_toolsets(request, notes=notes) if request.mcp_servers else request


def betas_of(request: messages.MessagesRequest) -> Iterator[str]:
    """Yield the betas that open what a request holds; some may come twice."""
    if request.context_management:
        for kind, _ in _edits(request.context_management) or [("", NO_JSON)]:
            yield _EDIT_BETAS.get(kind, _EDITS_BETA)
    if request.mcp_servers:
        yield _MCP_BETA
    if request.fallbacks:
        yield _FALLBACKS_BETA
    for tool in request.tools:
        if type(tool) is messages.RawTool and tool.type in _TOOL_BETAS:
            yield _TOOL_BETAS[tool.type]


def _server_tools(request: messages.MessagesRequest) -> Iterator[messages.ServerTool]:
    return (tool for tool in request.tools if isinstance(tool, messages.ServerTool))


def _edits(context_management: Raw) -> list[tuple[str, Raw]]:
    """Return each edit with its type; none where the value is of another shape, which the service refuses."""
    try:
        return [(_decode_edit(edit).type, edit) for edit in _decode_edits(context_management).edits]
    except msgspec.ValidationError:
        return []


def _with_known_edits(
    request: messages.MessagesRequest, model: Model, *, notes: list[Adjustment]
) -> messages.MessagesRequest:
    edits = _edits(request.context_management)
    kept = [edit for kind, edit in edits if kind not in model.lacks_edits]
    if len(kept) == len(edits):
        return request
    lacking = ", ".join(kind for kind, _ in edits if kind in model.lacks_edits)
    notes.append(
        Adjustment("context_management", Action.DROPPED, f"this model does not have {lacking}", changes_meaning=True)
    )
    if not kept:
        return replace(request, context_management=NO_JSON)
    fields = {**_decode_fields(request.context_management), "edits": kept}
    return replace(request, context_management=Raw(msgspec.json.encode(fields)))


def _with_toolsets(request: messages.MessagesRequest, *, notes: list[Adjustment]) -> messages.MessagesRequest:
    """Return the request with a toolset for each server that has none, since the service wants one for each."""
    try:
        servers = [server for server in _decode_servers(request.mcp_servers) if server.name]
    except msgspec.ValidationError:
        return request
    if any(server.tool_configuration for server in servers):
        entries = [_without_configuration(entry) for entry in _decode_list(request.mcp_servers)]
        request = replace(request, mcp_servers=Raw(msgspec.json.encode(entries)))
    offered = {tool.name for tool in _server_tools(request)}
    added = tuple(tool for tool in map(_toolset, servers) if tool.name not in offered)
    if not added:
        return request
    notes.append(Adjustment("tools", Action.INSERTED, "the tools of the MCP servers are offered"))
    return replace(request, tools=(*request.tools, *added))


def _toolset(server: _McpServer) -> messages.RawTool:
    toolset: dict[str, object] = {"type": _TOOLSET, "mcp_server_name": server.name}
    configuration = server.tool_configuration or _ToolConfiguration()
    if configuration.allowed_tools is not None:
        toolset["configs"] = {name: {"enabled": True} for name in configuration.allowed_tools}
    if configuration.allowed_tools is not None or configuration.enabled is False:
        toolset["default_config"] = {"enabled": False}
    return messages.decode_raw_tool(msgspec.json.encode(toolset))


def _without_configuration(entry: Raw) -> dict[str, Raw]:
    return {name: value for name, value in _decode_fields(entry).items() if name != "tool_configuration"}
