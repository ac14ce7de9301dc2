"""The error body of the Messages API, in each of the forms it comes in, what its type is by status, and what its words
say of an overflow.

https://platform.claude.com/docs/en/api/errors. Errors from the edge network lack the outer `type`, or are not JSON.
"""

import re

import msgspec
from msgspec import Raw, Struct

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
SPENT_CODES = frozenset({
    "contract_spend_limit_reached",
    "enforced_spend_limit_reached",
    "linked_organization_spend_limit_reached",
})
"""The `error_code` of a limit on money: waiting does not lift it."""


def kind_of(status: int) -> str:
    """The error type that goes with a status."""
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
        except msgspec.ValidationError:
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
    """The error and its request id; None when the body is not an error in JSON (an HTML page, say)."""
    try:
        envelope = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    error = envelope.error or envelope.detail
    return (to_error_body(error), envelope.request_id) if error else None


class Overflow(Struct, frozen=True):
    """A request that is too long: its tokens, with those it may be answered with, and those it may have.

    None where the service does not tell.
    """

    tokens: int | None = None
    window: int | None = None


_COUNTED = re.compile(
    r"prompt is too long: (?P<tokens>[\d,]+) tokens? > (?P<window>[\d,]+)"
    r"|exceed context limit: (?P<prompt>[\d,]+) \+ (?P<answer>[\d,]+) > (?P<limit>[\d,]+)",
    re.IGNORECASE,
)
_UNCOUNTED = re.compile(
    r"(?:prompt|input) is too long|exceeds? (?:the (?:model's )?(?:maximum )?)?context", re.IGNORECASE
)


def overflow_in(message: str) -> Overflow | None:
    """What the words of an error say of an overflow; None where they speak of something else."""
    found = _COUNTED.search(message)
    if found is None:
        return Overflow() if _UNCOUNTED.search(message) else None
    told = {name: int(number.replace(",", "")) for name, number in found.groupdict().items() if number}
    if "window" in told:
        return Overflow(told["tokens"], told["window"])
    return Overflow(told["prompt"] + told["answer"], told["limit"])
