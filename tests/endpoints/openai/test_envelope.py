"""OpenAI's names for requests, limits and times to come back."""

import pytest

from claude_code_proxy import errors
from claude_code_proxy.endpoints.openai.envelope import OPENAI
from tests.endpoints.strict_reader import read_error


def test_an_error_says_what_when_and_whether() -> None:
    reply = OPENAI.render_error(errors.Overloaded("Busy.", retry_after=1.5), "id", param="model")
    assert (reply.status, read_error(reply.body)["param"]) == (429, "model")
    assert dict(reply.headers) == {b"retry-after": b"2", b"retry-after-ms": b"1500"}


def test_the_headers_that_every_reply_has() -> None:
    assert OPENAI.request_headers("f00d", "req_1", seconds=0.75) == [
        (b"x-request-id", b"f00d"),
        (b"openai-processing-ms", b"750"),
        (b"request-id", b"req_1"),
    ]
    assert dict(OPENAI.request_headers("f00d", "req_\u2603", seconds=0.0))[b"request-id"] == b"req_?"
    assert b"request-id" not in dict(OPENAI.request_headers("f00d", None, seconds=0.0))


NOW = 1_800_000_000.0  # 2027-01-15T08:00:00Z


def limits(**values: str) -> dict[str, str]:
    headers = {f"anthropic-ratelimit-{name.replace('_', '-')}": value for name, value in values.items()}
    return {name.decode(): value.decode() for name, value in OPENAI.rate_limit_headers(headers, NOW)}


def test_rate_limits_by_openais_names() -> None:
    assert limits(requests_limit="50", requests_remaining="49", tokens_limit="1000", tokens_remaining="0") == {
        "x-ratelimit-limit-requests": "50",
        "x-ratelimit-remaining-requests": "49",
        "x-ratelimit-limit-tokens": "1000",
        "x-ratelimit-remaining-tokens": "0",
    }
    assert limits(input_tokens_limit="7", output_tokens_limit="3", unified_status="allowed") == {
        "x-ratelimit-limit-tokens": "7"
    }


@pytest.mark.parametrize(
    ("moment", "duration"),
    [
        ("2027-01-15T08:00:01Z", "1s"),
        ("2027-01-15T08:00:01.25Z", "1.25s"),
        ("2027-01-15T08:06:00Z", "6m0s"),
        ("2027-01-15T10:00:59.9999+00:00", "2h1m0s"),
        ("2027-01-15T08:00:01", "1s"),
        ("2027-01-15T07:00:00Z", "0s"),
    ],
)
def test_moments_become_durations(moment: str, duration: str) -> None:
    assert limits(requests_reset=moment) == {"x-ratelimit-reset-requests": duration}


def test_a_moment_that_cannot_be_read_is_left_out() -> None:
    assert limits(requests_reset="soon") == {}
