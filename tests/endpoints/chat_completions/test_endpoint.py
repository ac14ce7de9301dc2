"""What the exchange is handed: one value that has everything about a request and its reply."""

import json

import pytest
from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.endpoints.chat_completions import CHAT_COMPLETIONS
from claude_code_proxy.errors import InvalidRequest
from tests.endpoints.replies import CONTEXT, HELLO, decode_chat


def test_where_it_is_found() -> None:
    assert (CHAT_COMPLETIONS.path, CHAT_COMPLETIONS.id_prefix) == ("/chat/completions", "chatcmpl-")


def test_one_translator_for_each_choice() -> None:
    assert len(decode_chat(n=3).translators(CONTEXT)) == 3


@pytest.mark.parametrize(("stream", "expected"), [(True, True), (False, False), (None, False)])
def test_streaming_is_what_was_asked(stream: bool | None, expected: bool) -> None:
    assert decode_chat(stream=stream).stream == expected


def test_adjustments_of_every_kind_are_together() -> None:
    message = HELLO | {"name": "ada"}
    custom = {"type": "custom", "custom": {"name": "f"}}
    params = [note.path for note in decode_chat(messages=[message], tools=[custom], seed=1, zz=1).adjustments]
    assert params == ["messages[0].name", "tools[0]", "seed", "zz"]


def test_the_default_model_serves_those_who_name_none() -> None:
    for body in ({"messages": [HELLO]}, {"messages": [HELLO], "model": ""}, {"messages": [HELLO], "model": None}):
        assert CHAT_COMPLETIONS.decode(json.dumps(body).encode(), "claude-default").request.model == "claude-default"


def test_a_bad_request_is_the_callers_fault() -> None:
    with pytest.raises(InvalidRequest):
        CHAT_COMPLETIONS.decode(b"", "claude-default")


def test_what_the_exchange_asks_of_a_decoded_request() -> None:
    decoded = decode_chat()
    other = replace(decoded.request, model="claude-other")
    assert decoded.with_request(other).request == other
    assert decoded.field_name("messages[0].content") == "messages[0].content"
    reply = messages.Message("msg_1", "claude", (messages.Text("Hi."),), stop_reason="end_turn")
    assert json.loads(decoded.reply((reply,), CONTEXT))["choices"][0]["message"]["content"] == "Hi."
