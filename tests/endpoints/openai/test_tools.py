"""The tools that OpenAI-shaped endpoints share."""

import msgspec
import pytest

from claude_code_proxy import messages
from claude_code_proxy.endpoints.openai.tools import one_at_a_time, to_custom_tool, to_web_search


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (None, messages.ChooseAuto(disable_parallel_tool_use=True)),
        (messages.ChooseAuto(), messages.ChooseAuto(disable_parallel_tool_use=True)),
        (messages.ChooseAny(), messages.ChooseAny(disable_parallel_tool_use=True)),
        (messages.ChooseTool("add"), messages.ChooseTool("add", disable_parallel_tool_use=True)),
        (messages.ChooseNone(), messages.ChooseNone()),
    ],
)
def test_one_call_at_a_time(choice: messages.ToolChoice | None, expected: messages.ToolChoice) -> None:
    assert one_at_a_time(choice) == expected


def test_a_custom_tool_shows_its_grammar_to_the_model() -> None:
    plain = to_custom_tool("shell", "Runs it.")
    assert plain.description == "Runs it."
    schema = msgspec.json.decode(to_custom_tool("patch", None, syntax="lark", grammar="start: WORD").input_schema)
    assert schema["required"] == ["input"]
    assert "lark grammar:\nstart: WORD" in schema["properties"]["input"]["description"]
    assert "grammar" not in msgspec.json.decode(plain.input_schema)["properties"]["input"]["description"]


@pytest.mark.parametrize(("size", "searches"), [("low", 2), (None, 5), ("medium", 5), ("high", 10)])
def test_the_size_of_the_context_is_the_number_of_searches(size: str, searches: int) -> None:
    tool = to_web_search(size, None, allowed_domains=["a.example"])  # type: ignore[arg-type]
    assert (tool.max_uses, tool.allowed_domains, tool.blocked_domains) == (searches, ("a.example",), ())
