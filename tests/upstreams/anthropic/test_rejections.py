"""Refusals by the service, and by the network in front of it."""

import json
import time
from email.utils import formatdate

import pytest

from claude_code_proxy import messages
from claude_code_proxy.endpoints.openai.errors import to_openai_error
from claude_code_proxy.errors import DiagnosisKind
from claude_code_proxy.upstreams.anthropic.rejections import (
    rate_limits_of,
    rejected,
    rejected_after_all,
    rejected_midway,
    request_id_of,
)


def body(kind: str = "invalid_request_error", message: str = "words", **more: object) -> bytes:
    return json.dumps({"type": "error", "error": {"type": kind, "message": message, **more}}).encode()


def test_status_words_and_request_id_are_kept() -> None:
    error = rejected(429, {b"request-id": b"req_1"}, body=body("rate_limit_error", "Slow down."))
    assert (error.status, error.kind, error.message, error.request_id) == (
        429,
        "rate_limit_error",
        "Slow down.",
        "req_1",
    )
    assert (error.should_retry, error.retry_after) == (None, None)


def test_the_request_id_may_stand_in_the_body() -> None:
    inside = json.dumps({"error": {"type": "api_error", "message": "w"}, "request_id": "req_2"}).encode()
    assert rejected(500, {}, body=inside).request_id == "req_2"
    assert rejected(500, {b"request-id": b"req_1"}, body=inside).request_id == "req_1"


def test_details() -> None:
    details = {"error_code": "enforced_spend_limit_reached"}
    assert rejected(429, {}, body=body(details=details)).diagnosis.kind is DiagnosisKind.OUT_OF_MONEY
    assert rejected(429, {}, body=body(details=None)).diagnosis.kind is DiagnosisKind.OTHER


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (403, "permission_error"),
        (413, "request_too_large"),
        (418, "invalid_request_error"),
        (429, "rate_limit_error"),
        (500, "api_error"),
        (502, "api_error"),
        (520, "api_error"),
        (529, "overloaded_error"),
    ],
)
@pytest.mark.parametrize(
    "said", [b"", b"<html>secret page</html>", b"\xff\xfe", b"[]", b'{"error":""}', b'{"error":5}']
)
def test_without_a_reason_the_status_tells_it(status: int, kind: str, said: bytes) -> None:
    error = rejected(status, {b"cf-ray": b"8f1-FRA"}, body=said)
    assert (error.status, error.kind) == (status, kind)
    assert error.message == f"The upstream answered HTTP {status} without saying why (cf-ray 8f1-FRA)."

    plain = rejected(status, {}, body=b'{"error":"words"}')
    assert (plain.status, plain.kind, plain.message) == (status, kind, "words")


def test_a_line_of_plain_text_is_kept() -> None:
    text = {b"content-type": b"text/plain; charset=utf-8"}
    said = rejected(503, text, body=b"upstream connect error\n").message
    assert said == "The upstream answered HTTP 503: upstream connect error"
    assert rejected(503, text, body=b"two\nlines").message == "The upstream answered HTTP 503 without saying why."
    assert len(rejected(503, text, body=b"x" * 5000).message) < 300


def test_an_error_that_says_nothing_still_has_words() -> None:
    assert rejected(400, {}, body=body("odd_error", "")).message == "The upstream answered odd_error."


@pytest.mark.parametrize(
    ("headers", "body_"),
    [
        ({b"content-type": b"text/html"}, b"<html><h1>404 Not Found</h1></html>"),
        ({b"content-type": b"text/plain; charset=utf-8"}, b"404 page not found\n"),
        ({b"content-type": b"application/json"}, b'{"detail":"Not Found"}'),
        ({b"content-type": b"application/json"}, b'{"error":"Not Found"}'),
        ({b"content-type": b"application/json"}, b'{"error":{"message":"model not found"}}'),
        ({}, b""),
    ],
)
def test_a_404_that_no_api_wrote_names_the_setting_of_the_address(headers: dict[bytes, bytes], body_: bytes) -> None:
    error = rejected(404, headers, body=body_)
    assert (error.status, error.kind, error.diagnosis.may_retry) == (502, "api_error", False)
    assert "ANTHROPIC_API_BASE" in error.message
    assert "<html>" not in error.message
    assert to_openai_error(error).should_retry is False


def test_a_404_of_the_api_is_one() -> None:
    error = rejected(404, {}, body=body("not_found_error", "model: claude-x"))
    assert (error.status, error.diagnosis.kind, error.diagnosis.model) == (404, DiagnosisKind.UNKNOWN_MODEL, "claude-x")


@pytest.mark.parametrize("status", [600, 999, 100])
@pytest.mark.parametrize("text", [b"", body("api_error", "w")])
def test_a_status_that_is_none_is_a_bad_gateway(status: int, text: bytes) -> None:
    assert rejected(status, {}, body=text).status == 502


@pytest.mark.parametrize("status", [204, 206, 301, 307])
def test_neither_answer_nor_error_is_a_bad_gateway(status: int) -> None:
    error = rejected(status, {}, body=b"")
    assert to_openai_error(error).status == 502
    assert error.message == f"The upstream answered HTTP {status} without saying why."


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({b"retry-after": b"3"}, 3.0),
        ({b"retry-after": b"0"}, 0.0),
        ({b"retry-after": b"2.5"}, 2.5),
        ({b"retry-after-ms": b"250", b"retry-after": b"1"}, 0.25),
        ({b"retry-after-ms": b"soon", b"retry-after": b"1"}, 1.0),
        ({b"retry-after": b"Sun, 22 Nov 2020 12:00:00 GMT"}, 0.0),
        ({b"retry-after": b"Sun, 22 Nov 2320 12:00:00 GMT"}, None),
        ({b"retry-after": b"nan"}, None),
        ({b"retry-after": b"inf"}, None),
        ({b"retry-after": b"-5"}, None),
        ({b"retry-after": b"1e300"}, None),
        ({b"retry-after": b""}, None),
    ],
)
def test_when_to_come_back(headers: dict[bytes, bytes], seconds: float | None) -> None:
    assert rejected(429, headers, body=body()).retry_after == seconds


def test_when_to_come_back_as_a_date() -> None:
    in_a_minute = formatdate(time.time() + 60, usegmt=True).encode()
    seconds = rejected(429, {b"retry-after": in_a_minute}, body=body()).retry_after
    assert seconds is not None
    assert 50 < seconds <= 60


@pytest.mark.parametrize(("told", "meant"), [(b"true", True), (b"false", False), (b"maybe", None), (b"", None)])
def test_whether_to_come_back(told: bytes, meant: bool | None) -> None:
    assert rejected(500, {b"x-should-retry": told}, body=body()).should_retry is meant


@pytest.mark.parametrize(
    ("kind", "status"), [("overloaded_error", 529), ("rate_limit_error", 429), ("api_error", 500), ("odd_error", 500)]
)
def test_in_the_middle_of_a_stream_the_kind_tells_the_status(kind: str, status: int) -> None:
    event = messages.decode_event(
        b'{"type":"error","request_id":"req_2","error":{"type":"%b","message":"w"}}' % kind.encode()
    )
    assert isinstance(event, messages.ErrorEvent)
    error = rejected_midway(event, "req_1")
    assert (error.status, error.kind, error.message, error.request_id) == (status, kind, "w", "req_1")
    assert rejected_midway(event, None).request_id == "req_2"


def test_headers_by_name() -> None:
    headers = {b"request-id": b"req_1", b"anthropic-ratelimit-tokens-limit": b"5", b"x-other": b"6"}
    assert request_id_of(headers) == "req_1"
    assert request_id_of({}) is None
    assert rate_limits_of(headers) == {"anthropic-ratelimit-tokens-limit": "5"}


@pytest.mark.parametrize(
    "told", ["", "req 1", "req_1\r\nx-evil: 1", "req_1\n", "req_\x00", "req_\x1b[2J", "req_é", "req_\u2028", "x" * 129]
)
def test_a_request_id_that_no_header_can_carry_is_none(told: str) -> None:
    inside = json.dumps({"type": "error", "error": {"type": "api_error", "message": "w"}, "request_id": told}).encode()
    assert rejected(500, {}, body=inside).request_id is None
    after_all = rejected_after_all(inside)
    assert after_all is not None
    assert after_all.request_id is None
    assert request_id_of({b"request-id": told.encode()}) is None


def test_a_long_request_id_is_kept_whole() -> None:
    assert request_id_of({b"request-id": b"~" * 128}) == "~" * 128
