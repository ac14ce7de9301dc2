"""The Messages API as an endpoint."""

import json

import pytest
from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.endpoints.messages import COUNT_TOKENS, MESSAGES
from claude_code_proxy.errors import InvalidRequest
from tests.endpoints.replies import CONTEXT


def test_both_addresses_are_those_of_the_api() -> None:
    for endpoint in (MESSAGES, COUNT_TOKENS):
        assert endpoint.native is not None
        assert endpoint.native.path == f"/v1{endpoint.path}"


def test_a_count_has_the_apis_shape() -> None:
    assert COUNT_TOKENS.render_count is not None
    assert COUNT_TOKENS.render_count(7) == b'{"input_tokens":7}'


def test_an_answer_needs_a_limit_and_a_count_does_not() -> None:
    body = b'{"model":"claude","messages":[{"role":"user","content":"Hi."}]}'
    with pytest.raises(InvalidRequest) as caught:
        MESSAGES.decode(body, "")
    assert caught.value.path == "max_tokens"
    assert COUNT_TOKENS.decode(body, "").request.model == "claude"


def test_a_request_and_its_reply_have_the_same_names() -> None:
    body = b'{"model":"claude","max_tokens":10,"messages":[{"role":"user","content":"Hi."}],"stream":true}'
    decoded = MESSAGES.decode(body, "")
    assert decoded.stream
    assert decoded.field_name("messages[0].content") == "messages[0].content"
    assert len(decoded.translators(CONTEXT)) == 1
    other = replace(decoded.request, model="claude-other")
    assert decoded.with_request(other).request == other
    reply = json.loads(decoded.reply((messages.Message("msg_1", "claude", (messages.Text("Hi."),)),), CONTEXT))
    assert (reply["type"], reply["content"]) == ("message", [{"type": "text", "text": "Hi."}])
