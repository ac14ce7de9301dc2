"""The error body of the Messages API, in each of the forms it comes in, and the type that goes with a status.

https://platform.claude.com/docs/en/api/errors. Errors from the edge network lack the outer `type`, or are not JSON.
"""

import msgspec
from msgspec import Raw, Struct

from claude_code_proxy.messages.json_text import UNREADABLE

_KINDS = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    409: "conflict_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}
_STATUSES = {kind: status for status, kind in _KINDS.items()} | {"api_error": 500}
ERROR_KINDS = frozenset(_STATUSES)
"""The error types that the service documents."""


def kind_of(status: int) -> str:
    """Return the error type that goes with a status."""
    return _KINDS.get(status, "invalid_request_error" if status < 500 else "api_error")


def status_of(kind: str) -> int:
    return _STATUSES.get(kind, 500)


class ErrorDetails(Struct, frozen=True):
    error_code: str | None = None


class ErrorBody(Struct, frozen=True):
    """`type` and `message` are empty where they are not told."""

    type: str = ""
    message: str = ""
    details: ErrorDetails | None = None


class WireError(Struct, frozen=True):
    """An error as it comes: its details, of any shape, must not cost its words."""

    type: str | None = None
    message: str | None = None
    details: Raw = Raw()

    def decoded(self) -> ErrorBody:
        try:
            details = _decode_details(self.details) if self.details else None
        except (msgspec.ValidationError, RecursionError):
            details = None
        return ErrorBody(self.type or "", self.message or "", details)


class _Envelope(Struct, frozen=True):
    """Gateways in front of the API have forms of their own: the words alone, or `detail`."""

    error: WireError | str | None = None
    detail: str | None = None
    request_id: str | None = None


_decode = msgspec.json.Decoder(_Envelope).decode
_decode_details = msgspec.json.Decoder(ErrorDetails | None).decode


def to_error_body(error: WireError | str) -> ErrorBody:
    return ErrorBody(message=error) if isinstance(error, str) else error.decoded()


def decode_error(body: bytes) -> tuple[ErrorBody, str | None] | None:
    """Return the error and its request id; None when the body is not an error in JSON (an HTML page, say)."""
    try:
        envelope = _decode(body)
    except UNREADABLE:
        return None
    error = envelope.error or envelope.detail
    return (to_error_body(error), envelope.request_id) if error else None
