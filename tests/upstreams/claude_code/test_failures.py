"""Claude Code's words for what went wrong, as errors."""

import pytest

from claude_code_proxy.errors import UpstreamBroke, UpstreamRejected
from claude_code_proxy.upstreams.claude_code.failures import Failure, to_error

NOW = 1_795_000_000.0


@pytest.mark.parametrize(
    ("failure", "status", "kind", "words"),
    [
        (Failure("API Error: 529 Overloaded. Try."), 529, "overloaded_error", "Overloaded. Try."),
        (Failure("API Error: 400 messages: bad", "invalid_request"), 400, "invalid_request_error", "messages: bad"),
        (Failure("Failed to authenticate. API Error: 403 No"), 403, "permission_error", "No"),
        (
            Failure("You've hit your 5-hour limit", "rate_limit"),
            429,
            "rate_limit_error",
            "You've hit your 5-hour limit",
        ),
        (Failure("API Error: 409 Conflict"), 409, "conflict_error", "Conflict"),
        (Failure("No such model", status=404), 404, "not_found_error", "No such model"),
        (Failure("Prompt is too long", "invalid_request"), 400, "invalid_request_error", "Prompt is too long"),
    ],
)
def test_status_and_words(failure: Failure, status: int, kind: str, words: str) -> None:
    error = to_error(failure, NOW)
    assert isinstance(error, UpstreamRejected)
    assert (error.status, error.kind, error.message) == (status, kind, words)


def test_a_login_that_was_refused_says_what_to_do() -> None:
    error = to_error(Failure("OAuth session expired", "authentication_failed"), NOW)
    assert error.status == 401
    assert "claude auth login" in error.message


def test_a_limit_says_when_it_is_over() -> None:
    assert to_error(Failure("limit", "rate_limit", resets_at=NOW + 90), NOW).retry_after == 90


def test_what_nobody_knows_is_a_broken_upstream() -> None:
    error = to_error(Failure("its process ended"), NOW)
    assert isinstance(error, UpstreamBroke)
    assert "its process ended" in error.message
