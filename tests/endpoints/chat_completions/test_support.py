"""The tables are whole, true, and what the code goes by."""

import json

import pytest
from msgspec import inspect

from claude_code_proxy import messages
from claude_code_proxy.endpoints.chat_completions import schema as chat
from claude_code_proxy.endpoints.chat_completions.support import MESSAGE, PARTS, REPLY, REQUEST, TABLES, TOOLS
from claude_code_proxy.endpoints.support import Fate, Support
from tests.endpoints.replies import CONTEXT, decode_chat, message

ROLES = (chat.SystemMessage, chat.UserMessage, chat.AssistantMessage, chat.ToolMessage, chat.FunctionMessage)
PART_TYPES = (chat.TextPart, chat.ImagePart, chat.FilePart, chat.AudioPart, chat.RefusalPart)
TOOL_TYPES = (chat.FunctionTool, chat.CustomTool, chat.ServerTool)
IGNORED = [name for name, support in REQUEST.items() if support.fate is Fate.IGNORED]
ASKING = {"modalities": ["audio"], "logprobs": True, "top_logprobs": 3, "store": True}


def fields_of(*structs: type) -> set[str]:
    infos = [inspect.type_info(struct) for struct in structs]
    return {field.encode_name for info in infos if isinstance(info, inspect.StructType) for field in info.fields}


def test_every_field_of_a_request_has_its_row_and_every_row_its_field() -> None:
    assert REQUEST.keys() == set(chat.ChatRequest.__struct_fields__)


def test_so_have_those_of_messages_parts_and_tools() -> None:
    assert MESSAGE.keys() == fields_of(*ROLES)
    assert {name for name in PARTS if "." not in name} == fields_of(*PART_TYPES) | {"tool_result"}
    assert TOOLS.keys() == fields_of(*TOOL_TYPES) | {"mcp"}


def test_so_have_those_of_a_reply() -> None:
    body = json.loads(decode_chat().reply((message(messages.Text("A")),), CONTEXT))
    always = {"id", "object", "created", "model", "choices", "index", "message", "role"}
    fields = {*body, *body["choices"][0], *body["choices"][0]["message"]} - always
    only_sometimes = {"tool_calls", "function_call", "reasoning_content", "thinking_blocks", "reasoning_details"}
    only_sometimes |= {"server_tool_blocks"}
    never = {"system_fingerprint"}
    assert REPLY.keys() == fields | only_sometimes | never


@pytest.mark.parametrize("support", [row for table in TABLES for row in table.rows.values()])
def test_a_reason_is_one_sentence_of_plain_text(support: Support) -> None:
    assert support.reason.endswith(".")
    assert support.reason.count(". ") == 0
    assert "|" not in support.reason, "it stands in a table"


def test_only_what_is_ignored_can_change_the_meaning_or_be_harmless() -> None:
    odd = [
        name
        for table in TABLES
        for name, support in table.rows.items()
        if support.fate is not Fate.IGNORED and (support.changes_meaning or support.harmless)
    ]
    assert odd == []


def test_what_changes_the_answer_is_known_to() -> None:
    """Strict mode refuses these."""
    audio = {"modalities", "audio"}
    probabilities = {"logprobs", "top_logprobs", "logit_bias", "frequency_penalty", "presence_penalty"}
    assert {name for name, row in REQUEST.items() if row.changes_meaning} == audio | probabilities
    assert {name for name, row in MESSAGE.items() if row.changes_meaning} == {"audio"}
    assert not any(row.changes_meaning for table in (PARTS, TOOLS, REPLY) for row in table.values())


@pytest.mark.parametrize("name", IGNORED)
def test_an_ignored_field_is_told_as_its_row_says(name: str) -> None:
    (note,) = decode_chat(**{name: ASKING.get(name, "x")}).adjustments
    assert (note.path, note.action) == (name, "ignored")
    assert note.reason + "." == REQUEST[name].reason
    assert note.changes_meaning == REQUEST[name].changes_meaning


@pytest.mark.parametrize("name", IGNORED)
def test_null_asks_for_nothing(name: str) -> None:
    assert decode_chat(**{name: None}).adjustments == ()
