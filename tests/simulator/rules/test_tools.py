"""Tool definitions and forced tools, model by model."""

from typing import Any

import pytest

from claude_code_proxy.simulator.models import MODELS
from claude_code_proxy.simulator.rules.tools import INVALID_SCHEMA, UNFORCED
from tests.simulator.requests import CLOCK, NEW, OLD, SEARCH, WEATHER, Json, accept, make_request, refusal_message

SCHEMA = "tools.0.custom.input_schema"


def with_schema(schema: Json) -> Json:
    return make_request(tools=[{"name": "a", "input_schema": schema}])


def strict(count: int, **schema: Any) -> list[Json]:
    whole = {"type": "object", "properties": {}, "additionalProperties": False, **schema}
    return [{"name": f"tool_{number}", "strict": True, "input_schema": whole} for number in range(count)]


REFUSED = [
    (
        make_request(tools=[{**WEATHER, "name": "a.b"}]),
        "tools.0.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'",
    ),
    (
        make_request(tools=[{**WEATHER, "name": "a" * 129}]),
        "tools.0.custom.name: String should have at most 128 characters",
    ),
    (make_request(tools=[{**WEATHER, "name": ""}]), "tools.0.custom.name: String should have at least 1 character"),
    (make_request(tools=[WEATHER, WEATHER]), "tools: Tool names must be unique."),
    (make_request(tools=[SEARCH, {**WEATHER, "name": "web_search"}]), "tools: Tool names must be unique."),
    (with_schema({}), f"{SCHEMA}.type: Field required"),
    (with_schema({"type": "string"}), f"{SCHEMA}.type: Input should be 'object'"),
    (
        with_schema({"type": "object", "anyOf": []}),
        f"{SCHEMA}: input_schema does not support oneOf, allOf, or anyOf at the top level",
    ),
    (
        with_schema({"type": "object", "oneOf": [{}]}),
        f"{SCHEMA}: input_schema does not support oneOf, allOf, or anyOf at the top level",
    ),
    (with_schema({"type": "object", "properties": None}), f"{SCHEMA}.properties: Input should be a valid dictionary"),
    (
        with_schema({"type": "object", "properties": {"$top": {}}}),
        f"{SCHEMA}.properties: Property keys should match pattern '^[a-zA-Z0-9_.-]{{1,64}}$'",
    ),
    (
        with_schema({"type": "object", "properties": {"a" * 65: {}}}),
        f"{SCHEMA}.properties: Property keys should match pattern '^[a-zA-Z0-9_.-]{{1,64}}$'",
    ),
    (with_schema({"type": "object", "properties": {"a": {"type": "text"}}}), f"{SCHEMA}: {INVALID_SCHEMA}"),
    (
        with_schema({"type": "object", "properties": {"a": {"type": "number", "exclusiveMinimum": True}}}),
        f"{SCHEMA}: {INVALID_SCHEMA}",
    ),
    (with_schema({"type": "object", "required": None}), f"{SCHEMA}: {INVALID_SCHEMA}"),
    (
        make_request(tools=[{**WEATHER, "defer_loading": True}]),
        "At least one tool must have defer_loading=false. All tools cannot be deferred.",
    ),
    (
        make_request(tools=[{**SEARCH, "name": "search"}]),
        "tools.0.web_search_20250305.name: Input should be 'web_search'",
    ),
    (
        make_request(tools=[{**SEARCH, "allowed_domains": ["a.b"], "blocked_domains": ["c.d"]}]),
        "tools.0.web_search_20250305: only one of `allowed_domains` or `blocked_domains` may be specified",
    ),
    (
        make_request(model=NEW, tools=[{"type": "computer_20251124", "name": "computer"}]),
        "'claude-opus-5-5' does not support tool types: computer_20251124.",
    ),
    (
        make_request(tools=strict(21)),
        (
            "Too many strict tools (21). The maximum number of strict tools supported is 20. Try reducing the number "
            "of tools marked as strict."
        ),
    ),
    (
        make_request(tools=[{**WEATHER, "strict": True}]),
        "tools.0.custom: For 'object' type, 'additionalProperties' must be explicitly set to false",
    ),
    (make_request(tool_choice={"type": "any"}), "tool_choice.any may only be specified while providing tools"),
    (make_request(tool_choice={"type": "tool", "name": "a"}), "Tool 'a' not found in provided tools"),
    (make_request(tools=[WEATHER], tool_choice={"type": "tool", "name": "a"}), "Tool 'a' not found in provided tools"),
    (
        make_request(
            model=OLD,
            max_tokens=5000,
            tools=[WEATHER],
            tool_choice={"type": "any"},
            thinking={"type": "enabled", "budget_tokens": 2000},
        ),
        "Thinking may not be enabled when tool_choice forces tool use.",
    ),
]


@pytest.mark.parametrize(("body", "words"), REFUSED, ids=lambda case: str(case)[-60:])
def test_refused(body: Json, words: str) -> None:
    assert refusal_message(body) == words


def test_an_unknown_kind_of_tool() -> None:
    words = refusal_message(make_request(tools=[{"type": "function", "function": {}}]))
    start = (
        "tools.0: Input tag 'function' found using 'type' does not match any of the expected tags: 'custom', 'bash_2025"
    )
    assert words.startswith(start)


@pytest.mark.parametrize(
    "body",
    [
        make_request(tools=[]),
        make_request(tools=[WEATHER, CLOCK, SEARCH]),
        make_request(tools=[{**WEATHER, "type": "custom", "description": ""}]),
        make_request(tools=[{**WEATHER, "name": "a" * 128}]),
        make_request(tools=[WEATHER, {**CLOCK, "defer_loading": True}]),
        with_schema({"$schema": "http://json-schema.org/draft-07/schema#", "type": "object", "x-mine": 1}),
        with_schema({"type": "object", "properties": {"a.b-c_1": {"anyOf": [{"type": "string"}, {"type": "null"}]}}}),
        make_request(tools=[{**SEARCH, "max_uses": None, "user_location": {"type": "approximate", "city": "Rome"}}]),
        make_request(tools=strict(20)),
        make_request(tool_choice={"type": "auto"}),
        make_request(tool_choice={"type": "none"}),
        make_request(tools=[WEATHER], tool_choice={"type": "auto", "disable_parallel_tool_use": True}),
        make_request(tools=[WEATHER], tool_choice={"type": "any"}, thinking={"type": "adaptive"}),
    ],
    ids=lambda body: str(body)[-60:],
)
def test_accepted(body: Json) -> None:
    accept(body)


UNFORCEABLE = {
    "claude-fable-5-1",
    "claude-fable-5-2",
    "claude-mythos-5-1",
    "claude-mythos-5-2",
    "claude-opus-5-5",
    "claude-sonnet-5-5",
}


@pytest.mark.parametrize("model", [model.id for model in MODELS])
@pytest.mark.parametrize("choice", [{"type": "any"}, {"type": "tool", "name": "get_weather"}], ids=["any", "tool"])
def test_forced_tools_by_model(model: str, choice: Json) -> None:
    body = make_request(model=model, tools=[WEATHER], tool_choice=choice)
    if model in UNFORCEABLE:
        assert refusal_message(body) == UNFORCED
        accept({**body, "tool_choice": {"type": "auto"}})
    else:
        accept(body)


@pytest.mark.parametrize(
    ("servers", "toolsets", "words"),
    [
        (["a"], ["a"], ""),
        (["a", "b"], ["b", "a"], ""),
        (["a"], [], "MCP server 'a' must be referenced by exactly one mcp_toolset"),
        (["a"], ["a", "a"], "MCP server 'a' must be referenced by exactly one mcp_toolset"),
        (["a", "a"], ["a"], "MCP server names must be unique"),
        ([], ["a"], "mcp_toolset references MCP server 'a'"),
    ],
)
def test_each_mcp_server_has_one_toolset(servers: list[str], toolsets: list[str], words: str) -> None:
    body = make_request(
        tools=[{"type": "mcp_toolset", "mcp_server_name": name} for name in toolsets],
        mcp_servers=[{"type": "url", "url": "https://example.com", "name": name} for name in servers],
    )
    if words:
        assert words in refusal_message(body, "mcp-client-2025-11-20")
    else:
        accept(body, "mcp-client-2025-11-20")
