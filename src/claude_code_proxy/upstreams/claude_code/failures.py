"""A failure that Claude Code reports -> a `ProxyError`.

Claude Code wraps the service's message: "API Error: 529 Overloaded. …". The message is kept; the status and the type
of the error are read from it.
"""

import re

from msgspec import Struct

from claude_code_proxy import messages
from claude_code_proxy.credentials.advice import CODE
from claude_code_proxy.errors import ProxyError, RejectionHeaders, UpstreamBroke, UpstreamRejected
from claude_code_proxy.upstreams.diagnosis import diagnose

_API_ERROR = re.compile(r"API Error: (?:(\d{3}) )?(.*)$", re.DOTALL)
_STATUS = {
    "authentication_failed": 401,
    "oauth_org_not_allowed": 403,
    "billing_error": 402,
    "rate_limit": 429,
    "overloaded": 529,
    "invalid_request": 400,
    "model_not_found": 404,
    "server_error": 500,
}
SIGN_IN = "Sign in again with `claude auth login`; the new login is used at once, without a restart."

BEGIN_ANEW = (
    "This conversation was replayed into a process that cannot renew the login. Start a new conversation to renew it."
)
HALF_WRITTEN = "The login's file cannot be read at this moment; it is probably being written. Try again."


class Failure(Struct, frozen=True):
    """One failure. `kind` is Claude Code's name for it, `status` the service's; `resets_at` is in epoch seconds."""

    text: str
    kind: str = "unknown"
    status: int | None = None
    resets_at: float | None = None


def to_error(failure: Failure, now: float) -> ProxyError:
    found = _API_ERROR.search(failure.text)
    stated = int(found[1]) if found and found[1] else None
    status = stated or failure.status or _STATUS.get(failure.kind)
    text = (found[2] if found else failure.text).strip() or "Claude Code could not get an answer."
    if status is None:
        return UpstreamBroke(f"Claude Code gave no answer: {text}")
    if status == 401:
        text = f"{text.rstrip('.')}. {SIGN_IN}"
    kind = messages.kind_of(status)
    wait = max(failure.resets_at - now, 0.0) if failure.resets_at is not None and status == 429 else None
    error = UpstreamRejected(
        text,
        status=status,
        kind=kind,
        diagnosis=diagnose(text, status=status, kind=kind),
        headers=RejectionHeaders(retry_after=wait),
    )
    return error.replace(code=CODE) if status == 401 else error
