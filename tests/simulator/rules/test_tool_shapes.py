"""Every kind of tool as it is right, and what spoils it."""

from typing import Any

import pytest

from claude_code_proxy.simulator.refusal import Refusal
from claude_code_proxy.simulator.rules.tool_shapes import SERVER_TOOLS, TOOL_CHOICE, tool
from tests.simulator.requests import SEARCH, WEATHER, Json

NAMES = {
    "bash": "bash",
    "code": "code_execution",
    "computer": "computer",
    "memory": "memory",
    "web_search": "web_search",
    "web_fetch": "web_fetch",
}
EDITORS = {"text_editor_20250124": "str_replace_editor"}


def named(kind: str) -> str:
    if kind.startswith("text_editor"):
        return EDITORS.get(kind, "str_replace_based_edit_tool")
    if kind.startswith("tool_search"):
        return kind.rsplit("_", 1)[0]
    return next(name for start, name in NAMES.items() if kind.startswith(start))


@pytest.mark.parametrize("kind", [kind for kind in SERVER_TOOLS if "toolset" not in kind])
def test_tools_of_the_service(kind: str) -> None:
    tool(frozenset())({"type": kind, "name": named(kind)}, "tools.0")
    with pytest.raises(Refusal) as caught:
        tool(frozenset())({"type": kind, "name": "mine"}, "tools.0")
    assert caught.value.message == f"tools.0.{kind}.name: Input should be '{named(kind)}'"
    with pytest.raises(Refusal) as caught:
        tool(frozenset())({"type": kind, "name": named(kind), "description": "a"}, "tools.0")
    assert caught.value.message == f"tools.0.{kind}.description: Extra inputs are not permitted"


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "custom", "description": "", "strict": True, "eager_input_streaming": None},
        {"type": None, "input_examples": [{"city": "Rome"}], "defer_loading": False},
        {"allowed_callers": ["direct"], "cache_control": {"type": "ephemeral"}},
    ],
    ids=str,
)
def test_tools_of_the_caller(fields: Json) -> None:
    tool(frozenset())({**WEATHER, **fields}, "tools.0")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"strict": None}, "strict: Input should be a valid boolean"),
        ({"description": None}, "description: Input should be a valid string"),
        ({"input_schema": None}, "input_schema: Input should be a valid dictionary"),
        ({"parameters": {}}, "parameters: Extra inputs are not permitted"),
        ({"allowed_callers": ["me"]}, "allowed_callers.0: Input should be 'direct', 'code_execution_20250825', "),
    ],
)
def test_spoilt(fields: Json, words: str) -> None:
    with pytest.raises(Refusal) as caught:
        tool(frozenset())({**WEATHER, **fields}, "tools.0")
    assert caught.value.message.startswith(f"tools.0.custom.{words}")


def test_limits_of_a_search() -> None:
    with pytest.raises(Refusal, match="max_uses: Input should be greater than or equal to 1"):
        tool(frozenset())({**SEARCH, "max_uses": 0}, "tools.0")


def test_tools_behind_betas() -> None:
    toolset = {"type": "mcp_toolset", "mcp_server_name": "a"}
    tool(frozenset({"mcp"}))(toolset, "tools.0")
    with pytest.raises(Refusal, match="does not match any of the expected tags"):
        tool(frozenset())(toolset, "tools.0")


@pytest.mark.parametrize(
    "choice", [{"type": "auto"}, {"type": "any", "disable_parallel_tool_use": True}, {"type": "none"}]
)
def test_choices(choice: Any) -> None:
    TOOL_CHOICE(choice, "tool_choice")
