"""Anthropic's envelope: its error types by status, its names for requests and limits."""

import json

import pytest

from claude_code_proxy import errors
from claude_code_proxy.endpoints.messages.envelope import ANTHROPIC


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (errors.InvalidRequest("x"), 400, "invalid_request_error"),
        (errors.InvalidRequest("x", status=404), 404, "not_found_error"),
        (errors.InvalidRequest("x", status=405), 405, "invalid_request_error"),
        (errors.InvalidRequest("x", status=413), 413, "request_too_large"),
        (errors.Unauthenticated("x"), 401, "authentication_error"),
        (errors.Overloaded("x"), 429, "rate_limit_error"),
        (errors.UpstreamTimeout("x"), 504, "timeout_error"),
        (errors.UpstreamBroke("x"), 502, "api_error"),
        (errors.UpstreamRejected("x", status=529, kind="overloaded_error"), 529, "overloaded_error"),
    ],
)
def test_each_error_has_its_type_and_keeps_its_status(error: errors.ProxyError, status: int, kind: str) -> None:
    reply = ANTHROPIC.render_error(error, "f00d")
    assert reply.status == status
    body = json.loads(reply.body)
    assert body == {"type": "error", "error": {"type": kind, "message": "x"}, "request_id": "f00d"}


def test_when_and_whether_to_try_again() -> None:
    error = errors.Overloaded("x", retry_after=2).replace(should_retry=True)
    headers = dict(ANTHROPIC.render_error(error, "f00d").headers)
    assert headers == {b"retry-after": b"2", b"retry-after-ms": b"2000", b"x-should-retry": b"true"}


def test_a_request_has_the_upstreams_id_where_there_is_one() -> None:
    assert dict(ANTHROPIC.request_headers("f00d", "req_1", seconds=1))[b"request-id"] == b"req_1"
    assert dict(ANTHROPIC.request_headers("f00d", None, seconds=1))[b"request-id"] == b"f00d"


def test_limits_keep_their_names() -> None:
    limits = {"anthropic-ratelimit-requests-limit": "50"}
    assert ANTHROPIC.rate_limit_headers(limits, 0.0) == [(b"anthropic-ratelimit-requests-limit", b"50")]


@pytest.mark.parametrize(
    ("kind", "is_passed_on"), [(errors.DiagnosisKind.OTHER, True), (errors.DiagnosisKind.CREDENTIAL_REFUSED, False)]
)
def test_the_upstreams_body_is_passed_on_unless_it_is_about_the_proxys_credential(
    kind: errors.DiagnosisKind, is_passed_on: bool
) -> None:
    diagnosis = errors.Diagnosis(kind)
    error = errors.UpstreamRejected("x", status=401, kind="x_error", diagnosis=diagnosis, body=b'{"theirs":1}')
    assert (ANTHROPIC.render_error(error, "f00d").body == b'{"theirs":1}') is is_passed_on
