"""The headers of replies."""

from claude_code_proxy.adjustment import Action, Adjustment
from claude_code_proxy.endpoints.envelope import ErrorReply
from claude_code_proxy.endpoints.openai.envelope import OPENAI
from claude_code_proxy.server.exchange.reply.headers import error_headers, stream_headers, whole_headers
from tests.server.doubles import record

LIMITS = {"anthropic-ratelimit-requests-limit": "50", "anthropic-ratelimit-requests-reset": "2026-11-22T12:00:30Z"}
NOON = 1795348800.0


REFUSAL = ErrorReply(429, b"{}", [(b"retry-after", b"1")])


def test_of_a_whole_answer() -> None:
    headers = whole_headers(record(), OPENAI, rate_limits={}, now=NOON)
    assert headers == [
        (b"content-type", b"application/json"),
        (b"x-request-id", b"f00d000000000001"),
        (b"openai-processing-ms", b"750"),
        (b"request-id", b"req_1"),
        (b"x-claude-proxy-cost-usd", b"0.00025500"),
    ]


def test_of_a_stream() -> None:
    headers = dict(stream_headers(record(), OPENAI, rate_limits={}, now=NOON))
    assert headers[b"content-type"] == b"text/event-stream; charset=utf-8"
    assert headers[b"cache-control"] == b"no-cache"
    assert headers[b"x-accel-buffering"] == b"no"
    assert b"x-claude-proxy-cost-usd" not in headers, "what it costs is not known yet"


def test_rate_limits_are_told_as_durations() -> None:
    for headers in (
        whole_headers(record(), OPENAI, rate_limits=LIMITS, now=NOON),
        stream_headers(record(), OPENAI, rate_limits=LIMITS, now=NOON),
        error_headers(record(), OPENAI, reply=REFUSAL, rate_limits=LIMITS, now=NOON),
    ):
        assert dict(headers)[b"x-ratelimit-limit-requests"] == b"50"
        assert dict(headers)[b"x-ratelimit-reset-requests"] == b"30s"


def test_an_error_has_its_own_headers_too() -> None:
    headers = dict(error_headers(record(), OPENAI, reply=REFUSAL, rate_limits={}, now=NOON))
    assert (headers[b"content-type"], headers[b"retry-after"]) == (b"application/json", b"1")


def test_adjustments_are_one_line_of_ascii() -> None:
    adjustments = (Adjustment("top_p", Action.DROPPED, "naïve\r\nx-evil: 1"), Adjustment("n", Action.IGNORED, "no"))
    headers = dict(whole_headers(record(adjustments=adjustments), OPENAI, rate_limits={}, now=NOON))
    told = headers[b"x-claude-proxy-adjustments"]
    assert told.startswith(b"top_p=dropped (na?ve??x-evil: 1); n=ignored (no)")


def test_what_else_the_reply_is_to_have() -> None:
    extra = ((b"vary", b"origin"),)
    for headers in (
        whole_headers(record(reply_headers=extra), OPENAI, rate_limits={}, now=NOON),
        stream_headers(record(reply_headers=extra), OPENAI, rate_limits={}, now=NOON),
        error_headers(record(reply_headers=extra), OPENAI, reply=REFUSAL, rate_limits={}, now=NOON),
    ):
        assert (b"vary", b"origin") in headers
