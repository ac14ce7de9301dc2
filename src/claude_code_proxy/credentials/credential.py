"""What authenticates us upstream, as a value: its kind, its secret, where it came from, until when it is good."""

from dataclasses import dataclass
from typing import Literal

from claude_code_proxy.secret import Secret


@dataclass(frozen=True, slots=True)
class Credential:
    """`api_key` goes in `x-api-key`; `bearer` and `login` are OAuth tokens. `expires_at` is in epoch seconds."""

    kind: Literal["api_key", "bearer", "login"]
    secret: Secret
    origin: str
    expires_at: float | None = None
