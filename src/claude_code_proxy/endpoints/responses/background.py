"""Responses that are made in the background: the object that its caller gets at once, and its later states.

https://platform.openai.com/docs/guides/background
"""

from collections.abc import Callable

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace

from claude_code_proxy.endpoints.endpoint import BackgroundForm, DecodedRequest, KeptReply, ReplyContext
from claude_code_proxy.endpoints.responses.endpoint import DecodedResponsesRequest
from claude_code_proxy.endpoints.responses.response import ResponseEnding, ResponseFault, encode_response
from claude_code_proxy.endpoints.responses.stored import to_kept_input
from claude_code_proxy.errors import InvalidRequest

QUEUED, RUNNING, CANCELLED, FAILED = "queued", "in_progress", "cancelled", "failed"
_ENDS = (b"event: response.completed\n", b"event: response.incomplete\n", b"event: response.failed\n")
_FIELD = b'"background"'
_NUMBER = b'"sequence_number":'


class _Peeked(Struct, frozen=True):
    background: bool | None = None
    status: str = ""


class _LastEvent(Struct, frozen=True):
    response: Raw


_decode_event = msgspec.json.Decoder(_LastEvent).decode
_peek = msgspec.json.Decoder(_Peeked).decode
_decode_fields: Callable[[bytes], dict[str, Raw]] = msgspec.json.Decoder(dict[str, Raw]).decode


def wants_background(body: bytes) -> bool:
    """Whether a request is to be answered at once and made later. A body that cannot be read is refused elsewhere."""
    if _FIELD not in body:
        return False
    try:
        return _peek(body).background is True
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False


def as_streamed(body: bytes) -> bytes:
    """Return a request that asks for events, whatever its caller reads."""
    return msgspec.json.encode({**_decode_fields(body), "stream": True})


def queue(decoded: DecodedRequest, context: ReplyContext) -> KeptReply:
    """Return the response as it stands in the queue, to be kept and sent. Raise `InvalidRequest`."""
    if not isinstance(decoded, DecodedResponsesRequest):
        raise TypeError("only what this endpoint has decoded can be queued")
    given = decoded.shape.given
    if given is None or not given.stored:
        raise InvalidRequest(
            "A response that is made in the background is kept: 'store' cannot be false with 'background'.",
            param="background",
            code="invalid_value",
        )
    reply = encode_response(context, decoded.shape, status=QUEUED, output=(), end=ResponseEnding())
    kept = to_kept_input(context.id, reply, given=given)
    return replace(kept, reply=with_status(reply, QUEUED))


def is_background(reply: bytes) -> bool:
    return _peek(reply).background is True


def status_of(reply: bytes) -> str:
    return _peek(reply).status


def with_status(reply: bytes, status: str, *, words: str = "") -> bytes:
    """Return a response in another state; with `words`, it has failed for that reason."""
    fields = _decode_fields(reply)
    fields.pop("completed_at", None)
    fields["status"] = Raw(msgspec.json.encode(status))
    if words:
        fields["error"] = Raw(msgspec.json.encode(ResponseFault("server_error", words)))
    return msgspec.json.encode(fields)


def event_number(frame: bytes) -> int:
    """Return the number of an event."""
    digits = frame.partition(_NUMBER)[2].partition(b",")[0]
    return int(digits)


def ended_response(frame: bytes) -> bytes | None:
    """Return the response in the last event of a stream; None for any other event."""
    return bytes(_decode_event(frame.partition(b"\ndata: ")[2]).response) if frame.startswith(_ENDS) else None


BACKGROUND = BackgroundForm(wants_background, queue)
