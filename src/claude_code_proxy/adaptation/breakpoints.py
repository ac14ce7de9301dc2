"""The cache breakpoints that a request has: all of them in order, and as many of them as the service takes.

https://platform.claude.com/docs/en/build-with-claude/prompt-caching
"""

from collections.abc import Iterator
from typing import TypeAlias, TypeVar

from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.adjustment import Action, Adjustment

Control: TypeAlias = messages.CacheControl
Cacheable: TypeAlias = (
    messages.Text | messages.Image | messages.Document | messages.SearchResult | messages.ToolUse | messages.ToolResult
)
_Holder = TypeVar("_Holder", bound=messages.Block)

MOST = 4
_SHORT = messages.CacheControl()


def controls(request: messages.MessagesRequest) -> list[Control]:
    """In the order in which a prefix grows: tools, system, messages. None stand inside tool results any more."""
    found = [tool.cache_control for tool in request.tools if tool.cache_control is not None]
    found += [block.cache_control for block in request.system if block.cache_control is not None]
    found += [
        block.cache_control
        for message in request.messages
        for block in message.content
        if block.cache_control is not None
    ]
    return found


def kept(request: messages.MessagesRequest, own: list[Control], *, notes: list[Adjustment]) -> messages.MessagesRequest:
    """Return the request with as many of its breakpoints, `own`, as the service takes: the last four, in order."""
    request = _with_automatic(request, own)
    most = MOST - (request.cache_control is not None)
    surplus = max(len(own) - most, 0)
    left = _ordered(own[surplus:])
    if surplus:
        notes.append(
            Adjustment("cache_control", Action.DROPPED, f"{surplus} above {most} breakpoints; the last are kept")
        )
    if left != own[surplus:]:
        notes.append(Adjustment("cache_control", Action.CLAMPED, "a 1-hour breakpoint cannot follow a 5-minute one"))
    if left == own:
        return request
    return _replaced(request, iter([*[None] * surplus, *left]))


def _with_automatic(request: messages.MessagesRequest, own: list[Control]) -> messages.MessagesRequest:
    """Return the request with its automatic breakpoint dropped where the last block has one, or shortened."""
    automatic = request.cache_control
    if automatic is None:
        return request
    if request.messages[-1].content[-1].cache_control is not None:
        return replace(request, cache_control=None)
    if automatic.ttl == "1h" and any(control.ttl != "1h" for control in own):
        return replace(request, cache_control=_SHORT)
    return request


def _ordered(own: list[Control]) -> list[Control]:
    """Those that live an hour must come first."""
    first_short = next((at for at, control in enumerate(own) if control.ttl != "1h"), len(own))
    return [control if at < first_short or control.ttl != "1h" else _SHORT for at, control in enumerate(own)]


def _replaced(request: messages.MessagesRequest, values: Iterator[Control | None]) -> messages.MessagesRequest:
    return replace(
        request,
        tools=tuple(_tool_with(tool, values) for tool in request.tools),
        system=tuple(_with(block, values) for block in request.system),
        messages=tuple(
            replace(message, content=tuple(_with(block, values) for block in message.content))
            for message in request.messages
        ),
    )


def _tool_with(tool: messages.AnyTool, values: Iterator[Control | None]) -> messages.AnyTool:
    return tool if tool.cache_control is None else messages.with_cache_control(tool, next(values))


def _with(holder: _Holder, values: Iterator[Control | None]) -> _Holder:
    """Return the holder with the next of the values, if it has a breakpoint to replace, in the order of `controls`."""
    if holder.cache_control is None:
        return holder
    return replace(holder, cache_control=next(values))  # type: ignore[type-var]
