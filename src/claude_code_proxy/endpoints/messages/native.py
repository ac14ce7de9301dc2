"""A Messages request and its replies in the upstream's own bytes: what the exchange must know of them, and no more.

A body is read for its model and whether it streams, a reply for its usage. The name of a model is the one thing that is
replaced: an alias on the way up, and the alias again on the way down, because clients drop the thinking of a model that
they did not ask for.
"""

from collections.abc import Callable
from typing import TypeVar

import msgspec
from msgspec import Struct

from claude_code_proxy import messages, sse
from claude_code_proxy.endpoints.messages.envelope import encode_error
from claude_code_proxy.endpoints.messages.splice import replace_field
from claude_code_proxy.errors import InvalidRequest, ProxyError, UpstreamBroke
from claude_code_proxy.messages.content import NO_JSON
from claude_code_proxy.messages.json_text import UNREADABLE

_T = TypeVar("_T")
_STREAM_TYPE = b"message_"  # what the events that matter here have in their names
_ERROR_TYPE = b'"error"'


class RequestHead(Struct, frozen=True):
    """The fields of a request that the exchange acts on; all others are checked by the upstream alone."""

    model: str = ""
    stream: bool | None = None


class _ReplyHead(Struct, frozen=True):
    """The fields of a reply that are recorded."""

    model: str | None = None
    usage: msgspec.Raw = NO_JSON
    stop_reason: str | None = None


class _EndDelta(Struct, frozen=True):
    stop_reason: str | None = None


class _DeltaEvent(Struct, frozen=True):
    delta: _EndDelta = _EndDelta()
    usage: msgspec.Raw = NO_JSON


class _EventType(Struct, frozen=True):
    type: str = ""


class _StartEvent(Struct, frozen=True):
    message: _ReplyHead = _ReplyHead()


_decode_head = msgspec.json.Decoder(RequestHead).decode
_decode_reply = msgspec.json.Decoder(_ReplyHead).decode
_decode_typed = msgspec.json.Decoder(_EventType).decode
_decode_delta = msgspec.json.Decoder(_DeltaEvent).decode
_decode_start = msgspec.json.Decoder(_StartEvent).decode


class NativeMessage:
    """One request: its body, and how its replies are read."""

    __slots__ = ("_body", "_renamed", "model", "stream")

    def __init__(self, body: bytes) -> None:
        """Raise `InvalidRequest` where the body is not JSON, or what must be known of it is of another type."""
        head = decode_or_refuse(body, _decode_head)
        self._body = body
        self._renamed = False
        self.model = head.model
        self.stream = bool(head.stream)

    def naming(self, model: str) -> bytes:
        """Return the body with the model that it is to be sent to."""
        if model == self.model:
            return self._body
        self._renamed = True
        return replace_field(self._body, "model", value=model)

    def reply(self, body: bytes) -> tuple[bytes, messages.Usage | None, str | None]:
        """Return the whole reply, its usage and its stop reason. Raise `UpstreamBroke` where it is not JSON."""
        try:
            head = _decode_reply(body)
            renamed = replace_field(body, "model", value=self.model) if self._renamed else body
            usage = messages.decode_usage(head.usage) if head.usage else None
            return renamed, usage, head.stop_reason
        except UNREADABLE as error:
            raise UpstreamBroke("The upstream's answer is not a Message.") from error

    def relay(self) -> "EventRelay":
        return EventRelay(self.model if self._renamed else None)


class EventRelay:
    """Passes the events of one streamed reply on, and reads those that bring usage, an error or the end.

    Each piece holds whole events. `model` is the name to put in place of the upstream's, if any.
    """

    __slots__ = ("_decoder", "_model", "ended", "error_kind", "stop_reason", "usage")

    def __init__(self, model: str | None) -> None:
        self._decoder = sse.Decoder()
        self._model = model
        self.usage = messages.Usage()
        self.stop_reason: str | None = None
        self.ended = False
        self.error_kind: str | None = None  # the upstream's own last word was an error

    def feed(self, piece: bytes) -> bytes:
        if _STREAM_TYPE in piece or _ERROR_TYPE in piece:
            for data in self._decoder.feed(piece):
                piece = self._read(data, piece)
        return piece

    def close(self) -> None:
        """Note that the upstream has ended. Raise `UpstreamBroke` where the message had not."""
        if not self.ended and self.error_kind is None:
            raise UpstreamBroke("The upstream's stream ended before the message was complete.")

    @staticmethod
    def fail(error: ProxyError, request_id: str) -> bytes:
        """Return the last event of a reply that broke off."""
        return error_event(error, request_id)

    def _read(self, data: bytes, piece: bytes) -> bytes:
        try:
            match _decode_typed(data).type:
                case "message_start":
                    self._note(_decode_start(data).message.usage)
                    return piece if self._model is None else piece.replace(data, self._renamed(data), 1)
                case "message_delta":
                    event = _decode_delta(data)
                    self._note(event.usage)
                    self.stop_reason = event.delta.stop_reason or self.stop_reason
                case "message_stop":
                    self.ended = True
                case "error":
                    self.error_kind = error_kind(data)
        except UNREADABLE:
            pass  # what cannot be read here, the client may
        return piece

    def _note(self, usage: msgspec.Raw) -> None:
        self.usage = self.usage.updated(messages.decode_usage(usage))

    def _renamed(self, data: bytes) -> bytes:
        message = msgspec.json.decode(data, type=dict[str, msgspec.Raw])["message"]
        renamed = replace_field(bytes(message), "model", value=self._model)
        return replace_field(data, "message", value=msgspec.Raw(renamed))


def error_event(error: ProxyError, request_id: str) -> bytes:
    """Return an `error` event; the lines of a body that has several are those of its data."""
    data = b"\ndata: ".join(encode_error(error, request_id).splitlines())
    return b"event: error\ndata: " + data + b"\n\n"


def error_kind(data: bytes) -> str:
    """Return the type of an error body."""
    decoded = messages.decode_error(data)
    return decoded[0].type if decoded is not None and decoded[0].type else "api_error"


def decode_or_refuse(body: bytes, decode: Callable[[bytes], _T]) -> _T:
    """Raise `InvalidRequest` where `decode` cannot read the body of a request."""
    try:
        return decode(body)
    except UnicodeDecodeError as error:
        raise InvalidRequest(f"The request body is not valid UTF-8 (byte {error.start}).") from None
    except msgspec.ValidationError as error:
        raise InvalidRequest(_as_path(str(error))) from None
    except msgspec.DecodeError as error:
        raise InvalidRequest(f"The request body is not valid JSON: {error}.") from None
    except RecursionError:
        raise InvalidRequest("The request body is nested too deeply.") from None


def _as_path(complaint: str) -> str:
    """Return the decoder's words with the place first, as the API writes it: `messages.0.role: Expected …`."""
    text, at, place = complaint.rpartition(" - at `$")
    if not at:
        return complaint
    path = place.removesuffix("`").replace("[", ".").replace("]", "").strip(".")
    return f"{path}: {text}" if path else text
