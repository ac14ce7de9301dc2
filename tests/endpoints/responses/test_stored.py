"""What is kept of a response, and how it is read again."""

import json
from typing import Any

import pytest
from msgspec import Raw
from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.endpoints.endpoint import KeptReply
from claude_code_proxy.endpoints.responses import stored
from claude_code_proxy.errors import InvalidRequest
from tests.endpoints.responses.responses_replies import CONTEXT, decode, message

THOUGHT = messages.Thinking("I add.", "c2ln")
CALL = messages.ToolUse("c1", "add", Raw(b'{"a":1}'))
SEARCH = messages.ServerToolUse("srvtoolu_1", "web_search", Raw(b'{"query":"x"}'))
FOUND = messages.WebSearchToolResult("srvtoolu_1", Raw(b'[{"type":"web_search_result","encrypted_content":"abc"}]'))


def kept(made: messages.Message, **fields: Any) -> list[KeptReply]:
    found: list[KeptReply] = []
    decode(**fields).reply((made,), replace(CONTEXT, keep=found.append))
    return found


def test_turns_are_kept_as_claude_wrote_them() -> None:
    (reply,) = kept(message(THOUGHT, SEARCH, FOUND, messages.Text("3"), CALL), input="Add.")
    user, answer = stored.decode_turns(reply.turns)
    assert user == messages.InputMessage("user", (messages.Text("Add."),))
    assert answer == messages.InputMessage("assistant", (THOUGHT, SEARCH, FOUND, messages.Text("3"), CALL))


def test_the_reply_is_kept_as_it_went_out() -> None:
    found: list[KeptReply] = []
    body = decode(metadata={"team": "a"}).reply((message(messages.Text("3")),), replace(CONTEXT, keep=found.append))
    assert found[0].reply == body
    assert (found[0].id, found[0].previous, json.loads(found[0].metadata)) == ("resp_123", "", {"team": "a"})
    assert kept(message(messages.Text("3")), store=False) == []


def test_instructions_are_not_kept_but_messages_of_a_developer_are() -> None:
    items = [{"role": "developer", "content": "Be kind."}, {"role": "user", "content": "Hi."}]
    (reply,) = kept(message(messages.Text("3")), input=items, instructions="Be brief.")
    assert [turn.role for turn in stored.decode_turns(reply.turns)] == ["system", "user", "assistant"]
    assert b"Be brief." not in reply.turns


def test_items_have_ids_from_which_their_response_is_known() -> None:
    items = [
        {"role": "user", "content": "Hi."},
        {"id": "fc_mine", "type": "function_call", "call_id": "c", "name": "n", "arguments": ""},
    ]
    (reply,) = kept(message(THOUGHT, messages.Text("3"), CALL), input=items)
    given = json.loads(reply.input)
    assert [item["id"] for item in given] == ["msg_123i000", "fc_mine"]
    assert given[0]["content"] == [{"type": "input_text", "text": "Hi."}]
    for item in [*json.loads(reply.reply)["output"], given[0]]:
        assert stored.response_id_of(item["id"]) == "resp_123"
        raw = stored.find_item(item["id"], reply=reply.reply, given=reply.input)
        assert raw is not None
        assert json.loads(raw) == item
    assert stored.find_item("msg_unknown", reply=reply.reply, given=reply.input) is None


def test_turns_of_several_responses_are_one_list() -> None:
    assert stored.join_turns([b'[{"a":1}]', b"[]", b' [{"b":2},3] ']) == b'[{"a":1},{"b":2},3]'
    assert stored.join_turns([]) == b"[]"


@pytest.mark.parametrize(
    ("items", "ids"),
    [
        (None, []),
        ("text", []),
        (
            [{"type": "item_reference", "id": "msg_1"}, {"id": "rs_2"}, {"id": "x", "type": None}],
            ["msg_1", "rs_2", "x"],
        ),
        ([{"id": "msg_1", "role": "user", "content": "x"}, {"type": "reasoning", "id": "rs_1"}, 3, "x"], []),
    ],
)
def test_references(items: Any, ids: list[str]) -> None:
    raws = [Raw(json.dumps(item).encode()) for item in items] if isinstance(items, list) else items
    assert stored.references(raws) == ids


@pytest.mark.parametrize("text", ["0", "101", "x", "-1", "", "²"])
def test_limits_of_a_page(text: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        stored.check_limit(text)
    assert refusal.value.param == "limit"
    assert (stored.check_limit(None), stored.check_limit("100")) == (20, 100)


def test_an_empty_page() -> None:
    page = json.loads(stored.render_page([], limit=20, after="", ascending=False))
    assert page == {"object": "list", "data": [], "first_id": None, "last_id": None, "has_more": False}
