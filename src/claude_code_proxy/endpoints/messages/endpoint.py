"""The Messages API as an endpoint: the identity, where the upstream takes requests as they are."""

import msgspec

from claude_code_proxy.endpoints.endpoint import DecodedRequest, Endpoint, NativeForm
from claude_code_proxy.endpoints.messages.envelope import ANTHROPIC
from claude_code_proxy.endpoints.messages.native import NativeMessage
from claude_code_proxy.errors import InvalidRequest


def decode(_body: bytes, _default_model: str) -> DecodedRequest:
    """Raise `InvalidRequest`."""
    raise InvalidRequest("This upstream does not take requests in the Messages API's own form.")


def render_count(tokens: int) -> bytes:
    return msgspec.json.encode({"input_tokens": tokens})


MESSAGES = Endpoint(
    "messages", "/messages", "msg_", decode, ANTHROPIC, native=NativeForm("/v1/messages", NativeMessage)
)
COUNT_TOKENS = Endpoint(
    "count_tokens",
    "/messages/count_tokens",
    "msg_",
    decode,
    ANTHROPIC,
    native=NativeForm("/v1/messages/count_tokens", NativeMessage),
    render_count=render_count,
)
