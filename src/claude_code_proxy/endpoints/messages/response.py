"""A Message, or its events, of the hub -> the Messages API's JSON, for replies that did not come in it."""

import msgspec
from msgspec import Struct

from claude_code_proxy import messages, sse
from claude_code_proxy.endpoints.endpoint import ReplyContext
from claude_code_proxy.endpoints.messages.native import error_event
from claude_code_proxy.errors import ProxyError, UpstreamBroke


class NativeReplyBody(Struct, frozen=True):
    """All fields of a Message, also those that are null."""

    id: str
    model: str
    content: tuple[messages.Block, ...]
    stop_reason: str | None
    stop_sequence: str | None
    usage: messages.Usage
    type: str = "message"
    role: str = "assistant"
    stop_details: messages.StopDetails | None = None


class _Start(Struct, frozen=True, tag_field="type", tag="message_start"):
    message: NativeReplyBody


class _BlockStart(Struct, frozen=True, tag_field="type", tag="content_block_start"):
    index: int
    content_block: messages.Block


class _Delta(Struct, frozen=True, tag_field="type", tag="message_delta"):
    delta: messages.DeltaBody
    usage: messages.Usage


def to_wire(message: messages.Message, model: str) -> NativeReplyBody:
    """`model` is the name that was asked for."""
    return NativeReplyBody(
        id=message.id,
        model=model,
        content=message.content,
        stop_reason=message.stop_reason,
        stop_sequence=message.stop_sequence,
        usage=_plain(message.usage),
        stop_details=message.stop_details,
    )


def render_message(message: messages.Message, context: ReplyContext) -> bytes:
    return messages.encode_request(to_wire(message, context.model))


class NativeStream:
    """A `StreamTranslator` of the API to itself."""

    __slots__ = ("_context", "_stopped", "stop_reason", "usage")

    def __init__(self, context: ReplyContext) -> None:
        self._context = context
        self._stopped = False
        self.usage = messages.Usage()
        self.stop_reason: str | None = None

    def feed(self, event: messages.Event) -> bytes:
        match event:
            case messages.MessageStart(message=message):
                self.usage = message.usage
                return _frame(b"message_start", _Start(to_wire(message, self._context.model)))
            case messages.ContentBlockStart(index=index, content_block=block):
                return _frame(b"content_block_start", _BlockStart(index, block))
            case messages.ContentBlockDelta(delta=messages.UnknownDelta()):
                return b""
            case messages.ContentBlockDelta():
                return _frame(b"content_block_delta", event)
            case messages.ContentBlockStop():
                return _frame(b"content_block_stop", event)
            case messages.MessageDelta(delta=delta, usage=usage):
                self.usage = self.usage.updated(usage)
                self.stop_reason = delta.stop_reason or self.stop_reason
                return _frame(b"message_delta", _Delta(delta, _plain(self.usage)))
            case messages.MessageStop():
                self._stopped = True
                return _frame(b"message_stop", event)
            case messages.Ping():
                return _frame(b"ping", event)
            case _:
                return b""

    def close(self) -> bytes:
        """Raise `UpstreamBroke` where the message is not complete."""
        if not self._stopped:
            raise UpstreamBroke("The upstream's stream ended before the message was complete.")
        return b""

    def keep_alive(self) -> bytes:
        return sse.KEEP_ALIVE

    def fail(self, error: ProxyError, param: str | None = None) -> bytes:
        del param
        return error_event(error, self._context.id)


def _frame(name: bytes, event: Struct) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (name, messages.encode_request(event))


def _plain(usage: messages.Usage) -> messages.Usage:
    """Return the usage without what only a sum has."""
    return usage if usage.requests is None else msgspec.structs.replace(usage, requests=None)
