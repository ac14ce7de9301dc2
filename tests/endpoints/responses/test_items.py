"""Items of the input: each known type, what is left out, and what names a mistake."""

import json
from typing import Any

import pytest
from msgspec import Raw

from claude_code_proxy.endpoints.responses import items
from claude_code_proxy.errors import InvalidRequest


def decode(value: object) -> tuple[items.Item, list[str]]:
    unknown: list[str] = []
    item = items.decode_item(Raw(json.dumps(value).encode()), "input[3]", note_unknown=unknown.append)
    return item, unknown


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ({"type": "message", "role": "user", "content": "Hi"}, items.InputItem),
        ({"role": "assistant", "content": [{"type": "output_text", "text": "Hi"}]}, items.InputItem),
        ({"type": None, "role": "user", "content": "Hi"}, items.InputItem),
        ({"type": "function_call", "call_id": "c", "name": "n", "arguments": "{}"}, items.FunctionCallInput),
        ({"type": "function_call_output", "call_id": "c", "output": "x"}, items.FunctionCallOutput),
        ({"type": "custom_tool_call", "call_id": "c", "name": "n", "input": "x"}, items.CustomCallInput),
        ({"type": "custom_tool_call_output", "call_id": "c", "output": "x"}, items.CustomCallOutput),
        ({"type": "reasoning", "id": "rs_1", "summary": [], "content": None}, items.ReasoningInput),
        ({"type": "item_reference", "id": "msg_1"}, items.ItemReference),
        ({"id": "msg_1"}, items.ItemReference),
        ({"type": None, "id": "msg_1"}, items.ItemReference),
        ({"type": "compaction", "encrypted_content": "x"}, items.CompactionInput),
        ({"type": "compaction_trigger"}, items.CompactionTrigger),
        ({"type": "additional_tools", "role": "developer", "tools": []}, items.AdditionalTools),
        ({"type": "configuration_update", "reasoning": {"effort": "low"}}, items.ConfigurationUpdate),
        ({"type": "tool_search_call", "call_id": "c", "arguments": {"query": "x"}}, items.ToolSearchCall),
        ({"type": "tool_search_output", "call_id": "c", "tools": []}, items.ToolSearchOutput),
        ({"type": "local_shell_call", "call_id": "c", "action": {"type": "exec"}}, items.LocalShellCall),
        ({"type": "local_shell_call_output", "id": "c", "output": "x"}, items.LocalShellCallOutput),
        ({"type": "shell_call", "call_id": "c", "action": {"commands": ["ls"]}}, items.ShellCall),
        ({"type": "shell_call_output", "call_id": "c", "output": []}, items.ShellCallOutput),
        ({"type": "apply_patch_call", "call_id": "c", "operation": {}}, items.ApplyPatchCall),
        ({"type": "apply_patch_call_output", "call_id": "c", "status": "failed"}, items.ApplyPatchCallOutput),
        ({"type": "computer_call", "call_id": "c", "action": {}}, items.ComputerCall),
        ({"type": "computer_call_output", "call_id": "c", "output": {}}, items.ComputerCallOutput),
        ({"type": "web_search_call", "id": "ws_1", "status": "completed"}, items.HostedSearch),
    ],
)
def test_known_items(value: dict[str, Any], kind: type) -> None:
    item, unknown = decode(value)
    assert type(item) is kind
    assert unknown == []


def test_an_unknown_type_spoils_nothing() -> None:
    item, _ = decode({"type": "hologram", "depth": 3})
    assert isinstance(item, items.UnknownItem)
    assert item.type == "hologram"


def test_unknown_fields_are_named_and_nulls_are_not() -> None:
    item, unknown = decode({
        "role": "user",
        "content": [{"type": "input_text", "text": "x", "glow": 1}],
        "mood": "good",
        "id": None,
    })
    assert isinstance(item, items.InputItem)
    assert sorted(unknown) == ["input[3].content[0].glow", "input[3].mood"]


@pytest.mark.parametrize(
    ("value", "param"),
    [
        ({"role": "user", "content": [{"type": "input_text"}]}, "input[3].content[0].text"),
        ({"role": "narrator", "content": "x"}, "input[3].role"),
        ({"type": "function_call", "name": "n"}, "input[3].call_id"),
        ({"role": "user", "content": [{"type": "hologram"}]}, "input[3].content[0].type"),
        ("text", "input[3]"),
        ({}, "input[3].id"),
    ],
)
def test_mistakes_name_the_field(value: object, param: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        decode(value)
    assert refusal.value.param == param
