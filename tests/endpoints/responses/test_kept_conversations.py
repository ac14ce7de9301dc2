"""Requests about conversations: checked like the input of a response, with OpenAI's limits and words."""

import json

import pytest

from claude_code_proxy.endpoints.responses.kept_conversations import (
    decode_added,
    decode_changed,
    decode_new,
    render_conversation,
    render_deleted,
    shown,
)
from claude_code_proxy.errors import InvalidRequest

REASONING = b'{"id":"rs_1","type":"reasoning","summary":[],"encrypted_content":"abc"}'


def test_items_get_ids_and_content_as_parts() -> None:
    body = json.dumps({"items": [{"role": "user", "content": "Hi."}], "metadata": {"team": "a"}}).encode()
    metadata, items = decode_new(body, "0")
    assert json.loads(metadata) == {"team": "a"}
    assert [json.loads(item) for item in items] == [
        {
            "id": "msg_0i000",
            "type": "message",
            "role": "user",
            "content": [{"type": "input_text", "text": "Hi."}],
            "status": "completed",
        }
    ]


def test_a_new_conversation_may_be_empty() -> None:
    assert decode_new(b"", "0") == (b"{}", [])


@pytest.mark.parametrize(
    ("fields", "param", "code"),
    [
        ({"items": [{"role": "user", "content": "Hi."}] * 21}, "items", "array_above_max_length"),
        ({"items": [{"type": "nonsense"}]}, "items[0].type", "invalid_value"),
        ({"items": [{"role": "user", "content": 7}]}, "items[0].content", "invalid_type"),
    ],
)
def test_what_is_wrong_is_named(fields: dict[str, object], param: str, code: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        decode_added(json.dumps(fields).encode(), "0")
    assert (refused.value.param, refused.value.code) == (param, code)


def test_metadata_has_limits() -> None:
    with pytest.raises(InvalidRequest):
        decode_changed(json.dumps({"metadata": {str(number): "" for number in range(17)}}).encode())


def test_objects() -> None:
    assert json.loads(render_conversation("conv_1", created=7.5, metadata=b'{"a":"b"}')) == {
        "id": "conv_1",
        "object": "conversation",
        "created_at": 7,
        "metadata": {"a": "b"},
    }
    assert json.loads(render_deleted("conv_1")) == {"id": "conv_1", "object": "conversation.deleted", "deleted": True}


def test_sealed_thinking_is_shown_where_it_is_included() -> None:
    assert "encrypted_content" not in json.loads(bytes(shown(REASONING, [])))
    assert json.loads(bytes(shown(REASONING, ["reasoning.encrypted_content"]))) == json.loads(REASONING)
    text = b'{"id":"msg_1","type":"message","content":[{"type":"input_text","text":"encrypted_content"}]}'
    assert bytes(shown(text, [])) == text
