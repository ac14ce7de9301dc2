"""What the service ran by itself in a reply: a call and its result, as each kind of item needs them."""

from typing import TypeAlias, TypeGuard

import msgspec
from msgspec import Raw, Struct

from claude_code_proxy import messages
from claude_code_proxy.messages.content import NO_JSON

CallBlock: TypeAlias = messages.ServerToolUse | messages.UnknownBlock
ResultBlock: TypeAlias = messages.WebSearchToolResult | messages.UnknownBlock
Inner: TypeAlias = tuple[str, bytes]  # the name of an event about an item, and its fields beside those of all


class HostedResult(Struct, frozen=True):
    """The result of a call. `content` is open data: a list of blocks, or an object with a type."""

    tool_use_id: str = ""
    content: Raw = NO_JSON
    is_error: bool = False


class HostedOptions(Struct, frozen=True):
    """What of the request decides the form of items: the parts that `include` asks for, and its container."""

    sources: bool = False
    outputs: bool = False
    container: str = ""


class _CallFields(Struct, frozen=True):
    id: str = ""
    input: Raw = Raw(b"{}")


_decode_call = msgspec.json.Decoder(_CallFields).decode
_decode_result = msgspec.json.Decoder(HostedResult).decode


def to_hosted_result(block: ResultBlock) -> HostedResult | None:
    """Return a result; None where it is of another shape."""
    if isinstance(block, messages.WebSearchToolResult):
        return HostedResult(block.tool_use_id, block.content)
    try:
        return _decode_result(block.raw)
    except msgspec.DecodeError:
        return None


def block_id(block: CallBlock) -> str:
    return block.id if isinstance(block, messages.ServerToolUse) else _decode_call(block.raw).id


def input_of(block: CallBlock) -> bytes:
    """Return the input that a block of a call has from its start."""
    return bytes(block.input if isinstance(block, messages.ServerToolUse) else _decode_call(block.raw).input)


def is_call(block: messages.Block) -> TypeGuard[CallBlock]:
    """Tell whether a block is a call that the service runs itself."""
    return isinstance(block, messages.ServerToolUse) or (
        isinstance(block, messages.UnknownBlock) and block.type == "mcp_tool_use"
    )


def is_result(block: messages.Block) -> TypeGuard[ResultBlock]:
    """Tell whether a block is the result of such a call."""
    return isinstance(block, messages.WebSearchToolResult) or (
        isinstance(block, messages.UnknownBlock) and block.type.endswith("_tool_result")
    )
