"""Calls of an MCP server's tools, both ways: `mcp_call` items <-> the blocks of Anthropic's connector."""

from collections.abc import Iterator

import msgspec
from msgspec import Raw, Struct

from claude_code_proxy import messages
from claude_code_proxy.endpoints.openai.arguments import to_input
from claude_code_proxy.endpoints.responses import items
from claude_code_proxy.endpoints.responses.tools.hosted_call import HostedResult, Inner
from claude_code_proxy.messages.json_text import is_given

_encode = msgspec.json.encode


class McpExecutionError(Struct, frozen=True, tag_field="type", tag="mcp_tool_execution_error"):
    content: Raw


class McpCallItem(Struct, frozen=True, tag_field="type", tag="mcp_call"):
    id: str
    status: str
    name: str
    server_label: str
    arguments: str = ""
    output: str | None = None
    error: McpExecutionError | None = None
    approval_request_id: None = None


class McpListToolsItem(Struct, frozen=True, tag_field="type", tag="mcp_list_tools"):
    """The tools of a server, as the service lists them."""

    id: str
    server_label: str
    tools: Raw = Raw(b"[]")
    error: None = None


class _CallBlock(Struct, frozen=True):
    name: str = ""
    server_name: str = ""


class _TextBlock(Struct, frozen=True):
    text: str = ""


class _Listing(Struct, frozen=True):
    mcp_server_name: str = ""
    tools: Raw = Raw(b"[]")


_decode_call = msgspec.json.Decoder(_CallBlock).decode
_decode_texts = msgspec.json.Decoder(str | list[_TextBlock]).decode
_decode_listing = msgspec.json.Decoder(_Listing).decode


class McpCall:
    """A call, as a `HostedItem`."""

    prefix = "mcp"
    opening = ("response.mcp_call.in_progress",)
    delta = "response.mcp_call_arguments.delta"

    def __init__(self, block: messages.UnknownBlock) -> None:
        call = _decode_call(block.raw)
        self._name, self._server = call.name, call.server_name
        self._arguments = ""

    def begun(self, id: str) -> McpCallItem:
        return McpCallItem(id, "in_progress", self._name, self._server)

    def read(self, input: bytes) -> Iterator[Inner]:
        self._arguments = input.decode()
        yield "response.mcp_call_arguments.done", b',"arguments":' + _encode(self._arguments)

    def ended(self, id: str, result: HostedResult | None) -> tuple[McpCallItem, str]:
        item = McpCallItem(id, "incomplete", self._name, self._server, self._arguments)
        if result is None:
            return item, ""
        if result.is_error:
            error = McpExecutionError(result.content or Raw(b"[]"))
            return msgspec.structs.replace(item, status="failed", error=error), "response.mcp_call.failed"
        output = _text_of(result.content)
        return msgspec.structs.replace(item, status="completed", output=output), "response.mcp_call.completed"


def to_listing(block: messages.UnknownBlock, id: str) -> McpListToolsItem:
    """Return the item of an `mcp_tool_listing`."""
    listing = _decode_listing(block.raw)
    return McpListToolsItem(id, listing.mcp_server_name, listing.tools)


def to_mcp_blocks(item: items.McpCallInput, call_id: str) -> tuple[messages.Block, messages.Block]:
    """Return the call and its result as blocks of the assistant's turn."""
    call = {
        "type": "mcp_tool_use",
        "id": call_id,
        "name": item.name,
        "server_name": item.server_label,
        "input": to_input(item.arguments, note=lambda _: None),
    }
    failed = is_given(item.error)
    text = bytes(item.error).decode() if failed else item.output or ""
    result = {
        "type": "mcp_tool_result",
        "tool_use_id": call_id,
        "is_error": failed,
        "content": [{"type": "text", "text": text}] if text else [],
    }
    return (
        messages.UnknownBlock("mcp_tool_use", _encode(call)),
        messages.UnknownBlock("mcp_tool_result", _encode(result)),
    )


def _text_of(content: Raw) -> str:
    """Return the text of a result; its JSON where it is no text."""
    try:
        found = _decode_texts(content)
    except msgspec.DecodeError:
        return bytes(content).decode()
    return found if isinstance(found, str) else "\n".join(block.text for block in found)
