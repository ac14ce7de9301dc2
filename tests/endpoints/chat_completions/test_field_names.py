"""From a block of the Messages request back to the field it was made from."""

from typing import Any

import pytest

from tests.endpoints.replies import decode_chat

IMAGE = {"type": "image_url", "image_url": {"url": "https://example.com/cat.png"}}
FILE = {"type": "file", "file": {"file_id": "file_1"}}
TEXT = {"type": "text", "text": "Look."}
CHAT: list[dict[str, Any]] = [
    {"role": "system", "content": "Be brief."},
    {"role": "developer", "content": "Be kind."},
    {"role": "user", "content": [TEXT, IMAGE, FILE]},
    {"role": "assistant", "tool_calls": [{"id": "a", "type": "function", "function": {"name": "f", "arguments": ""}}]},
    {"role": "tool", "tool_call_id": "a", "content": [TEXT, IMAGE]},
    {"role": "system", "content": "It is late."},
    {"role": "user", "content": "Well?"},
]


FUNCTION = {"name": "f", "parameters": {"type": "object"}}


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("messages[0].content[0]", "messages[2].content[0]"),
        ("messages[0].content[1]", "messages[2].content[1].image_url"),
        ("messages[0].content[1].source.data", "messages[2].content[1].image_url"),
        ("messages[0].content[2]", "messages[2].content[2].file"),
        ("messages[0].content[9]", "messages[2].content"),
        ("messages[1].content[0]", "messages[3]"),
        ("messages[2].content[0].content[1]", "messages[4].content[1].image_url"),
        ("messages[2].content[0]", "messages[4].content"),
        ("messages[3].content[0]", "messages[5].content"),
        ("messages[4].content[0]", "messages[6].content"),
        ("messages[5].content[0]", "messages"),
        ("messages", "messages"),
        ("system", "messages"),
    ],
)
def test_blocks(path: str, name: str) -> None:
    decoded = decode_chat(messages=CHAT)
    assert len(decoded.request.messages) == 5
    assert decoded.field_name(path) == name


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("stop_sequences", "stop"),
        ("metadata", "user"),
        ("output_config.effort", "reasoning_effort"),
        ("output_config.format", "response_format"),
        ("output_config.format.schema.properties.a", "response_format.json_schema.schema.properties.a"),
        ("tool_choice", "tool_choice"),
        ("thinking", "thinking"),
        ("max_tokens", "max_tokens"),
        ("cache_control", "cache_control"),
        ("tools", "tools"),
    ],
)
def test_fields(path: str, name: str) -> None:
    assert decode_chat().field_name(path) == name


def test_a_tool_is_named_by_the_field_that_declares_it() -> None:
    custom = {"type": "custom", "custom": {"name": "g"}}
    tools = [{"type": "function", "function": FUNCTION}, custom]
    decoded = decode_chat(tools=tools, functions=[FUNCTION | {"name": "h"}], web_search_options={})
    assert [decoded.field_name(f"tools[{index}].name") for index in range(3)] == [
        "tools[0].function.name",
        "tools[1].custom.name",
        "functions[0].name",
    ]
    assert decoded.field_name("tools[0].input_schema.properties.a") == "tools[0].function.parameters.properties.a"
    assert decoded.field_name("tools[2].strict") == "functions[0].strict"
    assert decoded.field_name("tools[3]") == "web_search_options"
    assert decoded.field_name("tools[0]") == "tools[0]"


def test_a_tool_is_named_by_its_place_among_all_tools_where_only_some_are_allowed() -> None:
    tools = [{"type": "function", "function": FUNCTION | {"name": name}} for name in "abc"]
    allowed = {"mode": "auto", "tools": [{"type": "function", "function": {"name": name}} for name in "ca"]}
    decoded = decode_chat(tools=tools, tool_choice={"type": "allowed_tools", "allowed_tools": allowed})
    assert [tool.name for tool in decoded.request.tools] == ["a", "c"]
    assert decoded.field_name("tools[1].strict") == "tools[2].function.strict"
