"""The envelope of Anthropic's own API. https://platform.claude.com/docs/en/api/errors"""

from collections.abc import Mapping

import msgspec

from claude_code_proxy import messages
from claude_code_proxy.endpoints.envelope import Envelope, ErrorReply, Headers, retry_headers
from claude_code_proxy.errors import DiagnosisKind, InvalidRequest, ProxyError, UpstreamRejected

_OF_THE_PROXY = frozenset({DiagnosisKind.CREDENTIAL_REFUSED, DiagnosisKind.LOGIN_REFUSED})
"""Refusals that are about the proxy's own credential: the upstream's words would blame the caller's key."""


def encode_error(error: ProxyError, request_id: str) -> bytes:
    """Return the body of an error, which is also the data of an `error` event.

    The upstream's own body is left as it is: clients recover from many a refusal by its words and its details.
    """
    if isinstance(error, UpstreamRejected) and error.body and error.diagnosis.kind not in _OF_THE_PROXY:
        return error.body
    inner = {"type": _kind(error), "message": error.message}
    return msgspec.json.encode({"type": "error", "error": inner, "request_id": error.request_id or request_id})


def _kind(error: ProxyError) -> str:
    """Return the error type, by the status where it is only an invalid request to us."""
    if isinstance(error, InvalidRequest) and error.kind == "invalid_request_error":
        return messages.kind_of(error.status)
    return error.kind


def _render_error(error: ProxyError, request_id: str, *, param: str | None = None) -> ErrorReply:
    del param
    headers = retry_headers(error.retry_after, should_retry=error.should_retry)
    return ErrorReply(error.status, encode_error(error, request_id), headers)


def _request_headers(request_id: str, upstream_request_id: str | None, *, seconds: float) -> Headers:
    del seconds
    shown = (upstream_request_id or request_id).encode("latin-1", "replace")
    return [(b"request-id", shown), (b"x-request-id", request_id.encode())]


def _rate_limit_headers(limits: Mapping[str, str], _now: float) -> Headers:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in limits.items()]


ANTHROPIC = Envelope(_render_error, _request_headers, _rate_limit_headers)
