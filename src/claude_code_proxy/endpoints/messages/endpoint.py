"""The Messages API as an endpoint: the identity where the upstream takes requests as they are, else the hub's types."""

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.adjustment import Adjustment
from claude_code_proxy.endpoints.endpoint import Endpoint, NativeForm, ReplyContext, StreamTranslator
from claude_code_proxy.endpoints.messages.envelope import ANTHROPIC
from claude_code_proxy.endpoints.messages.native import NativeMessage
from claude_code_proxy.endpoints.messages.request import to_messages_request
from claude_code_proxy.endpoints.messages.response import NativeStream, render_message
from claude_code_proxy.errors import InvalidRequest


class DecodedMessage(Struct, frozen=True):
    """One decoded request."""

    request: messages.MessagesRequest
    adjustments: tuple[Adjustment, ...]
    stream: bool
    n: int = 1

    def with_request(self, request: messages.MessagesRequest) -> "DecodedMessage":
        return replace(self, request=request)

    def field_name(self, path: str) -> str:
        return path

    def reply(self, replies: tuple[messages.Message, ...], context: ReplyContext) -> bytes:
        return render_message(replies[0], context)

    def translators(self, context: ReplyContext) -> tuple[StreamTranslator, ...]:
        return (NativeStream(context),)


def decode(body: bytes, _default_model: str) -> DecodedMessage:
    """Raise `InvalidRequest`."""
    decoded = decode_count(body, _default_model)
    if not decoded.request.max_tokens:
        raise InvalidRequest("max_tokens: Field required", path="max_tokens")
    return decoded


def decode_count(body: bytes, _default_model: str) -> DecodedMessage:
    """Decode a request whose tokens are to be counted: it need not say how long the answer may be."""
    request, stream, adjustments = to_messages_request(body)
    return DecodedMessage(request, adjustments, stream)


def render_count(tokens: int) -> bytes:
    return msgspec.json.encode({"input_tokens": tokens})


MESSAGES = Endpoint(
    "messages", "/messages", "msg_", decode, ANTHROPIC, native=NativeForm("/v1/messages", NativeMessage)
)
COUNT_TOKENS = Endpoint(
    "count_tokens",
    "/messages/count_tokens",
    "msg_",
    decode_count,
    ANTHROPIC,
    native=NativeForm("/v1/messages/count_tokens", NativeMessage),
    render_count=render_count,
)
