"""`cache_control`: how many breakpoints a request may have, their order, and the automatic one."""

from collections.abc import Iterator
from typing import Any

from claude_code_proxy.simulator.parsed_request import Block, ParsedRequest
from claude_code_proxy.simulator.refusal import Refusal
from claude_code_proxy.simulator.rules.shape import fail

MAX_BREAKPOINTS = 4
_ORDER = "Note that blocks are processed in the following order: `tools`, `system`, `messages`."


def check(request: ParsedRequest) -> None:
    placed = list(_breakpoints(request))
    automatic = request.body.get("cache_control")
    count = len(placed) + (1 if automatic else 0)
    if count > MAX_BREAKPOINTS:
        raise Refusal(f"A maximum of {MAX_BREAKPOINTS} blocks with cache_control may be provided. Found {count}.")
    _check_order(placed)
    if automatic:
        _check_automatic(request, automatic, placed=placed)


def ttl(control: dict[str, Any]) -> str:
    return str(control.get("ttl") or "5m")


def _breakpoints(request: ParsedRequest) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield path and value of each breakpoint, in the order in which a prefix grows."""
    for index, tool in enumerate(request.tools):
        if tool.get("cache_control"):
            yield f"tools.{index}", tool["cache_control"]
    for index, block in enumerate(request.system):
        if block.get("cache_control"):
            yield f"system.{index}", block["cache_control"]
    for turn in request.turns:
        for at, block in enumerate(turn.blocks):
            yield from ((path, one["cache_control"]) for path, one in _nested(turn.path(at), block) if _marked(one))


def _marked(block: Block) -> bool:
    return bool(block.get("cache_control"))


def _nested(path: str, block: Block) -> Iterator[tuple[str, Block]]:
    yield path, block
    inner = block.get("content") if block["type"] in {"tool_result", "mcp_tool_result"} else None
    if isinstance(inner, list):
        yield from ((f"{path}.content.{index}", one) for index, one in enumerate(inner))


def _check_order(placed: list[tuple[str, dict[str, Any]]]) -> None:
    short = False
    for path, control in placed:
        if ttl(control) == "1h" and short:
            raise fail(
                f"{path}.cache_control.ttl",
                f"a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block. {_ORDER}",
            )
        short = short or ttl(control) == "5m"


def _check_automatic(
    request: ParsedRequest, automatic: dict[str, Any], *, placed: list[tuple[str, dict[str, Any]]]
) -> None:
    last = request.turns[-1]
    own = last.blocks[-1].get("cache_control") if last.blocks else None
    if own and ttl(own) != ttl(automatic):
        raise fail("cache_control", "the last block already has a cache_control with a different ttl")
    if ttl(automatic) == "1h" and not own and any(ttl(control) == "5m" for _, control in placed):
        raise fail(
            "cache_control.ttl",
            f"a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block. {_ORDER}",
        )
