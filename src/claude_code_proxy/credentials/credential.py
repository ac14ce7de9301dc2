"""What authenticates the proxy upstream, as a value: its kind, its secret, where it came from, when it expires."""

from dataclasses import dataclass
from typing import Literal

from claude_code_proxy.secret import Secret


@dataclass(frozen=True, slots=True)
class Credential:
    """`api_key` goes in `x-api-key`; `bearer` and `login` are OAuth tokens. Times are in epoch seconds.

    `ends_at` is when a login can no longer be renewed.
    """

    kind: Literal["api_key", "bearer", "login"]
    secret: Secret
    origin: str
    expires_at: float | None = None
    ends_at: float | None = None
