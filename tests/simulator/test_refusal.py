"""Refusals as bodies."""

import pytest

from claude_code_proxy.simulator.refusal import Refusal


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (404, "not_found_error"),
        (413, "request_too_large"),
        (418, "invalid_request_error"),
        (429, "rate_limit_error"),
        (503, "api_error"),
        (529, "overloaded_error"),
    ],
)
def test_each_status_has_its_type(status: int, kind: str) -> None:
    assert Refusal("a", status).body("req_1") == {
        "type": "error",
        "error": {"type": kind, "message": "a"},
        "request_id": "req_1",
    }


def test_the_edge_says_less() -> None:
    assert Refusal("a", 413, edge=True).body("req_1") == {"error": {"type": "request_too_large", "message": "a"}}


def test_details_stand_in_the_error() -> None:
    details = {"error_code": "thread_not_found"}
    assert Refusal("a", 404, details=details).body("req_1")["error"]["details"] == details
