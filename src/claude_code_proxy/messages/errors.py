"""The error body of the Messages API, in each of the forms it comes in.

https://platform.claude.com/docs/en/api/errors. Errors from the edge network lack the outer `type`, or are not JSON.
"""

import msgspec
from msgspec import Struct


class ErrorDetails(Struct, frozen=True):
    error_code: str | None = None


class ErrorBody(Struct, frozen=True):
    type: str = "api_error"
    message: str = ""
    details: ErrorDetails | None = None


class _Envelope(Struct, frozen=True):
    error: ErrorBody
    request_id: str | None = None


_decode = msgspec.json.Decoder(_Envelope).decode


def decode_error(body: bytes) -> tuple[ErrorBody, str | None] | None:
    """The error and its request id; None when the body is not an error in JSON (an HTML page, say)."""
    try:
        envelope = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return envelope.error, envelope.request_id
