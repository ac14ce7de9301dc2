"""Content blocks: known ones typed, all others kept as they came."""

import json
from typing import Any

import msgspec
import pytest
from msgspec import Raw

from claude_code_proxy import messages
from claude_code_proxy.messages.content import NO_OBJECT, check_object, with_input

BLOCKS: dict[str, dict[str, Any]] = {
    "Text": {"type": "text", "text": "Hi.", "citations": [{"type": "char_location"}]},
    "Image": {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "eA=="}},
    "Document": {"type": "document", "source": {"type": "text", "data": "x", "media_type": "text/plain"}, "title": "t"},
    "SearchResult": {"type": "search_result", "source": "https://example.com", "title": "t", "content": []},
    "Thinking": {"type": "thinking", "thinking": "", "signature": "c2ln"},
    "RedactedThinking": {"type": "redacted_thinking", "data": "eA=="},
    "ToolUse": {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {"at": ["it"]}, "toolset_name": "x"},
    "ToolResult": {"type": "tool_result", "tool_use_id": "toolu_1", "content": [{"type": "text", "text": "x"}]},
    "ServerToolUse": {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "x"}},
    "WebSearchToolResult": {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []},
}


def decode(block: Any) -> messages.Block:
    return messages.decode_block(json.dumps(block).encode())


@pytest.mark.parametrize("name", BLOCKS)
def test_a_known_block_is_typed_and_encodes_to_what_it_was(name: str) -> None:
    block = decode(BLOCKS[name])
    assert type(block).__name__ == name
    assert json.loads(msgspec.json.encode(block)) == BLOCKS[name]


@pytest.mark.parametrize(
    "block",
    [
        {"type": "hologram", "shape": "cube"},
        {"type": "text", "text": 1},
        {"type": "image"},
        {"type": "tool_use", "id": 1, "name": "look", "input": {}},
    ],
)
def test_any_other_block_is_kept_as_it_came(block: Any) -> None:
    decoded = decode(block)
    assert decoded == messages.UnknownBlock(block["type"], json.dumps(block).encode())


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ({"type": "text"}, messages.Text("")),
        ({"type": "text", "text": None, "citations": None}, messages.Text("")),
        ({"type": "thinking", "thinking": "unsigned yet"}, messages.Thinking("unsigned yet", "")),
        ({"type": "thinking", "signature": "c2ln", "thinking": None}, messages.Thinking("", "c2ln")),
        ({"type": "tool_use", "id": "a", "name": "look"}, messages.ToolUse("a", "look", Raw(b"{}"))),
        ({"type": "server_tool_use", "id": "a", "name": "b"}, messages.ServerToolUse("a", "b", Raw(b"{}"))),
    ],
)
def test_what_deltas_will_bring_may_be_absent_at_the_start(block: Any, expected: messages.Block) -> None:
    assert decode(block) == expected


@pytest.mark.parametrize("raw", [b"{}", b"[]", b"null", b'"text"', b'{"type":1}', b'{"type":"text"', b""])
def test_what_has_no_type_is_no_block(raw: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        messages.decode_block(raw)


def test_unknown_blocks_are_values() -> None:
    block = messages.UnknownBlock("hologram", b"{}")
    assert block == messages.UnknownBlock("hologram", b"{}")
    assert block != messages.UnknownBlock("hologram", b'{"a":1}')
    assert len({block, messages.UnknownBlock("hologram", b"{}")}) == 1
    assert repr(block) == "UnknownBlock(type='hologram')", "its content is nobody's business in a log"


def test_what_is_not_given_is_not_sent() -> None:
    assert msgspec.json.encode(messages.Text("Hi.")) == b'{"type":"text","text":"Hi."}'
    assert msgspec.json.encode(messages.ToolResult("toolu_1")) == b'{"type":"tool_result","tool_use_id":"toolu_1"}'
    assert msgspec.json.encode(messages.CacheControl()) == b'{"type":"ephemeral"}'


def test_a_cache_breakpoint_has_no_fields_that_no_one_knows() -> None:
    with pytest.raises(msgspec.ValidationError, match="unknown field"):
        msgspec.json.decode(b'{"type":"ephemeral","scope":"global"}', type=messages.CacheControl)


def test_raw_input_stays_byte_for_byte() -> None:
    raw = b'{"type":"tool_use","id":"a","name":"b","input":{"x" : 1.10, "y":"\\u00e9"}}'
    block = messages.decode_block(raw)
    assert isinstance(block, messages.ToolUse)
    assert bytes(block.input) == b'{"x" : 1.10, "y":"\\u00e9"}'
    assert isinstance(block.input, Raw)


@pytest.mark.parametrize("json_of_object", ["{}", b' {"a": [1]}', Raw(b'{"a":{"b":null}}')])
def test_the_input_of_a_call_is_an_object(json_of_object: str | bytes | Raw) -> None:
    check_object(json_of_object)


@pytest.mark.parametrize("other", ["", "null", "[]", '"{}"', "{", "{} {}", '{"a":' * 100_000])
def test_nothing_else_is(other: str) -> None:
    with pytest.raises(NO_OBJECT):
        check_object(other)


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (
            messages.ServerToolUse("srv_1", "web_search", Raw(b"{}")),
            messages.ServerToolUse("srv_1", "web_search", Raw(b'{"q":1}')),
        ),
        (
            messages.UnknownBlock("mcp_tool_use", b'{"type":"mcp_tool_use","input":{}}'),
            messages.UnknownBlock("mcp_tool_use", b'{"type":"mcp_tool_use","input":{"q":1}}'),
        ),
        (
            messages.UnknownBlock("hologram", b'{"type":"hologram"}'),
            messages.UnknownBlock("hologram", b'{"type":"hologram"}'),
        ),
    ],
    ids=["a known call", "another call", "no call"],
)
def test_a_call_of_the_services_takes_its_input(
    block: messages.UnknownBlock | messages.ServerToolUse, expected: messages.Block
) -> None:
    assert with_input(block, Raw(b'{"q":1}')) == expected
