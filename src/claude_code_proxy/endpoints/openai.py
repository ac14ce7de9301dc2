"""What OpenAI-shaped endpoints share: the error envelope, finish reasons and rate-limit headers.

https://platform.openai.com/docs/guides/error-codes
"""

import re
from datetime import datetime

import msgspec

from claude_code_proxy.errors import ProxyError, UpstreamRejected

_TYPES = {
    "authentication_error": ("authentication_error", "invalid_api_key"),
    "permission_error": ("permission_error", None),
    "not_found_error": ("invalid_request_error", "model_not_found"),
    "request_too_large": ("invalid_request_error", "request_too_large"),
    "rate_limit_error": ("rate_limit_error", "rate_limit_exceeded"),
    "billing_error": ("insufficient_quota", "insufficient_quota"),
    "overloaded_error": ("service_unavailable_error", "overloaded"),
    "timeout_error": ("timeout_error", "timeout"),
    "api_error": ("server_error", None),
    "conflict_error": ("invalid_request_error", "conflict"),
}
_TOO_LONG = re.compile(r"prompt is too long: (\d+) tokens? > (\d+) maximum")
_OUT_OF_MONEY = re.compile(
    r"credit balance is too low|specified API usage limits|out of extra usage|spend limit|usage limits", re.IGNORECASE
)
_SPEND_CODES = frozenset({"contract_spend_limit_reached", "enforced_spend_limit_reached"})
_OVERLOADED = 529


class ErrorReply(msgspec.Struct, frozen=True):
    """How an error reaches an OpenAI client: the status, the four fields of the envelope, and whether to try again."""

    status: int
    message: str
    type: str
    param: str | None
    code: str | None
    should_retry: bool | None
    retry_after: float | None


def to_error_reply(error: ProxyError) -> ErrorReply:
    kind, code = _TYPES.get(error.kind, ("invalid_request_error" if error.status < 500 else "server_error", None))
    status = 503 if error.status == _OVERLOADED else error.status
    reply = ErrorReply(
        status, error.message, kind, error.param, error.code or code, error.should_retry, error.retry_after
    )
    return _sharpened(reply, error) if isinstance(error, UpstreamRejected) else reply


def render_error(error: ProxyError) -> bytes:
    """The body: all four fields are always there."""
    reply = to_error_reply(error)
    envelope = {"message": reply.message, "type": reply.type, "param": reply.param, "code": reply.code}
    return msgspec.json.encode({"error": envelope})


def _sharpened(reply: ErrorReply, error: UpstreamRejected) -> ErrorReply:
    """What clients act on and the upstream says in words only: an overflow, an empty purse."""
    if found := _TOO_LONG.search(error.message):
        return msgspec.structs.replace(
            reply,
            status=400,
            message=f"This model's maximum context length is {found[2]} tokens. However, your messages resulted in "
            f"{found[1]} tokens. Please reduce the length of the messages.",
            type="invalid_request_error",
            param="messages",
            code="context_length_exceeded",
            should_retry=False,
        )
    spent = error.error_code in _SPEND_CODES or error.kind == "billing_error"
    if spent or (error.status in (400, 402, 429) and _OUT_OF_MONEY.search(error.message)):
        return msgspec.structs.replace(
            reply,
            status=429,
            type="insufficient_quota",
            code="insufficient_quota",
            should_retry=False,
            retry_after=None,
        )
    if error.status == 404 and not error.message.startswith("model"):
        return msgspec.structs.replace(reply, code=None)
    return reply


def rate_limit_headers(limits: dict[str, str], now: float) -> list[tuple[bytes, bytes]]:
    """`anthropic-ratelimit-*` -> `x-ratelimit-*`; times become durations from `now` (epoch seconds)."""
    headers = []
    for what in ("requests", "tokens"):
        for field in ("limit", "remaining", "reset"):
            value = limits.get(f"anthropic-ratelimit-{what}-{field}")
            if value and field == "reset":
                value = _until(value, now)
            if value:
                headers.append((f"x-ratelimit-{field}-{what}".encode(), value.encode()))
    return headers


def _until(moment: str, now: float) -> str | None:
    """An RFC 3339 time as a duration in OpenAI's form, such as `6m0s` or `1.2s`."""
    try:
        seconds = max(datetime.fromisoformat(moment).timestamp() - now, 0.0)
    except ValueError:
        return None
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    return (f"{hours}h" if hours else "") + (f"{minutes}m" if hours or minutes else "") + f"{round(rest, 3):g}s"
