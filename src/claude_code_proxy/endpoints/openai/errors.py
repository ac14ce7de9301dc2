"""What OpenAI-shaped endpoints share on the way back: the error envelope and the rate-limit headers.

https://platform.openai.com/docs/guides/error-codes
"""

from datetime import UTC, datetime

import msgspec

from claude_code_proxy.errors import Diagnosis, DiagnosisKind, ProxyError, UpstreamRejected

_TYPES = {
    "authentication_error": ("authentication_error", "invalid_api_key"),
    "permission_error": ("permission_error", None),
    "not_found_error": ("invalid_request_error", None),
    "request_too_large": ("invalid_request_error", "request_too_large"),
    "rate_limit_error": ("rate_limit_error", "rate_limit_exceeded"),
    "billing_error": ("insufficient_quota", "insufficient_quota"),
    "overloaded_error": ("service_unavailable_error", "overloaded"),
    "timeout_error": ("timeout_error", "timeout"),
    "api_error": ("server_error", None),
    "conflict_error": ("invalid_request_error", "conflict"),
}
_BY_STATUS = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
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


def to_error_reply(error: ProxyError, param: str | None = None) -> ErrorReply:
    """`param` is the client's field that the error is about."""
    kind, code = _TYPES.get(error.kind) or _TYPES.get(_BY_STATUS.get(error.status, "")) or _any_type(error.status)
    status = 503 if error.status == _OVERLOADED else error.status
    reply = ErrorReply(
        status, error.message, kind, param or error.param, error.code or code, error.should_retry, error.retry_after
    )
    return _sharpened(reply, error) if isinstance(error, UpstreamRejected) else reply


def render_error(error: ProxyError, param: str | None = None) -> bytes:
    """The body: all four fields are always there."""
    reply = to_error_reply(error, param)
    envelope = {"message": reply.message, "type": reply.type, "param": reply.param, "code": reply.code}
    return msgspec.json.encode({"error": envelope})


def _any_type(status: int) -> tuple[str, str | None]:
    return ("invalid_request_error" if status < 500 else "server_error", None)


def _sharpened(reply: ErrorReply, error: UpstreamRejected) -> ErrorReply:
    """Return the reply with the code that clients act on where the status and the type alone do not say it."""
    diagnosis = error.diagnosis
    match diagnosis.kind:
        case DiagnosisKind.CONTEXT_OVERFLOW:
            return msgspec.structs.replace(
                reply,
                status=400,
                message=_overflow(diagnosis) or error.message,
                type="invalid_request_error",
                param="messages",
                code="context_length_exceeded",
                should_retry=False,
            )
        case DiagnosisKind.OUT_OF_MONEY:
            return msgspec.structs.replace(
                reply,
                status=429,
                type="insufficient_quota",
                code="insufficient_quota",
                should_retry=False,
                retry_after=None,
            )
        case DiagnosisKind.UNKNOWN_MODEL if error.code is None:
            message = f"The model `{diagnosis.model}` does not exist or you do not have access to it."
            return msgspec.structs.replace(reply, message=message, param="model", code="model_not_found")
        case DiagnosisKind.CONTENT_FILTERED:
            return msgspec.structs.replace(reply, code="content_filter", should_retry=False)
        case _:
            return reply


def _overflow(diagnosis: Diagnosis) -> str | None:
    """Return the text by which clients recognise an overflow; None if its numbers are not known."""
    if diagnosis.window is None:
        return None
    return (
        f"This model's maximum context length is {diagnosis.window} tokens. However, your messages resulted in "
        f"{diagnosis.tokens} tokens. Please reduce the length of the messages."
    )


_LIMITED = (("requests", ("requests",)), ("tokens", ("tokens", "input-tokens")))


def rate_limit_headers(limits: dict[str, str], now: float) -> list[tuple[bytes, bytes]]:
    """`anthropic-ratelimit-*` -> `x-ratelimit-*`; times become durations from `now` (epoch seconds)."""
    headers = []
    for what, sources in _LIMITED:
        for field in ("limit", "remaining", "reset"):
            told = (limits.get(f"anthropic-ratelimit-{source}-{field}") for source in sources)
            value = next(filter(None, told), None)
            if value and field == "reset":
                value = _until(value, now)
            if value:
                headers.append((f"x-ratelimit-{field}-{what}".encode(), value.encode()))
    return headers


def _until(moment: str, now: float) -> str | None:
    """An RFC 3339 time as a duration in OpenAI's form, such as `6m0s` or `1.2s`."""
    try:
        then = datetime.fromisoformat(moment)
    except ValueError:
        return None
    aware = then if then.tzinfo else then.replace(tzinfo=UTC)
    minutes, seconds = divmod(round(max(aware.timestamp() - now, 0.0), 3), 60)
    hours, minutes = divmod(int(minutes), 60)
    return (f"{hours}h" if hours else "") + (f"{minutes}m" if hours or minutes else "") + f"{round(seconds, 3):g}s"
