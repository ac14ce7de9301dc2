"""Bodies in the shapes of other APIs, read as what they are."""

import json
from typing import Any

import pytest

from claude_code_proxy import messages
from claude_code_proxy.endpoints.chat_completions.foreign.shapes import reshape
from claude_code_proxy.endpoints.endpoint import DecodedRequest
from claude_code_proxy.errors import InvalidRequest
from tests.endpoints.chat_completions.foreign.test_parts import FILES, IMAGES, PNG
from tests.endpoints.replies import HELLO, decode_chat, translated

SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}
TOOL = {"name": "f", "description": "d", "input_schema": SCHEMA}


def told(decoded: DecodedRequest) -> list[str]:
    return [f"{note.path}={note.action}" for note in decoded.adjustments]


@pytest.mark.parametrize(
    "tool",
    [
        {"name": "f", "description": "d", "input_schema": SCHEMA},
        {"type": "custom", "name": "f", "description": "d", "input_schema": SCHEMA},
        {"type": "function", "name": "f", "description": "d", "parameters": SCHEMA},
        {"name": "f", "description": "d", "parameters": SCHEMA},
        {"type": "function", "function": {"name": "f", "description": "d", "input_schema": SCHEMA}},
    ],
)
def test_tools(tool: Any) -> None:
    ours = {"type": "function", "function": {"name": "g", "parameters": SCHEMA}}
    decoded = decode_chat(tools=[ours, tool])
    assert translated(tools=[ours, tool])["tools"] == [{"name": "g", "input_schema": SCHEMA}, TOOL]
    assert told(decoded) == ["tools[1]=mapped"]


def test_a_flat_custom_tool() -> None:
    decoded = decode_chat(tools=[{"type": "custom", "name": "sh", "description": "d", "format": {"type": "text"}}])
    assert told(decoded) == ["tools[0]=emulated", "tools[0]=mapped"]
    assert decoded.request.tools[0].name == "sh"


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ({"type": "auto"}, {"type": "auto"}),
        ({"type": "any"}, {"type": "any"}),
        ({"type": "required"}, {"type": "any"}),
        ({"type": "none"}, {"type": "none"}),
        ({"type": "tool", "name": "f"}, {"type": "tool", "name": "f"}),
        ({"type": "function", "name": "f"}, {"type": "tool", "name": "f"}),
        (
            {"type": "auto", "disable_parallel_tool_use": True},
            {"type": "auto", "disable_parallel_tool_use": True},
        ),
    ],
)
def test_the_choice_of_a_tool(choice: Any, expected: Any) -> None:
    assert translated(tools=[TOOL], tool_choice=choice)["tool_choice"] == expected
    assert told(decode_chat(tools=[TOOL], tool_choice=choice)) == ["tools[0]=mapped", "tool_choice=mapped"]


def test_calls_and_results_as_blocks() -> None:
    call = {"type": "tool_use", "id": "t", "name": "f", "input": {"a": 1.50}}
    result = {
        "type": "tool_result",
        "tool_use_id": "t",
        "content": [IMAGES["Anthropic"], {"type": "text", "text": "ok"}],
    }
    found = translated(
        messages=[
            HELLO,
            {"role": "assistant", "content": [{"type": "text", "text": "Looking."}, call]},
            {"role": "user", "content": [result, {"type": "text", "text": "Go on."}]},
        ],
        tools=[TOOL],
    )["messages"]
    assert found[1]["content"] == [{"type": "text", "text": "Looking."}, call]
    tool_result, text = found[2]["content"]
    assert (tool_result["type"], tool_result["tool_use_id"]) == ("tool_result", "t")
    assert [block["type"] for block in tool_result["content"]] == ["image", "text"]
    assert text == {"type": "text", "text": "Go on."}


def test_thinking_as_blocks() -> None:
    signed = {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"}
    content = [signed, {"type": "redacted_thinking", "data": "ZA=="}, {"type": "text", "text": "b"}]
    found = translated(messages=[HELLO, {"role": "assistant", "content": content}, HELLO])
    assert found["messages"][1]["content"] == content
    unsigned = [signed | {"signature": ""}, {"type": "text", "text": "b"}]
    decoded = decode_chat(messages=[HELLO, {"role": "assistant", "content": unsigned}, HELLO])
    assert told(decoded) == ["messages[1].thinking_blocks=ignored", "messages[1].content[0]=mapped"]


@pytest.mark.parametrize(
    "part", [*IMAGES.values(), *FILES.values()], ids=[*IMAGES, *(f"{name}, a file" for name in FILES)]
)
@pytest.mark.parametrize("role", ["user", "tool"])
def test_images_and_files(part: Any, role: str) -> None:
    message = {"role": role, "content": [part]} | ({"tool_call_id": "t"} if role == "tool" else {})
    (block,) = translated(messages=[message])["messages"][0]["content"]
    if role == "tool":
        (block,) = block["content"]
    assert block["type"] in {"image", "document"}


@pytest.mark.parametrize("content", [{"degrees": 21}, 21, True, False, 1.50, {"type": 5}])
def test_json_that_a_tool_returned_is_its_text(content: Any) -> None:
    decoded = decode_chat(messages=[{"role": "tool", "tool_call_id": "t", "content": content}])
    sent = messages.ToolResult("t", (messages.Text(json.dumps(content)),))
    assert decoded.request.messages[0].content == (sent,)
    assert told(decoded) == ["messages[0].content=mapped"]


@pytest.mark.parametrize(
    ("content", "texts"),
    [
        (["a", "b"], ["a", "b"]),
        ([{"type": "text", "text": None}, {"type": "text", "text": "a"}], ["a"]),
        ([{"type": "weather", "degrees": 21}], ['{"type": "weather", "degrees": 21}']),
        ([{"degrees": 21}], ['{"degrees": 21}']),
        ([{"type": "scan", "data": PNG * 50}], ["(a part of the type scan, which cannot be read here)"]),
        ([{"type": "resource_link", "uri": "a://b"}], ['{"type": "resource_link", "uri": "a://b"}']),
        ([5, None, [1]], ["5", "null", "[1]"]),
        ({"type": "text", "text": "a"}, ["a"]),
    ],
)
def test_whatever_a_tool_returned_is_readable(content: Any, texts: list[str]) -> None:
    (result,) = translated(messages=[{"role": "tool", "tool_call_id": "t", "content": content}])["messages"][0][
        "content"
    ]
    assert [block["text"] for block in result["content"]] == texts


@pytest.mark.parametrize(
    "content", [{"degrees": 21}, 21, True, [5], [{"type": "weather"}], [{"type": "text", "text": None}]]
)
def test_of_a_user_it_stays_an_error(content: Any) -> None:
    with pytest.raises(InvalidRequest) as caught:
        decode_chat(messages=[{"role": "user", "content": content}])
    assert (caught.value.param or "").startswith("messages[0].content")


@pytest.mark.parametrize(
    "response_format",
    [
        {"type": "json_object", "schema": SCHEMA},
        {"type": "json_object", "json_schema": {"name": "n", "schema": SCHEMA}},
        {"type": "json_schema", "schema": SCHEMA},
        {"type": "json_schema", "name": "n", "strict": True, "schema": SCHEMA},
        {"type": "json_schema", "json_schema": SCHEMA},
        {"type": "json_schema", "json_schema": {"name": "n", "strict": True} | SCHEMA},
        {"type": "json_schema", "json_schema": {"$ref": "#/$defs/a", "$defs": {"a": SCHEMA}}},
        {"type": "json_schema", "json_schema": {"anyOf": [SCHEMA]}},
    ],
)
def test_a_schema_in_another_place_is_held(response_format: Any) -> None:
    found = translated(response_format=response_format)["output_config"]["format"]
    assert found["type"] == "json_schema"
    assert json.dumps(SCHEMA) in json.dumps(found["schema"])
    assert told(decode_chat(response_format=response_format)) == ["response_format=mapped"]


@pytest.mark.parametrize("format", [{"type": "json_object"}, {"type": "json_schema", "json_schema": {"name": "n"}}])
def test_without_any_schema_it_is_any_object(format: Any) -> None:
    assert translated(response_format=format)["output_config"]["format"] == {"type": "json_object"}


def test_input_in_place_of_messages() -> None:
    items = [
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "w?"}]},
        {"type": "reasoning", "summary": []},
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": '{"a":1}'},
        {"type": "function_call_output", "call_id": "c", "output": "ok"},
    ]
    decoded = decode_chat(messages=None, input=items, instructions="Be brief.")
    assert [message.role for message in decoded.request.messages] == ["user", "assistant", "user"]
    assert [text.text for text in decoded.request.system] == ["Be brief."]
    assert told(decoded)[0] == "input=mapped"
    assert translated(messages=None, input="Hello.")["messages"] == [
        {"role": "user", "content": [{"type": "text", "text": "Hello."}]}
    ]


def test_an_extra_body_is_unpacked() -> None:
    decoded = decode_chat(extra_body={"top_k": 5, "max_tokens": 9}, max_tokens=7)
    assert (decoded.request.top_k, decoded.request.max_tokens) == (5, 7)
    assert told(decoded) == ["extra_body=mapped"]


def test_mixed_shapes() -> None:
    ours = {
        "role": "assistant",
        "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
    }
    theirs = {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "f", "input": {}}]}
    result = {"role": "tool", "tool_call_id": "c", "content": "1"}
    found = translated(
        messages=[
            HELLO,
            ours,
            result,
            theirs,
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t"}]},
        ],
        tools=[TOOL, {"type": "function", "function": {"name": "g"}}],
    )
    assert [block["id"] for message in found["messages"] for block in message["content"] if "id" in block] == ["c", "t"]
    assert [tool["name"] for tool in found["tools"]] == ["f", "g"]


def test_a_body_in_this_apis_shape_stays_byte_for_byte() -> None:
    body = json.dumps({"messages": [HELLO], "unknown": 1, "max_tokens": 5.0}).encode()
    assert reshape(body) == (body, ())
    assert reshape(b"[1") == (b"[1", ())
