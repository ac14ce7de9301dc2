"""The list in Codex's shape: what its decoder requires, and what follows from each model."""

import json
from typing import Any

import pytest

from claude_code_proxy.endpoints.models.codex import render_list
from claude_code_proxy.models.catalogue import BUILT_IN

REQUIRED: dict[str, type] = {
    "slug": str,
    "display_name": str,
    "supported_reasoning_levels": list,
    "shell_type": str,
    "visibility": str,
    "supported_in_api": bool,
    "priority": int,
    "support_verbosity": bool,
    "truncation_policy": dict,
    "experimental_supported_tools": list,
    "base_instructions": str,
}


def listed() -> dict[str, dict[str, Any]]:
    return {entry["slug"]: entry for entry in json.loads(render_list(BUILT_IN))["models"]}


def test_every_entry_has_all_that_codex_requires() -> None:
    for entry in listed().values():
        assert {name: type(entry[name]) for name in REQUIRED} == REQUIRED


@pytest.mark.parametrize("name", ["claude-sonnet-5-5", "claude-haiku-4-5"])
def test_efforts_and_windows_are_those_of_the_model(name: str) -> None:
    model, entry = BUILT_IN.find(name), listed()[name]
    assert [level["effort"] for level in entry["supported_reasoning_levels"]] == list(model.efforts)
    assert entry["context_window"] == model.context_window
    assert (entry["apply_patch_tool_type"], entry["shell_type"]) == ("freeform", "unified_exec")
