"""The whole reply. What the fixtures show is not said again."""

import json

import pytest
from msgspec import Raw

from claude_code_proxy import messages
from claude_code_proxy.endpoints.endpoint import ReplyContext
from tests.endpoints.replies import CONTEXT, accumulated, decode_chat, message, streamed
from tests.endpoints.strict_reader import Choice, Json, read_whole

CALL = messages.ToolUse("toolu_1", "look", Raw(b'{"at":"it"}'))


def choice(*content: messages.Block, stop_reason: str = "end_turn", asking: Json | None = None) -> Choice:
    body = decode_chat(**asking or {}).reply((message(*content, stop_reason=stop_reason),), CONTEXT)
    return read_whole(body).choices[0]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ((), ""),
        ((CALL,), None),
        ((messages.Text("A"), CALL), "A"),
        ((messages.Text(""),), ""),
        ((messages.Thinking("", "x"),), ""),
    ],
)
def test_content_is_null_only_beside_calls(content: tuple[messages.Block, ...], expected: str | None) -> None:
    body = json.loads(decode_chat().reply((message(*content),), CONTEXT))
    assert body["choices"][0]["message"]["content"] == expected


def test_all_text_is_one_text() -> None:
    assert choice(messages.Text("A"), messages.Text("B\n"), messages.Text("C")).content == "AB\nC"


@pytest.mark.parametrize("stop_reason", ["end_turn", "tool_use", "stop_sequence"])
def test_a_call_decides_the_reason(stop_reason: str) -> None:
    assert choice(CALL, stop_reason=stop_reason).finish_reason == "tool_calls"


def test_a_hosted_tools_use_is_no_call() -> None:
    search = messages.ServerToolUse("srvtoolu_1", "web_search", Raw(b"{}"))
    found = choice(search, messages.WebSearchToolResult("srvtoolu_1", Raw(b"[]")), messages.Text("A"))
    assert (found.calls, found.content, found.finish_reason) == ([], "A", "stop")


def test_several_choices_share_one_usage() -> None:
    replies = (message(messages.Text("A")), message(messages.Text("B")))
    reply = read_whole(decode_chat(n=2).reply(replies, CONTEXT))
    assert [one.content for one in reply.choices] == ["A", "B"]
    assert reply.usage is not None
    assert (reply.usage["prompt_tokens"], reply.usage["completion_tokens"]) == (20, 10)


def test_the_envelope_says_what_only_the_edge_knows() -> None:
    context = ReplyContext("chatcmpl-9", 7, "my-alias", lambda _: 0.25)
    reply = read_whole(decode_chat().reply((message(messages.Text("A")),), context))
    assert (reply.id, reply.created, reply.model) == ("chatcmpl-9", 7, "my-alias")
    assert reply.usage is not None
    assert reply.usage["cost"] == 0.25


def test_a_custom_call_that_does_not_keep_to_the_form() -> None:
    write = {"tools": [{"type": "custom", "custom": {"name": "look"}}]}
    (call,) = choice(CALL, asking=write).calls
    assert call == {"id": "toolu_1", "type": "custom", "custom": {"name": "look", "input": '{"at":"it"}'}}


CODE_RESULT = b'{"type":"code_execution_tool_result","tool_use_id":"srvtoolu_1","content":{"stdout":"42"}}'
MCP_CALL = b'{"type":"mcp_tool_use","id":"mcptoolu_1","name":"find","server_name":"notes","input":{"q":1}}'
SERVER_REPLY = message(
    messages.ServerToolUse("srvtoolu_1", "code_execution", Raw(b'{"code":"6*7"}')),
    messages.UnknownBlock("code_execution_tool_result", CODE_RESULT),
    messages.UnknownBlock("mcp_tool_use", MCP_CALL),
    messages.Text("42."),
)


def test_what_server_tools_did_is_shown_as_it_came() -> None:
    request = decode_chat()
    shown = json.loads(request.reply((SERVER_REPLY,), CONTEXT))["choices"][0]["message"]
    call = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "code_execution", "input": {"code": "6*7"}}
    blocks = [call, json.loads(CODE_RESULT), json.loads(MCP_CALL)]
    assert shown["server_tool_blocks"] == [{"index": index, **block} for index, block in enumerate(blocks)]
    assert (shown["content"], "tool_calls" in shown) == ("42.", False)
    frames = streamed(request, messages.as_events(SERVER_REPLY)).split(b"data: ")
    deltas = [json.loads(frame)["choices"][0]["delta"] for frame in frames if b"server_tool_blocks" in frame]
    assert [block for delta in deltas for block in delta["server_tool_blocks"]] == shown["server_tool_blocks"]


def test_the_input_of_a_servers_call_may_come_in_pieces() -> None:
    bare = messages.UnknownBlock("mcp_tool_use", MCP_CALL.replace(b'{"q":1}', b"{}"))
    pieces = [messages.ContentBlockDelta(0, messages.InputJsonDelta(piece)) for piece in ('{"q"', ":1}")]
    start = messages.MessageStart(message())
    block = messages.ContentBlockStart(0, bare)
    events: list[messages.Event] = [start, block, *pieces, messages.ContentBlockStop(0), messages.MessageStop()]
    assert b'"input":{"q":1}' in streamed(decode_chat(), events)
    assert accumulated(events).content == (messages.UnknownBlock("mcp_tool_use", MCP_CALL),)


def test_a_web_search_is_told_by_its_annotations_alone() -> None:
    search = messages.ServerToolUse("srvtoolu_1", "web_search", Raw(b'{"query":"x"}'))
    found = messages.WebSearchToolResult("srvtoolu_1", Raw(b"[]"))
    reply = message(search, found, messages.Text("a"))
    request = decode_chat()
    assert b"server_tool_blocks" not in request.reply((reply,), CONTEXT)
    assert b"server_tool_blocks" not in streamed(request, messages.as_events(reply))
