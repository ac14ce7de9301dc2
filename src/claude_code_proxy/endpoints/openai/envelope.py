"""The envelope of all OpenAI-shaped endpoints.

https://platform.openai.com/docs/guides/error-codes, https://platform.openai.com/docs/guides/rate-limits
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from claude_code_proxy.endpoints.envelope import Envelope, ErrorReply, Headers, retry_headers
from claude_code_proxy.endpoints.openai.errors import encode_error, to_openai_error
from claude_code_proxy.errors import ProxyError

# The limits of OpenAI's headers, each with the limits of Anthropic's that it is taken from, the best first.
_LIMITS = (("requests", ("requests",)), ("tokens", ("tokens", "input-tokens")))


def _render_error(error: ProxyError, request_id: str, *, param: str | None = None) -> ErrorReply:
    del request_id
    openai_error = to_openai_error(error, param)
    headers = retry_headers(openai_error.retry_after, should_retry=openai_error.should_retry)
    return ErrorReply(openai_error.status, encode_error(openai_error), headers)


def _request_headers(request_id: str, upstream_request_id: str | None, *, seconds: float) -> Headers:
    headers = [(b"x-request-id", request_id.encode()), (b"openai-processing-ms", b"%d" % (seconds * 1000))]
    if upstream_request_id:
        headers.append((b"request-id", upstream_request_id.encode("latin-1", "replace")))
    return headers


def _rate_limit_headers(limits: Mapping[str, str], now: float) -> Headers:
    """Return `x-ratelimit-*`; times become durations from `now`."""
    headers: Headers = []
    for name, sources in _LIMITS:
        for field in ("limit", "remaining", "reset"):
            values = (limits.get(f"anthropic-ratelimit-{source}-{field}") for source in sources)
            value = next(filter(None, values), None)
            if value and field == "reset":
                value = _until(value, now)
            if value:
                headers.append((f"x-ratelimit-{field}-{name}".encode(), value.encode()))
    return headers


def _until(moment: str, now: float) -> str | None:
    """Return an RFC 3339 time as a duration in OpenAI's form, such as `6m0s` or `1.2s`."""
    try:
        then = datetime.fromisoformat(moment)
    except ValueError:
        return None
    aware = then if then.tzinfo else then.replace(tzinfo=UTC)
    minutes, seconds = divmod(round(max(aware.timestamp() - now, 0.0), 3), 60)
    hours, minutes = divmod(int(minutes), 60)
    return (f"{hours}h" if hours else "") + (f"{minutes}m" if hours or minutes else "") + f"{round(seconds, 3):g}s"


OPENAI = Envelope(_render_error, _request_headers, _rate_limit_headers)
