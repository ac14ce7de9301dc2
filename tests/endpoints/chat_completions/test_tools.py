"""Tools and the choice among them. The ordinary cases stand in the fixtures."""

from typing import Any

import pytest

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
