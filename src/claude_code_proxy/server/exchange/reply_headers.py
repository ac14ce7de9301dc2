"""The headers of a reply: what an OpenAI client looks for, and what the proxy has to say of itself."""

import math
from collections.abc import Sequence

from claude_code_proxy.adjustment import Adjustment, render_header
from claude_code_proxy.endpoints.openai.errors import ErrorReply, rate_limit_headers
from claude_code_proxy.server.exchange.record import Record

Headers = list[tuple[bytes, bytes]]
JSON = (b"content-type", b"application/json")
_STREAM: Headers = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),
]


def whole_headers(record: Record, *, rate_limits: dict[str, str], now: float) -> Headers:
    """`now` in epoch seconds."""
    headers = [JSON, *_common(record)]
    if record.cost is not None:
        headers.append((b"x-claude-proxy-cost-usd", f"{record.cost:.8f}".encode()))
    if rate_limits:
        headers += rate_limit_headers(rate_limits, now)
    return headers


def stream_headers(record: Record, *, rate_limits: dict[str, str], now: float) -> Headers:
    headers = [*_STREAM, *_common(record)]
    if rate_limits:
        headers += rate_limit_headers(rate_limits, now)
    return headers


def error_headers(record: Record, reply: ErrorReply, *, rate_limits: dict[str, str], now: float) -> Headers:
    """`retry-after` in whole seconds, at least one, beside its precise form."""
    headers = [JSON, *_common(record)]
    if reply.retry_after is not None:
        headers.append((b"retry-after", b"%d" % max(1, math.ceil(reply.retry_after))))
        headers.append((b"retry-after-ms", b"%d" % math.ceil(reply.retry_after * 1000)))
    if reply.should_retry is not None:
        headers.append((b"x-should-retry", b"true" if reply.should_retry else b"false"))
    if rate_limits:
        headers += rate_limit_headers(rate_limits, now)
    return headers


def _common(record: Record) -> Headers:
    headers = [(b"x-request-id", record.id.encode()), (b"openai-processing-ms", b"%d" % (record.duration * 1000))]
    if record.upstream_request_id:
        headers.append((b"request-id", record.upstream_request_id.encode("latin-1", "replace")))
    if record.adjustments:
        headers.append((b"x-claude-proxy-adjustments", _adjustments(record.adjustments)))
    if record.reply_headers:
        headers += record.reply_headers
    return headers


def _adjustments(adjustments: Sequence[Adjustment]) -> bytes:
    return render_header(adjustments).encode()
