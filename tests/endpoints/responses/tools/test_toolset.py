"""Tools and the choice among them, and the way back from Claude's names."""

from typing import Any

import pytest

from claude_code_proxy.endpoints.responses.tools.toolset import ToolOrigin
from claude_code_proxy.errors import InvalidRequest
from tests.endpoints.responses.responses_replies import adjusted, decode, translated

ADD = {"type": "function", "name": "add", "description": "Adds.", "parameters": {"type": "object", "properties": {}}}
DEFERRED = ADD | {"name": "later", "defer_loading": True}
NAMESPACE = {"type": "namespace", "name": "maths", "tools": [ADD, {"type": "custom", "name": "solve"}]}


def names(**fields: Any) -> list[str]:
    return [tool["name"] for tool in translated(**fields).get("tools", [])]


def test_a_function() -> None:
    assert translated(tools=[ADD | {"strict": True}])["tools"] == [
        {"name": "add", "description": "Adds.", "input_schema": ADD["parameters"], "strict": True}
    ]
    assert translated(tools=[{"type": "function", "name": "now", "parameters": None, "strict": None}])["tools"] == [
        {"name": "now", "input_schema": {"type": "object", "properties": {}}}
    ]


def test_tools_of_a_namespace_have_joined_names_and_a_way_back() -> None:
    request = decode(tools=[ADD, NAMESPACE])
    assert [tool.name for tool in request.request.tools] == ["add", "maths__add", "maths__solve"]
    assert request.shape.origin("maths__add") == ToolOrigin("function", "add", "maths")
    assert request.shape.origin("maths__solve") == ToolOrigin("custom", "solve", "maths")
    assert request.shape.origin("add") == ToolOrigin("function", "add")
    assert request.field_name("tools[2].input_schema.properties") == "tools[1].tools[1].parameters.properties"


@pytest.mark.parametrize("kind", ["local_shell", "shell", "apply_patch"])
def test_openais_own_tools_are_functions(kind: str) -> None:
    request = decode(tools=[{"type": kind}])
    (tool,) = request.request.tools
    assert tool.name == kind
    assert request.shape.origin(kind).kind == kind


def test_tools_within_the_input_join_the_others_and_the_newest_counts() -> None:
    newer = ADD | {"description": "Adds two numbers."}
    items = [
        {"type": "additional_tools", "role": "developer", "tools": [NAMESPACE, newer]},
        {"role": "user", "content": "x"},
    ]
    made = translated(tools=[ADD], input=items)["tools"]
    assert [(tool["name"], tool.get("description")) for tool in made] == [
        ("add", "Adds two numbers."),
        ("maths__add", "Adds."),
        ("maths__solve", None),
    ]


def test_deferred_tools_wait_for_the_clients_search() -> None:
    search = {"type": "tool_search", "execution": "client", "parameters": {"type": "object"}}
    assert names(tools=[ADD, DEFERRED, search]) == ["add", "tool_search"]
    assert names(tools=[ADD, DEFERRED]) == ["add", "later"]
    found = {"type": "tool_search_output", "call_id": "c", "execution": "client", "tools": [ADD | {"name": "later"}]}
    called = {"type": "tool_search_call", "call_id": "c", "execution": "client", "arguments": {"query": "x"}}
    items = [{"role": "user", "content": "x"}, called, found]
    assert names(tools=[ADD, DEFERRED, search], input=items) == ["add", "later", "tool_search"]


def test_web_search() -> None:
    search = {
        "type": "web_search_preview",
        "search_context_size": "low",
        "user_location": {"type": "approximate", "city": "Paris", "country": None},
        "filters": {"allowed_domains": ["a.example"]},
    }
    (tool,) = translated(tools=[search])["tools"]
    assert tool == {
        "type": "web_search_20250305",
        "name": "web_search",
        "max_uses": 2,
        "allowed_domains": ["a.example"],
        "user_location": {"type": "approximate", "city": "Paris"},
    }
    assert names(tools=[{"type": "web_search", "external_web_access": False}]) == []


def test_what_claude_has_nothing_for_is_named() -> None:
    request = decode(tools=[ADD, {"type": "image_generation"}, {"type": "hologram"}])
    assert adjusted(request) == {"tools[1]": "ignored", "tools[2]": "ignored"}
    assert all(adjustment.changes_meaning for adjustment in request.adjustments)


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ("auto", {"type": "auto"}),
        ("none", {"type": "none"}),
        ("required", {"type": "any"}),
        ({"type": "function", "name": "add"}, {"type": "tool", "name": "add"}),
        ({"type": "custom", "name": "solve", "namespace": "maths"}, {"type": "tool", "name": "maths__solve"}),
        ({"type": "web_search_preview"}, {"type": "tool", "name": "web_search"}),
        ({"type": "shell"}, {"type": "tool", "name": "shell"}),
        ({"type": "file_search"}, {"type": "auto"}),
    ],
)
def test_the_choice(choice: object, expected: object) -> None:
    tools = [ADD, NAMESPACE, {"type": "web_search"}, {"type": "shell"}]
    assert translated(tools=tools, tool_choice=choice)["tool_choice"] == expected


def test_allowed_tools() -> None:
    allowed = {"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "add"}]}
    made = translated(tools=[ADD, ADD | {"name": "sub"}], tool_choice=allowed)
    assert ([tool["name"] for tool in made["tools"]], made["tool_choice"]) == (["add"], {"type": "any"})
    with pytest.raises(InvalidRequest) as refusal:
        decode(tools=[DEFERRED], tool_choice=allowed)
    assert refusal.value.param == "tool_choice.tools[0]"


def test_one_call_at_a_time() -> None:
    made = translated(tools=[ADD], parallel_tool_calls=False)
    assert made["tool_choice"] == {"type": "auto", "disable_parallel_tool_use": True}
    assert "tool_choice" not in translated(parallel_tool_calls=False)
