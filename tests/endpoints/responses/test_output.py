"""Calls -> items, also where Claude wrote something else than their form."""

import msgspec
import pytest

from claude_code_proxy.endpoints.responses import output
from claude_code_proxy.endpoints.responses.tools.toolset import CallKind, ToolOrigin


@pytest.mark.parametrize(
    ("kind", "arguments", "field", "expected"),
    [
        ("function", "", "arguments", ""),
        ("custom", '{"input": "x"}', "input", "x"),
        ("custom", "", "input", ""),
        ("tool_search", "[1]", "arguments", {}),
        ("tool_search", '{"query": "x"}', "arguments", {"query": "x"}),
        ("shell", '{"commands": "ls"}', "action", {"commands": [], "timeout_ms": None, "max_output_length": None}),
        ("apply_patch", "no JSON", "operation", {"type": "update_file", "path": "", "diff": ""}),
        ("apply_patch", '{"type":"delete_file","path":"a"}', "operation", {"type": "delete_file", "path": "a"}),
    ],
)
def test_the_item_of_a_call(kind: CallKind, arguments: str, field: str, expected: object) -> None:
    item = output.to_call("c1", arguments, origin=ToolOrigin(kind, "t"), id="x_1", status=output.COMPLETED)
    made = msgspec.json.decode(msgspec.json.encode(item))
    assert made[field] == expected
    assert made["call_id"] == "c1"


@pytest.mark.parametrize("arguments", ["", '{"command": 3}', "x"])
def test_a_shell_without_a_command_runs_nothing(arguments: str) -> None:
    item = output.to_call("c", arguments, origin=ToolOrigin("local_shell", "t"), id="l", status=output.COMPLETED)
    assert isinstance(item, output.LocalShellCallItem)
    assert item.action == output.LocalShellAction()


def test_ids_begin_with_the_kind_of_item() -> None:
    kinds: list[CallKind] = ["function", "custom", "tool_search", "local_shell", "shell", "apply_patch"]
    prefixes = [output.item_prefix(ToolOrigin(kind, "t")) for kind in kinds]
    assert prefixes[:2] == ["fc", "ctc"]
    assert len(set(prefixes)) == len(prefixes)
