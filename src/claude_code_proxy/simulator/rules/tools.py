"""Tool definitions and `tool_choice`: names, schemas, `strict`, and which models accept a forced call."""

import re
from typing import Any

import jsonschema_rs

from claude_code_proxy.simulator import betas
from claude_code_proxy.simulator.parsed_request import ParsedRequest
from claude_code_proxy.simulator.refusal import Refusal
from claude_code_proxy.simulator.rules import structured
from claude_code_proxy.simulator.rules.shape import fail

PROPERTY_KEY = r"^[a-zA-Z0-9_.-]{1,64}$"
_KEY = re.compile(PROPERTY_KEY)
_MAX_STRICT = 20
INVALID_SCHEMA = (
    "JSON schema is invalid. It must match JSON Schema draft 2020-12 (https://json-schema.org/draft/2020-12). "
    "Learn more about tool use at https://platform.claude.com/docs/en/agents-and-tools/tool-use/overview."
)
UNFORCED = 'tool_choice: type "tool" and "any" are not supported for this model.'


def is_custom(tool: dict[str, Any]) -> bool:
    return tool.get("type") in {None, "custom"}


def check(request: ParsedRequest) -> None:
    for index, tool in enumerate(request.tools):
        if is_custom(tool):
            _check_schema(tool["input_schema"], f"tools.{index}.custom.input_schema")
        else:
            _check_server_tool(tool, request, path=f"tools.{index}.{tool['type']}")
    _check_toolsets(request)
    names = [tool["name"] for tool in request.tools if "name" in tool]
    if len(set(names)) != len(names):
        raise fail("tools", "Tool names must be unique.")
    if request.tools and all(tool.get("defer_loading") for tool in request.tools):
        raise Refusal("At least one tool must have defer_loading=false. All tools cannot be deferred.")
    _check_strict(request)
    _check_choice(request, names)


def _check_schema(schema: dict[str, Any], path: str) -> None:
    if "type" not in schema:
        raise fail(f"{path}.type", "Field required")
    if schema["type"] != "object":
        raise fail(f"{path}.type", "Input should be 'object'")
    if any(word in schema for word in ("oneOf", "allOf", "anyOf")):
        raise fail(path, "input_schema does not support oneOf, allOf, or anyOf at the top level")
    properties = schema.get("properties", {})
    if not isinstance(properties, dict):
        raise fail(f"{path}.properties", "Input should be a valid dictionary")
    if any(not _KEY.search(name) for name in properties):
        raise fail(f"{path}.properties", f"Property keys should match pattern '{PROPERTY_KEY}'")
    if not is_draft_2020_12(schema):
        raise fail(path, INVALID_SCHEMA)


def is_draft_2020_12(schema: Any) -> bool:
    """Tell whether a schema is valid in draft 2020-12, the one that the service reads whatever `$schema` says."""
    if isinstance(schema, dict):
        schema = {name: value for name, value in schema.items() if name != "$schema"}
    try:
        return jsonschema_rs.meta.is_valid(schema)
    except ValueError:
        return False


def _check_server_tool(tool: dict[str, Any], request: ParsedRequest, *, path: str) -> None:
    kind = tool["type"]
    if kind.startswith("computer_2") and request.model.refuses_old_computer_tools:
        raise Refusal(f"'{request.model.id}' does not support tool types: {kind}.")
    if tool.get("allowed_domains") and tool.get("blocked_domains"):
        raise fail(path, "only one of `allowed_domains` or `blocked_domains` may be specified")


def _check_toolsets(request: ParsedRequest) -> None:
    """Require one toolset for each MCP server, and a server for each toolset. The first beta had no toolsets."""
    if betas.FIRST_MCP in request.caller.betas:
        return
    servers = [server["name"] for server in request.body.get("mcp_servers", ())]
    toolsets = [tool["mcp_server_name"] for tool in request.tools if tool.get("type") == "mcp_toolset"]
    if len(set(servers)) != len(servers):
        raise fail("mcp_servers", "MCP server names must be unique.")
    for name in servers:
        if toolsets.count(name) != 1:
            raise fail("mcp_servers", f"MCP server '{name}' must be referenced by exactly one mcp_toolset in tools.")
    for name in toolsets:
        if name not in servers:
            raise fail("tools", f"mcp_toolset references MCP server '{name}', which is not in mcp_servers.")


def _check_strict(request: ParsedRequest) -> None:
    strict = [(index, tool) for index, tool in enumerate(request.tools) if is_custom(tool) and tool.get("strict")]
    if len(strict) > _MAX_STRICT:
        raise Refusal(
            f"Too many strict tools ({len(strict)}). The maximum number of strict tools supported is {_MAX_STRICT}. "
            "Try reducing the number of tools marked as strict."
        )
    schemas = []
    for index, tool in strict:
        structured.check_subset(tool["input_schema"], f"tools.{index}.custom")
        schemas.append(tool["input_schema"])
    if request.output_schema is not None:
        schemas.append(request.output_schema)
    structured.check_complexity(schemas)


def _check_choice(request: ParsedRequest, names: list[str]) -> None:
    choice = request.tool_choice
    if not request.forces_tool:
        return
    if choice["type"] == "any" and not request.tools:
        raise Refusal("tool_choice.any may only be specified while providing tools")
    if choice["type"] == "tool" and choice["name"] not in names:
        raise Refusal(f"Tool '{choice['name']}' not found in provided tools")
    if not request.model.forced_tools:
        raise Refusal(UNFORCED)
    if request.thinking["type"] == "enabled":
        raise Refusal("Thinking may not be enabled when tool_choice forces tool use.")
