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


def test_a_refusal_keeps_the_upstreams_status_kind_and_id() -> None:
    error = errors.UpstreamRejected("No.", status=403, kind="permission_error", request_id="req_1", retry_after=2.0)
    assert (error.status, error.kind, error.request_id, error.retry_after) == (403, "permission_error", "req_1", 2.0)
    assert error.rate_limits == {}


def test_refusals_do_not_share_what_they_hold() -> None:
    one, other = (errors.UpstreamRejected("No.", status=429, kind="rate_limit_error") for _ in range(2))
    one.rate_limits["anthropic-ratelimit-requests-limit"] = "1"
    assert other.rate_limits == {}


def test_an_invalid_request_names_its_field_and_may_have_another_status() -> None:
    error = errors.InvalidRequest("No such model.", param="model", code="model_not_found", status=404)
    assert (error.param, error.code, error.status) == ("model", "model_not_found", 404)
