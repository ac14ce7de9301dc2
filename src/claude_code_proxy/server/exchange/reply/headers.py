"""The headers of a reply: what the endpoint's clients look for, and what the proxy has to say of itself."""

from claude_code_proxy.adjustment import render_header
from claude_code_proxy.endpoints.envelope import Envelope, ErrorReply, Headers
from claude_code_proxy.server.exchange.record import Record

JSON = (b"content-type", b"application/json")
EVENT_STREAM: Headers = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),
]


def whole_headers(record: Record, envelope: Envelope, *, rate_limits: dict[str, str], now: float) -> Headers:
    """`now` in epoch seconds."""
    headers = [JSON, *_common(record, envelope)]
    if record.cost is not None:
        headers.append((b"x-claude-proxy-cost-usd", f"{record.cost:.8f}".encode()))
    if rate_limits:
        headers += envelope.rate_limit_headers(rate_limits, now)
    return headers


def stream_headers(record: Record, envelope: Envelope, *, rate_limits: dict[str, str], now: float) -> Headers:
    headers = [*EVENT_STREAM, *_common(record, envelope)]
    if rate_limits:
        headers += envelope.rate_limit_headers(rate_limits, now)
    return headers


def error_headers(
    record: Record, envelope: Envelope, *, reply: ErrorReply, rate_limits: dict[str, str], now: float
) -> Headers:
    headers = [JSON, *_common(record, envelope), *reply.headers]
    if rate_limits:
        headers += envelope.rate_limit_headers(rate_limits, now)
    return headers


def _common(record: Record, envelope: Envelope) -> Headers:
    headers = envelope.request_headers(record.id, record.upstream_request_id, seconds=record.duration)
    if record.adjustments:
        headers.append((b"x-claude-proxy-adjustments", render_header(record.adjustments).encode()))
    if record.reply_headers:
        headers += record.reply_headers
    return headers
