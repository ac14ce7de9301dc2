"""The body of a Messages request -> the hub's types, for upstreams and adaptations that do not take it as it is.

What the types have no place for is left out and named: none of it is lost in silence.
"""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import msgspec
from msgspec import Raw, Struct

from claude_code_proxy import messages
from claude_code_proxy.adjustment import Action, Adjustment
from claude_code_proxy.endpoints.messages.native import decode_or_refuse
from claude_code_proxy.errors import InvalidRequest
from claude_code_proxy.messages.content import NO_JSON
from claude_code_proxy.messages.json_text import is_given

_T = TypeVar("_T")
_NOT_CARRIED = "it can only be sent to an upstream that takes requests as they are"


class _NativeMessage(Struct, frozen=True):
    role: messages.Role
    content: str | list[Raw]


class _Request(Struct, frozen=True):
    """Fields have the names and types of `MessagesRequest`, but for what is decoded in a second step."""

    model: str
    turns: list[_NativeMessage] = msgspec.field(name="messages")
    max_tokens: int | None = None
    system: str | list[messages.Text] | None = None
    stop_sequences: tuple[str, ...] | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    tools: list[Raw] | None = None
    tool_choice: messages.ToolChoice | None = None
    thinking: messages.ThinkingConfig | None = None
    output_config: messages.OutputConfig | None = None
    metadata: messages.Metadata | None = None
    service_tier: str | None = None
    speed: str | None = None
    inference_geo: str | None = None
    cache_control: messages.CacheControl | None = None
    container: Raw = NO_JSON
    compaction: messages.Summarize | None = None
    context_management: Raw = NO_JSON
    fallbacks: Raw = NO_JSON
    mcp_servers: Raw = NO_JSON
    stream: bool | None = None


class _TypedBlock(Struct, frozen=True):
    type: str | None = None


class _ToolResult(Struct, frozen=True):
    """A tool result with plain text as its content."""

    tool_use_id: str
    content: str | None = None
    is_error: bool | None = None
    cache_control: messages.CacheControl | None = None


_decode_request = msgspec.json.Decoder(_Request).decode
_decode_fields = msgspec.json.Decoder(dict[str, Raw]).decode
_decode_typed = msgspec.json.Decoder(_TypedBlock).decode
_decode_tool = msgspec.json.Decoder(messages.Tool).decode
_decode_result = msgspec.json.Decoder(_ToolResult).decode
_OPTIONAL = tuple(
    name for name in _Request.__struct_fields__ if name not in {"turns", "system", "tools", "stream", "max_tokens"}
)


def to_messages_request(body: bytes) -> tuple[messages.MessagesRequest, bool, tuple[Adjustment, ...]]:
    """Return the request, whether it streams, and what was left out. Raise `InvalidRequest`."""
    wire = decode_or_refuse(body, _decode_request)
    notes = _unknown("", _decode_fields(body), known=_Request.__struct_encode_fields__)
    tools = tuple(_tool(raw, f"tools[{index}]", notes=notes) for index, raw in enumerate(wire.tools or ()))
    values: dict[str, Any] = {name: value for name in _OPTIONAL if _is_given(value := getattr(wire, name))}
    request = messages.MessagesRequest(
        **values,
        messages=tuple(_message(message, f"messages.{index}") for index, message in enumerate(wire.turns)),
        max_tokens=wire.max_tokens or 0,
        system=_system(wire.system),
        tools=tools,
    )
    return request, bool(wire.stream), tuple(notes)


def _is_given(value: object) -> bool:
    return is_given(value) if isinstance(value, Raw) else value is not None


def _system(system: str | list[messages.Text] | None) -> tuple[messages.Text, ...]:
    if isinstance(system, str):
        return (messages.Text(system),) if system else ()
    return tuple(system or ())


def _message(message: _NativeMessage, place: str) -> messages.InputMessage:
    if isinstance(message.content, str):
        return messages.InputMessage(message.role, (messages.Text(message.content),))
    blocks = (_block(raw, f"{place}.content.{index}") for index, raw in enumerate(message.content))
    return messages.InputMessage(message.role, tuple(blocks))


def _block(raw: Raw, place: str) -> messages.Block:
    block = _decoded(raw, messages.decode_block, place=place)
    if not isinstance(block, messages.UnknownBlock) or block.type != "tool_result":
        return block
    try:
        result = _decode_result(raw)
    except msgspec.ValidationError:
        return block
    content = (messages.Text(result.content),) if result.content else ()
    return messages.ToolResult(result.tool_use_id, content, bool(result.is_error), result.cache_control)


def _tool(raw: Raw, place: str, *, notes: list[Adjustment]) -> messages.AnyTool:
    kind = _decoded(raw, _decode_typed, place=place).type
    if kind not in {None, "custom"}:
        return _decoded(raw, messages.decode_raw_tool, place=place)
    tool = _decoded(raw, _decode_tool, place=place)
    notes += _unknown(f"{place}.", _decode_fields(raw), known=("type", *messages.Tool.__struct_fields__))
    return tool


def _decoded(raw: Raw, decode: Callable[[Raw], _T], *, place: str) -> _T:
    try:
        return decode(raw)
    except msgspec.DecodeError as error:
        raise InvalidRequest(f"{place}: {error}", path=place) from None


def _unknown(prefix: str, fields: dict[str, Raw], *, known: Iterable[str]) -> list[Adjustment]:
    """Return an adjustment for each field that the types do not have. A null is as good as none."""
    return [
        Adjustment(f"{prefix}{name}", Action.DROPPED, _NOT_CARRIED, changes_meaning=True)
        for name, value in fields.items()
        if name not in known and bytes(value) != b"null"
    ]
