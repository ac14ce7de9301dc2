"""Errors in OpenAI's envelope. More refusals stand in the fixtures."""

import pytest

from claude_code_proxy import errors
from claude_code_proxy.endpoints.openai.errors import render_error, to_openai_error
from tests.endpoints import recordings
from tests.endpoints.strict_reader import Json, read_error
from tests.rejections import rejected

ERRORS = recordings.messages_errors()
# What each recorded refusal becomes, where that is not simply its own status with the words kept.
BECOMES: dict[str, Json] = {
    "err-400-credit-balance": {"status": 429, "type": "insufficient_quota", "code": "insufficient_quota"},
    "err-529-overloaded": {"status": 503, "code": "overloaded"},
    "pydanticai-model-name-suggestion-anthropic": {
        "message": "The model `claude-sonet-4-5` does not exist or you do not have access to it.",
        "param": "model",
        "code": "model_not_found",
    },
}
TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "invalid_request_error",
    413: "invalid_request_error",
    429: "rate_limit_error",
    500: "server_error",
    529: "service_unavailable_error",
}
CODES = {401: "invalid_api_key", 413: "request_too_large", 429: "rate_limit_exceeded"}


@pytest.mark.parametrize("name", ERRORS)
def test_a_recorded_refusal_keeps_its_words_in_the_envelope(name: str) -> None:
    response = ERRORS[name]["response"]
    told, status = response["body"]["error"], response["status"]
    error = rejected(told["message"], status, told["type"])
    expected = {
        "status": status,
        "message": told["message"],
        "type": TYPES[status],
        "param": None,
        "code": CODES.get(status),
    } | BECOMES.get(name, {})
    reply = to_openai_error(error)
    assert {field: getattr(reply, field) for field in expected} == expected
    assert read_error(render_error(error)) == {field: expected[field] for field in ("message", "type", "param", "code")}


def test_every_exception_was_recorded() -> None:
    assert BECOMES.keys() <= ERRORS.keys()


@pytest.mark.parametrize(
    ("error", "status", "kind", "code"),
    [
        (errors.InvalidRequest("x", param="a.b", code="c"), 400, "invalid_request_error", "c"),
        (errors.InvalidRequest("x", status=404), 404, "invalid_request_error", None),
        (errors.Unauthenticated("x"), 401, "authentication_error", "invalid_api_key"),
        (errors.UpstreamUnavailable("x"), 503, "server_error", None),
        (errors.UpstreamTimeout("x"), 504, "timeout_error", "timeout"),
        (errors.UpstreamBroke("x"), 502, "server_error", None),
        (errors.Overloaded("x", retry_after=2), 429, "rate_limit_error", "rate_limit_exceeded"),
        (errors.Misconfigured("x"), 500, "server_error", None),
        (rejected("x", 403, "forbidden"), 403, "permission_error", None),
        (rejected("x", 418, "teapot_error"), 418, "invalid_request_error", None),
        (rejected("x", 599, "new_error"), 599, "server_error", None),
    ],
)
def test_every_kind_of_error_has_its_envelope(
    error: errors.ProxyError, status: int, kind: str, code: str | None
) -> None:
    reply = to_openai_error(error)
    assert (reply.status, reply.type, reply.code) == (status, kind, code)
    assert (reply.param, reply.retry_after, reply.should_retry) == (error.param, error.retry_after, error.should_retry)
    assert read_error(render_error(error))["message"] == "x"


def test_an_overflow_is_told_in_the_words_that_clients_read() -> None:
    reply = to_openai_error(rejected("prompt is too long: 210000 tokens > 200000 maximum"))
    assert reply.message == (
        "This model's maximum context length is 200000 tokens. However, your messages resulted in 210000 tokens. "
        "Please reduce the length of the messages."
    )
    assert (reply.status, reply.code, reply.should_retry) == (400, "context_length_exceeded", False)


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("messages.1: prompt is too long: 1 token > 0 maximum", "context_length_exceeded"),
        ("Prompt is too long", "context_length_exceeded"),
        ("input length exceeds the model's maximum context window", "context_length_exceeded"),
        ("messages.0.content.0.image.source.base64: the data is too long", None),
        ("metadata.user_id: String should have at most 256 characters", None),
    ],
)
def test_only_an_overflow_is_one(message: str, code: str | None) -> None:
    assert to_openai_error(rejected(message)).code == code


def test_the_field_that_the_exchange_names_is_the_param() -> None:
    assert to_openai_error(rejected("temperature: range: 0..1"), "temperature").param == "temperature"
    assert read_error(render_error(errors.InvalidRequest("No."), "stop"))["param"] == "stop"
    assert read_error(render_error(errors.InvalidRequest("No.", param="seed"), None))["param"] == "seed"


@pytest.mark.parametrize("status", [400, 402, 403, 429])
def test_an_empty_purse_is_not_worth_a_retry(status: int) -> None:
    headers = errors.RejectionHeaders(retry_after=5.0, should_retry=True)
    error = rejected("You have reached your specified API usage limits.", status, headers=headers)
    reply = to_openai_error(error)
    assert (reply.status, reply.code, reply.should_retry, reply.retry_after) == (429, "insufficient_quota", False, None)


def test_the_words_of_an_empty_purse_in_another_error_are_words() -> None:
    assert to_openai_error(rejected("spend limit service is down", 500, "api_error")).status == 500


def test_a_rate_limit_is_worth_one() -> None:
    headers = errors.RejectionHeaders(retry_after=5.0, should_retry=True)
    words = "This request would exceed your rate limit; see the page on rate limits."
    error = rejected(words, 429, "rate_limit_error", headers=headers)
    reply = to_openai_error(error)
    assert (reply.status, reply.code, reply.should_retry, reply.retry_after) == (429, "rate_limit_exceeded", True, 5.0)
