"""Tools on the wire: each known type, and those that Claude has nothing for."""

import json

import pytest
from msgspec import Raw

from claude_code_proxy.endpoints.responses.tools import tool_types as wire
from claude_code_proxy.errors import InvalidRequest


def decode(value: object) -> wire.ToolOnWire:
    return wire.decode_tool(Raw(json.dumps(value).encode()), "tools[1]", note_unknown=lambda _: None)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ({"type": "function", "name": "f", "strict": None, "parameters": None}, wire.FlatFunctionTool),
        ({"name": "f", "parameters": {}}, wire.FlatFunctionTool),
        (
            {"type": "custom", "name": "f", "format": {"type": "grammar", "syntax": "lark", "definition": "x"}},
            wire.FlatCustomTool,
        ),
        ({"type": "namespace", "name": "n", "tools": []}, wire.NamespaceTool),
        ({"type": "tool_search", "execution": "client"}, wire.ToolSearch),
        ({"type": "web_search"}, wire.WebSearch),
        ({"type": "web_search_2025_08_26", "filters": {"allowed_domains": ["a.example"]}}, wire.WebSearchDated),
        ({"type": "web_search_preview", "search_context_size": "low"}, wire.WebSearchPreview),
        ({"type": "web_search_preview_2025_03_11"}, wire.WebSearchPreviewDated),
        ({"type": "local_shell"}, wire.LocalShell),
        ({"type": "shell"}, wire.Shell),
        ({"type": "apply_patch"}, wire.ApplyPatch),
    ],
)
def test_known_tools(value: object, kind: type) -> None:
    assert type(decode(value)) is kind


def test_another_type_is_no_mistake() -> None:
    assert decode({"type": "image_generation", "size": "1024x1024"}) == wire.OtherTool("image_generation")


def test_a_mistake_names_the_field() -> None:
    with pytest.raises(InvalidRequest) as refusal:
        decode({"type": "function", "parameters": {}})
    assert refusal.value.param == "tools[1].name"
