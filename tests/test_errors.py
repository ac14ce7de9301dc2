"""The tree of errors: each says who must act, and keeps what the client may know apart from what it may not."""

import pytest

from claude_code_proxy import errors

TREE: dict[type[errors.ProxyError], tuple[int, str, bool | None]] = {
    errors.InvalidRequest: (400, "invalid_request_error", False),
    errors.Unauthenticated: (401, "authentication_error", False),
    errors.UpstreamUnavailable: (503, "api_error", None),
    errors.UpstreamTimeout: (504, "timeout_error", None),
    errors.UpstreamBroke: (502, "api_error", None),
    errors.Overloaded: (429, "rate_limit_error", None),
    errors.Misconfigured: (500, "api_error", False),
}


@pytest.mark.parametrize("kind", TREE)
def test_status_kind_and_whether_to_try_again(kind: type[errors.ProxyError]) -> None:
    error = kind("What happened.")
    assert (error.status, error.kind, error.should_retry) == TREE[kind]
    assert isinstance(error, errors.ProxyError)
    assert str(error) == error.message == "What happened."


def test_a_timeout_is_one_way_of_being_unavailable() -> None:
    assert issubclass(errors.UpstreamTimeout, errors.UpstreamUnavailable)


def test_a_refusal_keeps_the_upstreams_status_kind_and_head() -> None:
    headers = errors.RejectionHeaders("req_1", retry_after=2.0, should_retry=False, rate_limits={"a": "1"})
    error = errors.UpstreamRejected("No.", status=403, kind="permission_error", headers=headers)
    assert (error.status, error.kind, error.diagnosis) == (403, "permission_error", errors.Diagnosis())
    assert (error.request_id, error.retry_after, error.should_retry, error.rate_limits) == (
        "req_1",
        2.0,
        False,
        {"a": "1"},
    )


def test_more_that_becomes_known_makes_another_error() -> None:
    error = errors.UpstreamRejected("No.", status=404, kind="not_found_error")
    try:
        raise error from ValueError("why")
    except errors.UpstreamRejected as caught:
        other = caught.replace(message="No such model.", param="model", attempts=2)
    assert (type(other), other.status, other.kind) == (type(error), 404, "not_found_error")
    assert (str(other), other.message, other.param, other.attempts) == ("No such model.",) * 2 + ("model", 2)
    assert (str(error), error.message, error.param, error.attempts) == ("No.", "No.", None, 0)
    assert other.__cause__ is error.__cause__


def test_an_invalid_request_names_its_field_and_may_have_another_status() -> None:
    error = errors.InvalidRequest("No such model.", param="model", code="model_not_found", status=404)
    assert (error.param, error.code, error.status) == ("model", "model_not_found", 404)
