"""A Messages request as it goes out: what is not given is left out, what came raw goes raw."""

import json

import pytest
from msgspec import Raw

from claude_code_proxy import messages

HELLO = messages.InputMessage("user", (messages.Text("Hello."),))


def encoded(request: messages.MessagesRequest) -> object:
    return json.loads(messages.encode_request(request))


def test_the_smallest() -> None:
    assert messages.encode_request(messages.MessagesRequest("claude-x", (HELLO,))) == (
        b'{"model":"claude-x","messages":[{"role":"user","content":[{"type":"text","text":"Hello."}]}]}'
    )


def test_unknown_blocks_and_raw_schemas_go_out_byte_for_byte() -> None:
    block = messages.UnknownBlock("hologram", b'{"type":"hologram", "a":1.0}')
    request = messages.MessagesRequest(
        "claude-x",
        (messages.InputMessage("assistant", (block,)),),
        tools=(messages.Tool("look", Raw(b'{"type" : "object"}')),),
    )
    body = messages.encode_request(request)
    assert b'{"type":"hologram", "a":1.0}' in body
    assert b'"input_schema":{"type" : "object"}' in body


def test_thinking_choices_and_formats() -> None:
    request = messages.MessagesRequest(
        "claude-x",
        (HELLO,),
        max_tokens=10,
        tools=(messages.HostedTool("web_search_20250305", "web_search", max_uses=2),),
        tool_choice=messages.ChooseTool("web_search", disable_parallel_tool_use=True),
        thinking=messages.Adaptive("summarized"),
        output_config=messages.OutputConfig("high", messages.JsonSchema(Raw(b"{}"))),
        metadata=messages.Metadata("someone"),
        stream=True,
    )
    assert encoded(request) == {
        "model": "claude-x",
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Hello."}]}],
        "max_tokens": 10,
        "tools": [{"type": "web_search_20250305", "name": "web_search", "max_uses": 2}],
        "tool_choice": {"type": "tool", "name": "web_search", "disable_parallel_tool_use": True},
        "thinking": {"type": "adaptive", "display": "summarized"},
        "output_config": {"effort": "high", "format": {"type": "json_schema", "schema": {}}},
        "metadata": {"user_id": "someone"},
        "stream": True,
    }


def test_what_has_no_json_form_is_a_mistake() -> None:
    with pytest.raises(TypeError, match="object"):
        messages.encode_request(messages.MessagesRequest("claude-x", (HELLO,), metadata=object()))  # type: ignore[arg-type]


def test_a_tool_of_another_type_stays_as_it_came() -> None:
    raw = b'{"type":"web_fetch_20260318","name":"web_fetch","x":[1.50],"cache_control":{"type":"ephemeral"}}'
    tool = messages.decode_raw_tool(raw)
    assert (tool.type, tool.name, tool.cache_control) == ("web_fetch_20260318", "web_fetch", messages.CacheControl())
    assert messages.encode_request(tool) == raw
    bare = messages.with_cache_control(tool, None)
    assert messages.encode_request(bare) == b'{"type":"web_fetch_20260318","name":"web_fetch","x":[1.50]}'
    assert tool == messages.decode_raw_tool(raw) != bare
    assert hash(tool) == hash(bare)
    assert repr(tool) == "RawTool(type='web_fetch_20260318', name='web_fetch')"


def test_tools_without_a_name_have_one_that_no_other_tool_can_have() -> None:
    names = [
        messages.decode_raw_tool(raw).name
        for raw in (
            b'{"type":"mcp_toolset","mcp_server_name":"a"}',
            b'{"type":"mcp_toolset","mcp_server_name":"b"}',
            b'{"type":"computer_toolset_20260801"}',
        )
    ]
    assert names == ["mcp_toolset a", "mcp_toolset b", "computer_toolset_20260801"]
