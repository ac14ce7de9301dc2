"""The choice among tools."""

import pytest

from claude_code_proxy.errors import InvalidRequest
from tests.endpoints.responses.responses_replies import decode, translated
from tests.endpoints.responses.tools.test_toolset import ADD, DEFERRED, NAMESPACE


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
        ({"type": "code_interpreter"}, {"type": "tool", "name": "code_execution"}),
        ({"type": "file_search"}, {"type": "auto"}),
    ],
)
def test_the_choice(choice: object, expected: object) -> None:
    tools = [ADD, NAMESPACE, {"type": "web_search"}, {"type": "shell"}, {"type": "code_interpreter"}]
    assert translated(tools=tools, tool_choice=choice)["tool_choice"] == expected


def test_allowed_tools() -> None:
    allowed = {"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "add"}]}
    made = translated(tools=[ADD, ADD | {"name": "sub"}], tool_choice=allowed)
    assert ([tool["name"] for tool in made["tools"]], made["tool_choice"]) == (["add"], {"type": "any"})
    with pytest.raises(InvalidRequest) as refusal:
        decode(tools=[DEFERRED], tool_choice=allowed)
    assert refusal.value.param == "tool_choice.tools[0]"
