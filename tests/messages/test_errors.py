"""Error bodies in each of the forms they come in."""

import pytest

from claude_code_proxy.messages.errors import ErrorBody, ErrorDetails, decode_error


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
    ],
)
def test_an_error_is_read(body: bytes, expected: object) -> None:
    assert decode_error(body) == expected


@pytest.mark.parametrize(
    "body", [b"", b"<html>502</html>", b"{}", b'{"error":"text"}', b"null", b"\xff", b'{"error":{']
)
def test_what_is_no_error_in_json_is_none(body: bytes) -> None:
    assert decode_error(body) is None
