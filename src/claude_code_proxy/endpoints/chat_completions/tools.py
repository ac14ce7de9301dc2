"""Tools, the choice among them and hosted web search: chat completions -> Messages."""

from collections.abc import Sequence
from typing import assert_never

import msgspec
from msgspec import Raw, Struct

from claude_code_proxy import messages
from claude_code_proxy.adjustment import Adjustment
from claude_code_proxy.endpoints.chat_completions import schema as chat
from claude_code_proxy.endpoints.chat_completions.conversation import CUSTOM_TOOL_INPUT
from claude_code_proxy.endpoints.json_text import is_given

_NO_PARAMETERS = Raw(b'{"type":"object","properties":{}}')
_WEB_SEARCH = "web_search_20250305"  # later versions filter results in code and then cite nothing
_SEARCHES = {"low": 2, "medium": 5, "high": 10}


class Toolset(Struct, frozen=True):
    """What a request says about tools. `custom` names those whose calls go back as custom tool calls."""

    tools: tuple[messages.Tool | messages.HostedTool, ...] = ()
    choice: messages.ToolChoice | None = None
    custom: frozenset[str] = frozenset()
    adjustments: tuple[Adjustment, ...] = ()


def to_toolset(request: chat.ChatRequest) -> Toolset:
    adjustments: list[Adjustment] = []
    tools: list[messages.Tool | messages.HostedTool] = [
        _tool(tool, i, adjustments) for i, tool in enumerate(request.tools or ())
    ]
    tools += [_function(definition) for definition in request.functions or ()]
    choice = _choice(request)
    allowed = request.tool_choice.allowed_tools if isinstance(request.tool_choice, chat.ChosenAllowed) else None
    if allowed is not None:
        tools = _only(tools, allowed)
    if request.web_search_options is not None:
        tools.append(_web_search(request.web_search_options))
    if request.parallel_tool_calls is False and tools:
        choice = _one_at_a_time(choice)
    custom = frozenset(tool.custom.name for tool in request.tools or () if isinstance(tool, chat.CustomTool))
    return Toolset(tuple(tools), choice, custom, tuple(adjustments))


def _tool(tool: chat.FunctionTool | chat.CustomTool, index: int, adjustments: list[Adjustment]) -> messages.Tool:
    if isinstance(tool, chat.FunctionTool):
        made = _function(tool.function)
        return made if tool.cache_control is None else msgspec.structs.replace(made, cache_control=tool.cache_control)
    reason = "a custom tool is offered as a function with one string"
    adjustments.append(Adjustment(f"tools[{index}]", "emulated", reason))
    return _custom(tool)


def _function(definition: chat.FunctionDefinition) -> messages.Tool:
    return messages.Tool(
        definition.name,
        definition.parameters if is_given(definition.parameters) else _NO_PARAMETERS,
        description=definition.description or None,
        strict=bool(definition.strict),
    )


def _custom(tool: chat.CustomTool) -> messages.Tool:
    """A grammar cannot be enforced: it is shown to the model as part of the description."""
    definition = tool.custom
    form = bytes(definition.format).decode() if definition.format else ""
    about = (
        f"The whole input of the tool, as text. Its format: {form}" if form else "The whole input of the tool, as text."
    )
    schema = {
        "type": "object",
        "properties": {CUSTOM_TOOL_INPUT: {"type": "string", "description": about}},
        "required": [CUSTOM_TOOL_INPUT],
        "additionalProperties": False,
    }
    return messages.Tool(
        definition.name,
        Raw(msgspec.json.encode(schema)),
        description=definition.description or None,
        cache_control=tool.cache_control,
    )


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


def _only(
    tools: Sequence[messages.Tool | messages.HostedTool], allowed: chat.AllowedTools
) -> list[messages.Tool | messages.HostedTool]:
    names = {t.function.name if isinstance(t, chat.ChosenFunction) else t.custom.name for t in allowed.tools}
    return [tool for tool in tools if tool.name in names]


def _one_at_a_time(choice: messages.ToolChoice | None) -> messages.ToolChoice:
    match choice:
        case None | messages.ChooseAuto():
            return messages.ChooseAuto(disable_parallel_tool_use=True)
        case messages.ChooseAny():
            return messages.ChooseAny(disable_parallel_tool_use=True)
        case messages.ChooseTool():
            return messages.ChooseTool(choice.name, disable_parallel_tool_use=True)
        case messages.ChooseNone():
            return choice
        case unreachable:
            assert_never(unreachable)


def _web_search(options: chat.WebSearchOptions) -> messages.HostedTool:
    place = options.user_location.approximate if options.user_location else None
    location = messages.UserLocation(place.city, place.region, place.country, place.timezone) if place else None
    return messages.HostedTool(
        _WEB_SEARCH,
        "web_search",
        max_uses=_SEARCHES[options.search_context_size or "medium"],
        user_location=location,
    )
