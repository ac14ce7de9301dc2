"""Tools, the choice among them and hosted web search: chat completions -> Messages."""

from collections.abc import Collection, Sequence
from operator import attrgetter
from typing import TypeAlias, assert_never

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.adjustment import Action, Adjustment
from claude_code_proxy.endpoints.chat_completions import schema as chat
from claude_code_proxy.endpoints.openai.mcp import McpServer, McpTool, to_mcp_server
from claude_code_proxy.endpoints.openai.tools import NO_PARAMETERS, one_at_a_time, to_custom_tool, to_web_search
from claude_code_proxy.errors import InvalidRequest
from claude_code_proxy.messages.json_text import is_given

AnyTool: TypeAlias = messages.AnyTool

_INNER: dict[type[chat.Tool], str] = {
    chat.FunctionTool: ".function",
    chat.CustomTool: ".custom",
    chat.ServerTool: "",
    McpTool: "",
}
_AS_FUNCTION = "a custom tool is offered as a function with one string"


class Toolset(Struct, frozen=True):
    """What a request says about tools. `custom` names those whose calls go back as custom tool calls.

    `fields` has the client's path of each tool.
    """

    tools: tuple[AnyTool, ...] = ()
    choice: messages.ToolChoice | None = None
    custom: frozenset[str] = frozenset()
    fields: tuple[str, ...] = ()
    mcp_servers: tuple[Raw, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()


_given = attrgetter("tools", "functions", "tool_choice", "function_call", "web_search_options")
_NO_TOOLS = Toolset()


def to_toolset(request: chat.ChatRequest) -> Toolset:
    """Translate all fields about tools. Raise `InvalidRequest` for a choice among tools that are not there."""
    if not any(_given(request)):
        return _NO_TOOLS
    offered = request.tools or ()
    servers = _mcp_servers(offered)
    tools: list[AnyTool] = [_tool(tool) for tool in offered if not isinstance(tool, McpTool)]
    for index, server in servers.items():
        tools.insert(index, server.toolset)
    tools += [_function(definition) for definition in request.functions or ()]
    fields = _fields(request)
    if isinstance(request.tool_choice, chat.ChosenAllowed):
        names = _allowed_names(request.tool_choice.allowed_tools.tools, tools)
        fields = [field for field, tool in zip(fields, tools, strict=True) if tool.name in names]
        tools = [tool for tool in tools if tool.name in names]
    if request.web_search_options is not None:
        tools.append(_web_search(request.web_search_options))
        fields.append("web_search_options")
    choice = _choice(request)
    if tools and (request.parallel_tool_calls is False or request.legacy_functions):
        choice = one_at_a_time(choice)
    custom = {index: tool.custom.name for index, tool in enumerate(offered) if isinstance(tool, chat.CustomTool)}
    notes = [Adjustment(f"tools[{index}]", Action.EMULATED, _AS_FUNCTION) for index in custom]
    toolset = Toolset(tuple(tools), choice, frozenset(custom.values()), tuple(fields), adjustments=tuple(notes))
    return _with_servers(toolset, servers.values()) if servers else toolset


def _fields(request: chat.ChatRequest) -> list[str]:
    """Return the client's path of each tool that it declares."""
    fields = [f"tools[{index}]{_INNER[kind]}" for index, kind in enumerate(map(type, request.tools or ()))]
    return fields + [f"functions[{index}]" for index in range(len(request.functions or ()))]


def _with_servers(toolset: Toolset, servers: Collection[McpServer]) -> Toolset:
    return replace(
        toolset,
        mcp_servers=tuple(server.entry for server in servers),
        adjustments=(*toolset.adjustments, *(note for server in servers for note in server.adjustments)),
    )


def _mcp_servers(offered: Sequence[chat.Tool]) -> dict[int, McpServer]:
    """Return the MCP servers among the tools, by their index."""
    if McpTool not in {*map(type, offered)}:
        return {}
    tools = ((index, tool) for index, tool in enumerate(offered) if isinstance(tool, McpTool))
    return {index: to_mcp_server(tool, f"tools[{index}]") for index, tool in tools}


def _tool(tool: chat.FunctionTool | chat.CustomTool | chat.ServerTool) -> AnyTool:
    if isinstance(tool, chat.FunctionTool):
        made = _function(tool.function)
        if tool.defer_loading or tool.input_examples:
            made = replace(made, defer_loading=bool(tool.defer_loading), input_examples=tool.input_examples)
    elif isinstance(tool, chat.ServerTool):
        return _server_tool(tool)
    else:
        made = _custom(tool.custom)
    return made if tool.cache_control is None else replace(made, cache_control=tool.cache_control)


def _server_tool(tool: chat.ServerTool) -> messages.RawTool:
    try:
        return messages.decode_raw_tool(tool.tool)
    except msgspec.DecodeError as error:
        raise InvalidRequest(f"No tool of Anthropic's: {error}", param="tools", code="invalid_value") from None


def _function(definition: chat.FunctionDefinition) -> messages.Tool:
    return messages.Tool(
        definition.name,
        definition.parameters if is_given(definition.parameters) else NO_PARAMETERS,
        description=definition.description or None,
        strict=bool(definition.strict),
    )


def _custom(definition: chat.CustomDefinition) -> messages.Tool:
    if isinstance(definition.format, chat.GrammarFormat):
        grammar = definition.format.grammar
        return to_custom_tool(
            definition.name, definition.description, syntax=grammar.syntax, grammar=grammar.definition
        )
    return to_custom_tool(definition.name, definition.description)


def _choice(request: chat.ChatRequest) -> messages.ToolChoice | None:
    match request.tool_choice:
        case None:
            return _legacy_choice(request.function_call)
        case "auto":
            return messages.ChooseAuto()
        case "none":
            return messages.ChooseNone()
        case "required" | "any":
            return messages.ChooseAny()
        case chat.ChosenFunction(function=chosen) | chat.ChosenCustom(custom=chosen):
            return messages.ChooseTool(chosen.name)
        case chat.ChosenAllowed(allowed_tools=allowed):
            return messages.ChooseAny() if allowed.mode == "required" else messages.ChooseAuto()
        case unreachable:
            assert_never(unreachable)


def _legacy_choice(choice: str | chat.Named | None) -> messages.ToolChoice | None:
    if isinstance(choice, chat.Named):
        return messages.ChooseTool(choice.name)
    if choice is None:
        return None
    return messages.ChooseNone() if choice == "none" else messages.ChooseAuto()


def _allowed_names(
    allowed: Sequence[chat.ChosenFunction | chat.ChosenCustom], tools: Sequence[AnyTool]
) -> frozenset[str]:
    """Raise `InvalidRequest` for a name that no tool has."""
    names = [one.function.name if isinstance(one, chat.ChosenFunction) else one.custom.name for one in allowed]
    known = {tool.name for tool in tools}
    for index, name in enumerate(names):
        if name not in known:
            raise InvalidRequest(
                f"'{name}' is allowed, but not among the tools.",
                param=f"tool_choice.allowed_tools.tools[{index}]",
                code="invalid_value",
            )
    return frozenset(names)


def _web_search(options: chat.WebSearchOptions) -> messages.HostedTool:
    place = options.user_location.approximate if options.user_location else None
    location = messages.UserLocation(place.city, place.region, place.country, place.timezone) if place else None
    return to_web_search(options.search_context_size, location)
