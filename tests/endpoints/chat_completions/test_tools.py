"""Tools and the choice among them. The ordinary cases stand in the fixtures."""

import json
from typing import Any

import pytest

from claude_code_proxy import messages
from claude_code_proxy.errors import InvalidRequest
from tests.endpoints.replies import decode_chat, translated

LOOK = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}
WRITE = {"type": "custom", "custom": {"name": "write"}}


def tools(*given: Any, **fields: Any) -> Any:
    return translated(tools=given, **fields).get("tools")


def choice(**fields: Any) -> Any:
    return translated(tools=[LOOK], **fields).get("tool_choice")


def test_strict_and_description_only_where_they_say_something() -> None:
    function = {"name": "look", "description": "", "parameters": {"type": "object"}, "strict": False}
    assert tools({"type": "function", "function": function}) == [{"name": "look", "input_schema": {"type": "object"}}]
    strict = function | {"description": "Looks.", "strict": True}
    assert (
        tools({"type": "function", "function": strict})[0].items() >= {"description": "Looks.", "strict": True}.items()
    )


def test_a_schema_goes_as_it_came() -> None:
    schema: dict[str, Any] = {"anyOf": [{"type": "object"}], "$defs": {"a": {}}, "properties": None}
    assert tools({"type": "function", "function": {"name": "f", "parameters": schema}})[0]["input_schema"] == schema


def test_a_custom_tool_has_one_string_and_shows_its_grammar() -> None:
    grammar = {"type": "grammar", "grammar": {"syntax": "regex", "definition": "a+"}}
    (tool,) = tools({"type": "custom", "custom": {"name": "write", "format": grammar}})
    schema = tool["input_schema"]
    assert (schema["required"], schema["additionalProperties"]) == (["input"], False)
    assert "regex grammar:\na+" in schema["properties"]["input"]["description"]


@pytest.mark.parametrize("form", [None, {"type": "text"}])
def test_free_text_needs_no_form(form: Any) -> None:
    (tool,) = tools({"type": "custom", "custom": {"name": "write", "format": form}})
    assert tool["input_schema"]["properties"]["input"]["description"] == "The whole input of the tool, as text."


def test_the_emulation_is_told() -> None:
    notes = decode_chat(tools=[LOOK, WRITE]).adjustments
    assert [(note.path, note.action) for note in notes] == [("tools[1]", "emulated")]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, None),
        ("auto", {"type": "auto"}),
        ("none", {"type": "none"}),
        ("required", {"type": "any"}),
        ("any", {"type": "any"}),
        ({"type": "function", "function": {"name": "look"}}, {"type": "tool", "name": "look"}),
        ({"type": "custom", "custom": {"name": "look"}}, {"type": "tool", "name": "look"}),
        ({"function": {"name": "look"}}, {"type": "tool", "name": "look"}),
    ],
)
def test_every_choice(given: Any, expected: Any) -> None:
    assert choice(tool_choice=given) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, {"type": "auto", "disable_parallel_tool_use": True}),
        ("auto", {"type": "auto", "disable_parallel_tool_use": True}),
        ("required", {"type": "any", "disable_parallel_tool_use": True}),
        ("none", {"type": "none"}),
    ],
)
def test_one_call_at_a_time(given: Any, expected: Any) -> None:
    assert choice(tool_choice=given, parallel_tool_calls=False) == expected


def test_without_tools_there_is_nothing_to_do_one_at_a_time() -> None:
    assert "tool_choice" not in translated(parallel_tool_calls=False)


@pytest.mark.parametrize(("mode", "expected"), [("auto", "auto"), ("required", "any"), (None, "auto")])
def test_allowed_tools(mode: str | None, expected: str) -> None:
    allowed = {"mode": mode, "tools": [{"type": "custom", "custom": {"name": "write"}}]}
    made = translated(tools=[LOOK, WRITE], tool_choice={"type": "allowed_tools", "allowed_tools": allowed})
    assert [tool["name"] for tool in made["tools"]] == ["write"]
    assert made["tool_choice"] == {"type": expected}


def test_a_tool_that_is_allowed_must_be_there() -> None:
    allowed = {
        "mode": "auto",
        "tools": [{"type": "function", "function": {"name": name}} for name in ("look", "other")],
    }
    with pytest.raises(InvalidRequest, match="'other'") as caught:
        decode_chat(tools=[LOOK], tool_choice={"type": "allowed_tools", "allowed_tools": allowed})
    assert caught.value.param == "tool_choice.allowed_tools.tools[1]"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, {"type": "auto", "disable_parallel_tool_use": True}),
        ("auto", {"type": "auto", "disable_parallel_tool_use": True}),
        ("none", {"type": "none"}),
        ({"name": "look"}, {"type": "tool", "name": "look", "disable_parallel_tool_use": True}),
    ],
)
def test_the_legacy_choice(given: Any, expected: Any) -> None:
    assert translated(functions=[{"name": "look"}], function_call=given)["tool_choice"] == expected


def test_functions_beside_tools_are_tools() -> None:
    made = translated(functions=[{"name": "other"}], tools=[LOOK])
    assert [tool["name"] for tool in made["tools"]] == ["look", "other"]
    assert "tool_choice" not in made


@pytest.mark.parametrize(("size", "uses"), [(None, 5), ("low", 2), ("medium", 5), ("high", 10)])
def test_web_search(size: str | None, uses: int) -> None:
    made = translated(web_search_options={"search_context_size": size, "user_location": None}, tools=[LOOK])
    assert made["tools"][1] == {"type": "web_search_20250305", "name": "web_search", "max_uses": uses}


CODE = {"type": "code_execution_20260120", "name": "code_execution"}
MCP = {"type": "mcp", "server_label": "notes", "server_url": "https://example.com/mcp", "require_approval": "never"}
LOOK = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}


@pytest.mark.parametrize(
    "tool",
    [
        CODE,
        {"type": "web_search_20250305", "name": "web_search", "max_uses": 2, "cache_control": {"type": "ephemeral"}},
        {"type": "web_fetch_20260318", "name": "web_fetch", "citations": {"enabled": True}},
        {"type": "memory_20250818", "name": "memory"},
        {"type": "tool_search_tool_bm25_20251119", "name": "tool_search_tool_bm25"},
        {"type": "computer_20250124", "name": "computer", "display_width_px": 1, "display_height_px": 1},
        {"type": "computer_toolset_20260801"},
        {"type": "mcp_toolset", "mcp_server_name": "notes"},
    ],
    ids=lambda tool: tool["type"],
)
def test_a_tool_of_anthropics_own_passes_as_it_is(tool: dict[str, Any]) -> None:
    decoded = decode_chat(tools=[LOOK, tool])
    assert json.loads(messages.encode_request(decoded.request))["tools"][1] == tool
    assert [(note.path, note.changes_meaning) for note in decoded.adjustments] == [("tools[1]", False)]
    assert decoded.field_name("tools[1]") == "tools[1]"


@pytest.mark.parametrize("kind", ["web_search", "web_search_preview", "web_search_2025_08_26"])
def test_openais_web_search_as_a_tool(kind: str) -> None:
    place = {"type": "approximate", "city": "Oslo"}
    tool = {"type": kind, "user_location": place, "search_context_size": "low", "filters": {"allowed_domains": ["a.b"]}}
    assert translated(tools=[tool])["tools"] == [
        {"type": "web_search_20250305", "name": "web_search", "user_location": place, "allowed_domains": ["a.b"]}
    ]


def test_openais_web_search_as_a_choice() -> None:
    request = translated(tools=[{"type": "web_search"}], tool_choice={"type": "web_search"})
    assert request["tool_choice"] == {"type": "tool", "name": "web_search"}


def test_an_mcp_tool_is_a_server_and_its_toolset() -> None:
    own = {"type": "url", "url": "https://example.com/other", "name": "other"}
    request = translated(tools=[LOOK, MCP, CODE], mcp_servers=[own])
    assert [tool.get("name", tool.get("mcp_server_name")) for tool in request["tools"]] == [
        "look",
        "notes",
        "code_execution",
    ]
    assert [server["name"] for server in request["mcp_servers"]] == ["other", "notes"]
    assert translated(tools=[MCP])["mcp_servers"][0]["url"] == "https://example.com/mcp"


def test_servers_that_are_no_list_beside_an_mcp_tool() -> None:
    with pytest.raises(InvalidRequest) as refused:
        decode_chat(tools=[MCP], mcp_servers={"a": 1})
    assert refused.value.param == "mcp_servers"


def test_a_tool_that_may_be_found_later_and_examples_of_it() -> None:
    examples = [{"at": "here"}]
    (tool,) = translated(tools=[{**LOOK, "defer_loading": True, "input_examples": examples}])["tools"]
    assert (tool["defer_loading"], tool["input_examples"]) == (True, examples)


@pytest.mark.parametrize("tool", [{"type": "server_tool", "tool": 5}, {"type": "hologram"}, {"type": "web_fetch_2"}])
def test_what_is_no_tool_is_refused(tool: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest) as refused:
        decode_chat(tools=[tool])
    assert (refused.value.param or "").startswith("tools")
