"""The tools of a Responses request on the wire, as types, and how one of them is decoded.

Unlike in chat completions, a function stands flat in its tool. A tool of an unknown type does not spoil the others.
https://platform.openai.com/docs/api-reference/responses/create#responses-create-tools
"""

from collections.abc import Callable
from typing import Literal, TypeAlias

import msgspec
from msgspec import Raw, Struct

from claude_code_proxy.endpoints.openai.body import UnionDecoder
from claude_code_proxy.endpoints.openai.mcp import McpTool
from claude_code_proxy.endpoints.openai.request import Wire
from claude_code_proxy.messages.content import NO_JSON


class FlatFunctionTool(Wire, frozen=True, tag_field="type", tag="function"):
    name: str
    description: str | None = None
    parameters: Raw = NO_JSON
    strict: bool | None = None
    defer_loading: bool | None = None
    output_schema: Raw = NO_JSON
    allowed_callers: Raw = NO_JSON
    async_: bool | None = msgspec.field(default=None, name="async")
    encrypted: bool | None = None


class FlatGrammar(Wire, frozen=True, tag_field="type", tag="grammar"):
    definition: str
    syntax: str


class FlatText(Wire, frozen=True, tag_field="type", tag="text"):
    pass


class FlatCustomTool(Wire, frozen=True, tag_field="type", tag="custom"):
    name: str
    description: str | None = None
    format: FlatGrammar | FlatText | None = None
    defer_loading: bool | None = None
    allowed_callers: Raw = NO_JSON
    async_: bool | None = msgspec.field(default=None, name="async")


class NamespaceTool(Wire, frozen=True, tag_field="type", tag="namespace"):
    """A group of functions and custom tools, whose calls carry its name beside their own."""

    name: str
    tools: list[Raw]
    description: str | None = None
    defer_loading: bool | None = None


class ToolSearch(Wire, frozen=True, tag_field="type", tag="tool_search"):
    """With execution `client` the caller searches, and answers with a `tool_search_output`."""

    execution: str | None = None
    description: str | None = None
    parameters: Raw = NO_JSON


class FlatLocation(Wire, frozen=True):
    type: str | None = None
    city: str | None = None
    country: str | None = None
    region: str | None = None
    timezone: str | None = None


class SearchFilters(Wire, frozen=True):
    allowed_domains: list[str] | None = None
    blocked_domains: list[str] | None = None


class WebSearch(Wire, frozen=True, tag_field="type", tag="web_search"):
    search_context_size: Literal["low", "medium", "high"] | None = None
    user_location: FlatLocation | None = None
    filters: SearchFilters | None = None
    external_web_access: bool | None = None
    search_content_types: Raw = NO_JSON


class WebSearchDated(WebSearch, frozen=True, tag_field="type", tag="web_search_2025_08_26"):
    pass


class WebSearchPreview(WebSearch, frozen=True, tag_field="type", tag="web_search_preview"):
    pass


class WebSearchPreviewDated(WebSearch, frozen=True, tag_field="type", tag="web_search_preview_2025_03_11"):
    pass


class LocalShell(Wire, frozen=True, tag_field="type", tag="local_shell"):
    pass


class Shell(Wire, frozen=True, tag_field="type", tag="shell"):
    environment: Raw = NO_JSON
    allowed_callers: Raw = NO_JSON


class ApplyPatch(Wire, frozen=True, tag_field="type", tag="apply_patch"):
    allowed_callers: Raw = NO_JSON


class AutoContainer(Wire, frozen=True):
    type: str | None = None
    file_ids: list[str] | None = None
    memory_limit: str | None = None
    network_policy: Raw = NO_JSON


class CodeInterpreter(Wire, frozen=True, tag_field="type", tag="code_interpreter"):
    container: str | AutoContainer | None = None
    allowed_callers: Raw = NO_JSON


class Computer(Wire, frozen=True, tag_field="type", tag="computer"):
    pass


class ComputerPreview(Wire, frozen=True, tag_field="type", tag="computer_use_preview"):
    """Claude sees the size of the display by its screenshots."""

    display_height: int | None = None
    display_width: int | None = None
    environment: str | None = None


KnownTool: TypeAlias = (
    FlatFunctionTool
    | FlatCustomTool
    | NamespaceTool
    | ToolSearch
    | WebSearch
    | WebSearchDated
    | WebSearchPreview
    | WebSearchPreviewDated
    | LocalShell
    | Shell
    | ApplyPatch
    | CodeInterpreter
    | Computer
    | ComputerPreview
    | McpTool
)


class OtherTool(Struct, frozen=True):
    """A tool of a type for which Claude has nothing, or that is not known here."""

    type: str


ToolOnWire: TypeAlias = KnownTool | OtherTool


class _PeekedTool(Struct, frozen=True):
    type: str | None = None


_tools: UnionDecoder[KnownTool] = UnionDecoder(KnownTool)
_peek = msgspec.json.Decoder(_PeekedTool).decode


def decode_tool(raw: Raw, at: str, *, note_unknown: Callable[[str], None]) -> ToolOnWire:
    """Decode one tool. Raise `InvalidRequest` that names the field, such as `tools[2].name`."""
    tool = _tools.decode(raw, at, note_unknown=note_unknown, untyped=lambda _: FlatFunctionTool)
    return OtherTool(_peek(raw).type or "") if tool is None else tool
