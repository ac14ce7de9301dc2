"""The whole reply. What the fixtures show is not said again."""

import json

import pytest
from msgspec import Raw

from claude_code_proxy import messages
from claude_code_proxy.endpoints.endpoint import ReplyContext
from tests.endpoints.replies import CONTEXT, decode_chat, message
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
