"""An error of the proxy or the upstream -> an error of OpenAI's.

https://platform.openai.com/docs/guides/error-codes
"""

import msgspec

from claude_code_proxy.errors import Diagnosis, DiagnosisKind, ProxyError, UpstreamRejected
from claude_code_proxy.messages import kind_of

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
_OVERLOADED = 529


class OpenAIError(msgspec.Struct, frozen=True):
    """How an error reaches an OpenAI client: the status, the four fields of the envelope, and whether to try again."""

    status: int
    message: str
    type: str
    param: str | None
    code: str | None
    should_retry: bool | None
    retry_after: float | None


def to_openai_error(error: ProxyError, param: str | None = None) -> OpenAIError:
    """`param` is the client's field that the error is about."""
    kind, code = _TYPES.get(error.kind) or _TYPES.get(kind_of(error.status)) or _any_type(error.status)
    status = 503 if error.status == _OVERLOADED else error.status
    reply = OpenAIError(
        status, error.message, kind, param or error.param, error.code or code, error.should_retry, error.retry_after
    )
    return _sharpened(reply, error) if isinstance(error, UpstreamRejected) else reply


def render_error(error: ProxyError, param: str | None = None) -> bytes:
    return encode_error(to_openai_error(error, param))


def encode_error(error: OpenAIError) -> bytes:
    """Return the body of the reply: all four fields are always there."""
    envelope = {"message": error.message, "type": error.type, "param": error.param, "code": error.code}
    return msgspec.json.encode({"error": envelope})


def _any_type(status: int) -> tuple[str, str | None]:
    return ("invalid_request_error" if status < 500 else "server_error", None)


def _sharpened(reply: OpenAIError, error: UpstreamRejected) -> OpenAIError:
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
            named = f"The model `{diagnosis.model}` does not exist or you do not have access to it."
            message = named if diagnosis.model is not None else error.message
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
