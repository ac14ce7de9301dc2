"""A refusal by the upstream -> an `UpstreamRejected` with its status, words and request id.

https://platform.claude.com/docs/en/api/errors. Refusals by the edge network may be HTML or lack the usual fields.
"""

import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.errors import Diagnosis, DiagnosisKind, RejectionHeaders, UpstreamRejected
from claude_code_proxy.messages.json_text import UNREADABLE
from claude_code_proxy.upstreams.diagnosis import diagnose

_RATE_LIMIT = b"anthropic-ratelimit-"
_REQUEST_ID = re.compile(r"[\x21-\x7e]{1,128}")  # it goes on into a header and a log line
_LONGEST_TEXT = 200  # bytes
_LONGEST_WAIT = 31 * 86400.0  # seconds; whatever says more than that does not mean it


class _Outer(Struct, frozen=True):
    type: str
    error: Raw


_decode_outer = msgspec.json.Decoder(_Outer).decode


def rejected(status: int, headers: Mapping[bytes, bytes], *, body: bytes) -> UpstreamRejected:
    """Return the error for a reply that is no Message. A status that says nothing of an error becomes a 502."""
    error, request_id = messages.decode_error(body) or (messages.ErrorBody(), None)
    head = RejectionHeaders(
        request_id=request_id_of(headers) or _request_id(request_id),
        retry_after=_seconds(headers),
        should_retry={b"true": True, b"false": False}.get(headers.get(b"x-should-retry", b"")),
        rate_limits=rate_limits_of(headers),
    )
    if status == 404 and not error.type:
        return _misaddressed(error.message or _line_of(headers, body), head)
    if not error.message and not error.type:
        error = messages.ErrorBody(message=f"The upstream answered HTTP {status}{_reason(headers, body)}")
    own = body if _is_error_body(body) else b""
    return _rejected(error, status if 400 <= status <= 599 else 502, headers=head, body=own)


def _misaddressed(text: str, headers: RejectionHeaders) -> UpstreamRejected:
    """Return the error for a 404 that no Messages API wrote. It says nothing about a model."""
    quoted = f' ("{text}")' if text else ""
    return UpstreamRejected(
        f"What answers at the upstream's address is not the Messages API: HTTP 404{quoted}. Check ANTHROPIC_API_BASE.",
        status=502,
        kind="api_error",
        diagnosis=Diagnosis(DiagnosisKind.NOT_THE_API, may_retry=False),
        headers=replace(headers, should_retry=False),
    )


def rejected_midway(event: messages.ErrorEvent, request_id: str | None, *, body: bytes = b"") -> UpstreamRejected:
    """Return the error for an error event in a stream that began with a 200: its type gives the status."""
    head = RejectionHeaders(request_id=request_id or _request_id(event.request_id))
    return _rejected(event.error, messages.status_of(event.error.type), headers=head, body=body)


def rejected_after_all(body: bytes) -> UpstreamRejected | None:
    """Return the error for an error body under a 2xx status; None if it is not one."""
    decoded = messages.decode_error(body)
    if decoded is None:
        return None
    error, request_id = decoded
    return rejected_midway(messages.ErrorEvent(error, request_id), None)


def request_id_of(headers: Mapping[bytes, bytes]) -> str | None:
    found = headers.get(b"request-id")
    return _request_id(found.decode("latin-1")) if found else None


def _request_id(value: str | None) -> str | None:
    return value if value is not None and _REQUEST_ID.fullmatch(value) else None


def rate_limits_of(headers: Mapping[bytes, bytes]) -> dict[str, str]:
    return {
        name.decode("latin-1"): value.decode("latin-1")
        for name, value in headers.items()
        if name.startswith(_RATE_LIMIT)
    }


def _reason(headers: Mapping[bytes, bytes], body: bytes) -> str:
    """Return what is known besides the status: a line of plain text, or the edge network's id of the request."""
    if line := _line_of(headers, body):
        return f": {line}"
    ray = headers.get(b"cf-ray", b"").decode("latin-1")
    return f" without saying why (cf-ray {ray})." if ray else " without saying why."


def _line_of(headers: Mapping[bytes, bytes], body: bytes) -> str:
    """Return the body if it is one line of plain text; else an empty string."""
    text = body[:_LONGEST_TEXT].decode("utf-8", "replace").strip()
    return text if headers.get(b"content-type", b"").startswith(b"text/plain") and text.isprintable() else ""


def _is_error_body(body: bytes) -> bool:
    """Return whether it is in the API's own form; bodies of networks and gateways on the way are not."""
    try:
        return _decode_outer(body).type == "error"
    except UNREADABLE:
        return False


def _rejected(
    error: messages.ErrorBody, status: int, *, headers: RejectionHeaders, body: bytes = b""
) -> UpstreamRejected:
    kind = error.type or messages.kind_of(status)
    message = error.message or f"The upstream answered {kind}."
    code = error.details.error_code if error.details else None
    diagnosis = diagnose(message, status=status, kind=kind, error_code=code)
    return UpstreamRejected(message, status=status, kind=kind, diagnosis=diagnosis, headers=headers, body=body)


def _seconds(headers: Mapping[bytes, bytes]) -> float | None:
    """Return `retry-after-ms`, else `retry-after` in seconds or, from a gateway, as a date."""
    for name, unit in ((b"retry-after-ms", 0.001), (b"retry-after", 1.0)):
        try:
            seconds = float(headers[name]) * unit
        except (KeyError, ValueError):
            continue
        if 0.0 <= seconds <= _LONGEST_WAIT:
            return seconds
    return _seconds_until(headers.get(b"retry-after", b"").decode("latin-1"))


def _seconds_until(date: str) -> float | None:
    try:
        seconds = parsedate_to_datetime(date).timestamp() - time.time()
    except ValueError:
        return None
    return max(seconds, 0.0) if seconds <= _LONGEST_WAIT else None
