"""The events of a streamed Message: JSON -> frozen values.

An event or delta of a type this version has never heard of is a value too; the API promises that there will be more.
https://platform.claude.com/docs/en/build-with-claude/streaming
"""

from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta, Raw, Struct

from claude_code_proxy.messages.content import NO_JSON, Block, decode_block
from claude_code_proxy.messages.errors import ErrorBody, WireError, to_error_body
from claude_code_proxy.messages.response import (
    Citation,
    Message,
    StopDetails,
    Usage,
    WireMessage,
    decode_citation,
    decode_usage,
)

BlockIndex: TypeAlias = Annotated[int, Meta(ge=0, le=1_000_000)]


class TextDelta(Struct, frozen=True, tag_field="type", tag="text_delta"):
    text: str


class InputJsonDelta(Struct, frozen=True, tag_field="type", tag="input_json_delta"):
    """A piece of a tool call's input; only all pieces together are JSON."""

    partial_json: str


class ThinkingDelta(Struct, frozen=True, tag_field="type", tag="thinking_delta"):
    thinking: str


class SignatureDelta(Struct, frozen=True, tag_field="type", tag="signature_delta"):
    signature: str


class CitationsDelta(Struct, frozen=True, tag_field="type", tag="citations_delta"):
    citation: Raw

    def decoded(self) -> Citation:
        return decode_citation(self.citation)


class CompactionDelta(Struct, frozen=True, tag_field="type", tag="compaction_delta"):
    """The whole summary at once."""

    content: str | None = None
    encrypted_content: str | None = None


class UnknownDelta(Struct, frozen=True, tag_field="type", tag="(unknown)"):
    kind: str


Delta: TypeAlias = (
    TextDelta | InputJsonDelta | ThinkingDelta | SignatureDelta | CitationsDelta | CompactionDelta | UnknownDelta
)


class MessageStart(Struct, frozen=True):
    message: Message


class ContentBlockStart(Struct, frozen=True):
    index: BlockIndex
    content_block: Block


class ContentBlockDelta(Struct, frozen=True, tag_field="type", tag="content_block_delta"):
    index: BlockIndex
    delta: Delta


class ContentBlockStop(Struct, frozen=True, tag_field="type", tag="content_block_stop"):
    index: BlockIndex


class DeltaBody(Struct, frozen=True):
    stop_reason: str | None = None
    stop_sequence: str | None = None
    stop_details: StopDetails | None = None

    def updated(self, later: "DeltaBody") -> "DeltaBody":
        """There may be several: what a later one tells replaces what an earlier one told."""
        return DeltaBody(
            later.stop_reason or self.stop_reason,
            later.stop_sequence or self.stop_sequence,
            later.stop_details or self.stop_details,
        )


class MessageDelta(Struct, frozen=True):
    """`usage` holds running totals, and only those that changed."""

    delta: DeltaBody
    usage: Usage = Usage()


class MessageStop(Struct, frozen=True, tag_field="type", tag="message_stop"):
    pass


class Ping(Struct, frozen=True, tag_field="type", tag="ping"):
    pass


class ErrorEvent(Struct, frozen=True):
    error: ErrorBody
    request_id: str | None = None


class UnknownEvent(Struct, frozen=True):
    type: str


Event: TypeAlias = (
    MessageStart
    | ContentBlockStart
    | ContentBlockDelta
    | ContentBlockStop
    | MessageDelta
    | MessageStop
    | Ping
    | ErrorEvent
    | UnknownEvent
)


class _WireStart(Struct, frozen=True, tag_field="type", tag="message_start"):
    message: WireMessage


class _WireBlockStart(Struct, frozen=True, tag_field="type", tag="content_block_start"):
    index: BlockIndex
    content_block: Raw


class _WireMessageDelta(Struct, frozen=True, tag_field="type", tag="message_delta"):
    delta: DeltaBody
    usage: Raw = NO_JSON


class _WireErrorEvent(Struct, frozen=True, tag_field="type", tag="error"):
    error: WireError | str
    request_id: str | None = None


class _TypedEvent(Struct, frozen=True):
    type: str = ""  # what some gateways send in place of a ping has none


class _UnknownWireDelta(Struct, frozen=True):
    index: BlockIndex
    delta: _TypedEvent


_Wire: TypeAlias = (
    ContentBlockDelta
    | _WireStart
    | _WireBlockStart
    | ContentBlockStop
    | _WireMessageDelta
    | MessageStop
    | Ping
    | _WireErrorEvent
)
_wire: msgspec.json.Decoder[_Wire] = msgspec.json.Decoder(_Wire)
_decode_unknown_delta = msgspec.json.Decoder(_UnknownWireDelta).decode
_decode_typed = msgspec.json.Decoder(_TypedEvent).decode
_KNOWN = frozenset({
    "message_start",
    "content_block_start",
    "content_block_stop",
    "message_delta",
    "message_stop",
    "error",
})


def decode_event(data: bytes) -> Event:
    """One event from the data of its frame. Raises `msgspec.DecodeError` when a known event lacks what it must have."""
    try:
        event = _wire.decode(data)
    except msgspec.ValidationError:
        return _decode_unknown(data)
    if isinstance(event, ContentBlockDelta):
        return event
    if isinstance(event, _WireStart):
        return MessageStart(event.message.decoded())
    if isinstance(event, _WireBlockStart):
        return ContentBlockStart(event.index, decode_block(event.content_block))
    if isinstance(event, _WireMessageDelta):
        return MessageDelta(event.delta, decode_usage(event.usage))
    if isinstance(event, _WireErrorEvent):
        return ErrorEvent(to_error_body(event.error), event.request_id)
    return event


def _decode_unknown(data: bytes) -> Event:
    kind = _decode_typed(data).type
    if kind in _KNOWN:
        raise msgspec.ValidationError(f"the {kind} event is not of the documented shape")
    if kind == "content_block_delta":
        delta = _decode_unknown_delta(data)
        return ContentBlockDelta(delta.index, UnknownDelta(delta.delta.type))
    return UnknownEvent(kind)
