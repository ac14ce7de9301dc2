"""The object of a response that is made later, and its states."""

import json

import pytest

from claude_code_proxy.endpoints.chat_completions import CHAT_COMPLETIONS
from claude_code_proxy.endpoints.responses.background import (
    as_streamed,
    ended_response,
    event_number,
    is_background,
    queue,
    status_of,
    wants_background,
    with_status,
)
from claude_code_proxy.errors import InvalidRequest
from tests.endpoints.responses.responses_replies import CONTEXT, decode


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        (b'{"background": true}', True),
        (b'{"background": false}', False),
        (b'{"background": null}', False),
        (b'{"input": "background"}', False),
        (b'{"metadata": {"background": "true"}}', False),
        (b'{"background": 7}', False),
        (b'{"background": ', False),
    ],
)
def test_which_requests_are_made_later(body: bytes, *, wanted: bool) -> None:
    assert wants_background(body) is wanted


def test_a_queued_response_has_its_input_and_no_output() -> None:
    kept = queue(decode(background=True, input="Hi."), CONTEXT)
    reply = json.loads(kept.reply)
    assert (reply["status"], reply["output"], reply["usage"], reply["error"]) == ("queued", [], None, None)
    assert "completed_at" not in reply
    assert is_background(kept.reply)
    assert json.loads(kept.input)[0]["content"] == [{"type": "input_text", "text": "Hi."}]
    assert kept.turns == b"[]"


def test_what_is_not_stored_cannot_be_made_later() -> None:
    with pytest.raises(InvalidRequest, match="store"):
        queue(decode(background=True, store=False), CONTEXT)
    body = b'{"messages": [{"role": "user", "content": "Hi."}], "model": "claude-sonnet-4-6"}'
    with pytest.raises(TypeError):
        queue(CHAT_COMPLETIONS.decode(body, ""), CONTEXT)


def test_states_replace_each_other() -> None:
    kept = queue(decode(background=True), CONTEXT)
    assert status_of(with_status(kept.reply, "cancelled")) == "cancelled"
    failed = json.loads(with_status(kept.reply, "failed", words="Try again."))
    assert (failed["status"], failed["error"]) == ("failed", {"code": "server_error", "message": "Try again."})


def test_events() -> None:
    frame = b'event: response.failed\ndata: {"type":"response.failed","sequence_number":12,"response":{"id":"r"}}'
    assert event_number(frame) == 12
    assert ended_response(frame) == b'{"id":"r"}'
    assert ended_response(frame.replace(b"failed", b"created")) is None


def test_a_request_is_made_to_ask_for_events() -> None:
    assert json.loads(as_streamed(b'{"stream": false, "input": "Hi."}')) == {"stream": True, "input": "Hi."}
