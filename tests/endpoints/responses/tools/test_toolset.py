"""Tools and the choice among them, and the way back from Claude's names."""

from typing import Any

from claude_code_proxy.endpoints.responses.tools.toolset import ToolOrigin
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


def test_one_call_at_a_time() -> None:
    made = translated(tools=[ADD], parallel_tool_calls=False)
    assert made["tool_choice"] == {"type": "auto", "disable_parallel_tool_use": True}
    assert "tool_choice" not in translated(parallel_tool_calls=False)


MCP = {
    "type": "mcp",
    "server_label": "dice",
    "server_url": "https://dice.example/mcp",
    "authorization": "a made-up token",
    "allowed_tools": {"tool_names": ["roll"]},
    "require_approval": "never",
}


def test_an_mcp_server_is_called_by_the_service() -> None:
    made = translated(tools=[ADD, MCP])
    assert made["mcp_servers"] == [
        {
            "type": "url",
            "url": "https://dice.example/mcp",
            "name": "dice",
            "authorization_token": "a made-up token",
        }
    ]
    assert made["tools"][1] == {
        "type": "mcp_toolset",
        "mcp_server_name": "dice",
        "default_config": {"enabled": False},
        "configs": {"roll": {"enabled": True}},
    }
    assert adjusted(decode(tools=[MCP])) == {}


def test_what_the_connector_does_not_have_is_named() -> None:
    request = decode(tools=[MCP | {"require_approval": "always", "headers": {"x-tenant": "1"}}])
    assert adjusted(request) == {"tools[0].headers": "dropped", "tools[0].require_approval": "dropped"}
    assert all(note.changes_meaning for note in request.adjustments)


def test_code_runs_in_a_container_with_files() -> None:
    auto = {"type": "auto", "file_ids": ["file_1", "file_2"], "memory_limit": "4g"}
    request = decode(tools=[{"type": "code_interpreter", "container": auto}])
    assert [tool.name for tool in request.request.tools] == ["code_execution"]
    made = translated(tools=[{"type": "code_interpreter", "container": auto}])
    assert "container" not in made
    assert made["messages"][-1]["content"][1:] == [
        {"type": "container_upload", "file_id": "file_1"},
        {"type": "container_upload", "file_id": "file_2"},
    ]
    assert adjusted(request) == {"tools[0].container.memory_limit": "ignored"}
    named = translated(tools=[{"type": "code_interpreter", "container": "container_7"}])
    assert named["container"] == "container_7"
