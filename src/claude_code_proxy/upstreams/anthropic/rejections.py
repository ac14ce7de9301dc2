"""A refusal by the upstream -> an `UpstreamRejected` with its status, words and request id.

https://platform.claude.com/docs/en/api/errors. Refusals by the edge network may be HTML or lack the usual fields.
"""

from collections.abc import Mapping

from claude_code_proxy import messages
from claude_code_proxy.errors import UpstreamRejected

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
_RATE_LIMIT = b"anthropic-ratelimit-"
_LONGEST_WAIT = 31 * 86400.0  # seconds; whatever says more than that does not mean it


def rejected(status: int, headers: Mapping[bytes, bytes], *, body: bytes) -> UpstreamRejected:
    """A redirect, or a success without what was asked for, is a bad gateway to whoever asked us."""
    request_id = request_id_of(headers)
    status = status if status >= 400 else 502
    decoded = messages.decode_error(body)
    if decoded is None:
        ray = headers.get(b"cf-ray", b"").decode("latin-1")
        error = UpstreamRejected(
            f"The upstream answered HTTP {status} without saying why" + (f" (cf-ray {ray})." if ray else "."),
            status=status,
            kind=_KINDS.get(status, "invalid_request_error" if status < 500 else "api_error"),
        )
    else:
        said, inner_id = decoded
        request_id = request_id or inner_id
        error = _from_body(said, status)
    error.request_id = request_id
    error.retry_after = _seconds(headers)
    error.should_retry = {b"true": True, b"false": False}.get(headers.get(b"x-should-retry", b""))
    error.rate_limits = rate_limits_of(headers)
    return error


def rejected_midway(event: messages.ErrorEvent, request_id: str | None) -> UpstreamRejected:
    """An error event in a stream that had been accepted: its type tells what the status would have been."""
    error = _from_body(event.error, _STATUSES.get(event.error.type, 500))
    error.request_id = request_id or event.request_id
    return error


def request_id_of(headers: Mapping[bytes, bytes]) -> str | None:
    found = headers.get(b"request-id")
    return found.decode("latin-1") if found else None


def rate_limits_of(headers: Mapping[bytes, bytes]) -> dict[str, str]:
    return {
        name.decode("latin-1"): value.decode("latin-1")
        for name, value in headers.items()
        if name.startswith(_RATE_LIMIT)
    }


def _from_body(said: messages.ErrorBody, status: int) -> UpstreamRejected:
    error = UpstreamRejected(said.message or f"The upstream answered {said.type}.", status=status, kind=said.type)
    error.error_code = said.details.error_code if said.details else None
    return error


def _seconds(headers: Mapping[bytes, bytes]) -> float | None:
    """`retry-after-ms`, else `retry-after` in seconds; a date is not used by this API."""
    for name, unit in ((b"retry-after-ms", 0.001), (b"retry-after", 1.0)):
        try:
            seconds = float(headers[name]) * unit
        except (KeyError, ValueError):
            continue
        if 0.0 <= seconds <= _LONGEST_WAIT:
            return seconds
    return None
