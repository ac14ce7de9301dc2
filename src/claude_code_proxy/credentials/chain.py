"""Which credential goes upstream. In this order:

1. `ANTHROPIC_API_KEY`, as `x-api-key`.
2. `CLAUDE_ACCESS_TOKEN`, as a bearer token.
3. The login file of Claude Code, as a bearer token too, but only when the owner chose `CLAUDE_LOGIN_VIA=messages-api`.

Values and the clock are passed in. Nothing is renewed here: an expired login is told, not sent.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from claude_code_proxy.credentials.credential import Credential
from claude_code_proxy.credentials.login_file import Login, LoginFile, NoLogin
from claude_code_proxy.errors import Unauthenticated
from claude_code_proxy.secret import Secret

WAYS = (
    "Set ANTHROPIC_API_KEY (an API key), or CLAUDE_ACCESS_TOKEN (an OAuth token), or sign in to Claude Code and set "
    "CLAUDE_LOGIN_VIA=messages-api"
)


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether a request could go upstream now; `reason` says with what, or why not. Never holds a secret."""

    ok: bool
    reason: str


class CredentialSource:
    """`explicit` are the credentials given by name, best first; `login_sent` is the owner's word to send the login."""

    def __init__(
        self,
        explicit: tuple[Credential, ...],
        login: LoginFile,
        *,
        login_sent: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._explicit = explicit
        self._login = login
        self._login_sent = login_sent
        self._clock = clock

    def resolve(self) -> Credential:
        """The credential for a request that goes out now; raises `Unauthenticated` when there is none."""
        if self._explicit:
            return self._explicit[0]
        found = self._find()
        if isinstance(found, NoLogin):
            raise Unauthenticated(found.reason)
        return found

    def readiness(self) -> Readiness:
        """For the start and for the readiness probe."""
        found = self._explicit[0] if self._explicit else self._find()
        if isinstance(found, NoLogin):
            return Readiness(ok=False, reason=found.reason)
        return Readiness(ok=True, reason=_described(found, self._clock()))

    def _find(self) -> Credential | NoLogin:
        now = self._clock()
        login = self._login.read(now)
        if isinstance(login, NoLogin):
            return NoLogin(f"No credential for Claude: {login.reason}. {WAYS}.")
        if not self._login_sent:
            return NoLogin(
                f"A Claude Code login was found in {login.path}, but it would go through Claude Code itself, which is "
                "not supported yet. Set CLAUDE_LOGIN_VIA=messages-api to send it to the Messages API as a bearer "
                "token, or set ANTHROPIC_API_KEY."
            )
        if login.expires_at is not None and login.expires_at <= now:
            return NoLogin(
                f"The Claude Code login in {login.path} expired at {_when(login.expires_at)}. Start Claude Code once "
                "(`claude`) to renew it; the new token is used at once, without a restart."
            )
        return _credential(login)


def explicit(
    api_key: Secret | None,
    access_token: Secret | None,
    *,
    origins: tuple[str, str] = ("ANTHROPIC_API_KEY", "CLAUDE_ACCESS_TOKEN"),
) -> tuple[Credential, ...]:
    """The credentials that were given by name, best first; `origins` says where each stood."""
    key = () if api_key is None else (Credential("api_key", api_key, origins[0]),)
    token = () if access_token is None else (Credential("bearer", access_token, origins[1]),)
    return key + token


def _credential(login: Login) -> Credential:
    return Credential("login", login.token, str(login.path), login.expires_at)


_NOUNS = {"api_key": "API key", "bearer": "access token", "login": "Claude Code login"}


def _described(credential: Credential, now: float) -> str:
    left = "" if credential.expires_at is None else f", valid for {_span(credential.expires_at - now)}"
    return f"{_NOUNS[credential.kind]} from {credential.origin}{left}"


def _when(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M} UTC"


def _span(seconds: float) -> str:
    minutes = int(seconds // 60)
    days, hours = divmod(minutes // 60, 24)
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"
