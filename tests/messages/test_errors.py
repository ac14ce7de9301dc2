"""Error bodies in each of the forms they come in."""

import pytest

from claude_code_proxy.messages.errors import (
    ErrorBody,
    ErrorDetails,
    decode_error,
    kind_of,
    status_of,
)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            b'{"type":"error","error":{"type":"api_error","message":"Oh."},"request_id":"req_1"}',
            (ErrorBody("api_error", "Oh."), "req_1"),
        ),
        (b'{"error":{"type":"forbidden","message":"No."}}', (ErrorBody("forbidden", "No."), None)),
        (
            b'{"type":"error","error":{"type":"x","message":"y","details":null},"request_id":null}',
            (ErrorBody("x", "y"), None),
        ),
        (
            b'{"error":{"type":"x","message":"y","details":{"error_code":"z","more":1}}}',
            (ErrorBody("x", "y", ErrorDetails("z")), None),
        ),
        (b'{"error":{}}', (ErrorBody(), None)),
        (b'{"error":{"type":null,"message":"y","details":"words"}}', (ErrorBody(message="y"), None)),
        (b'{"error":{"message":"y","details":{"error_code":1}}}', (ErrorBody(message="y"), None)),
        (b'{"error":"text"}', (ErrorBody(message="text"), None)),
        (b'{"detail":"Not Found"}', (ErrorBody(message="Not Found"), None)),
    ],
)
def test_an_error_is_read(body: bytes, expected: object) -> None:
    assert decode_error(body) == expected


@pytest.mark.parametrize(
    "body", [b"", b"<html>502</html>", b"{}", b'{"error":""}', b'{"error":1}', b"null", b"\xff", b'{"error":{']
)
def test_what_is_no_error_in_json_is_none(body: bytes) -> None:
    assert decode_error(body) is None


@pytest.mark.parametrize(
    ("status", "kind"), [(400, "invalid_request_error"), (409, "conflict_error"), (529, "overloaded_error")]
)
def test_a_status_and_its_type(status: int, kind: str) -> None:
    assert (kind_of(status), status_of(kind)) == (kind, status)


def test_a_status_without_a_type_of_its_own() -> None:
    assert (kind_of(418), kind_of(520)) == ("invalid_request_error", "api_error")
    assert (status_of("api_error"), status_of("unheard_of")) == (500, 500)


@pytest.mark.parametrize("body", [b'{"error":%b}', b'{"error":{"message":"Oh.","details":%b}}', b"%b"])
def test_a_body_nested_too_deeply_is_no_error_body(body: bytes) -> None:
    assert decode_error(body % (b"[" * 50_000 + b"]" * 50_000)) is None
