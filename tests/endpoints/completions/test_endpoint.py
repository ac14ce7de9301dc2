"""Completions as the exchange is handed them."""

import json

from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.endpoints.completions import COMPLETIONS
from tests.endpoints.completions.completion_replies import decode_completion
from tests.endpoints.replies import CONTEXT


def test_where_it_is_found() -> None:
    assert (COMPLETIONS.path, COMPLETIONS.id_prefix) == ("/completions", "cmpl-")


def test_what_was_asked() -> None:
    assert (decode_completion().stream, decode_completion().n) == (False, 1)
    assert (decode_completion(stream=True).stream, decode_completion(n=3).n) == (True, 3)
    assert len(decode_completion(n=3).translators(CONTEXT)) == 3


def test_unknown_fields_are_named() -> None:
    assert [note.path for note in decode_completion(zz=1).adjustments] == ["prompt", "zz"]


def test_what_the_exchange_asks_of_a_decoded_request() -> None:
    decoded = decode_completion()
    other = replace(decoded.request, model="claude-other")
    assert decoded.with_request(other).request == other
    assert decoded.field_name("max_tokens") == "max_tokens"
    reply = messages.Message("msg_1", "claude", (messages.Text("Hi."),), stop_reason="end_turn")
    assert json.loads(decoded.reply((reply,), CONTEXT))["choices"][0]["text"] == "Hi."
