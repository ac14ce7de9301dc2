"""Which credential is sent upstream, and how. Sources in order of precedence:

1. `ANTHROPIC_API_KEY`, as `x-api-key`.
2. `CLAUDE_ACCESS_TOKEN`, as a bearer token.
3. `CLAUDE_CODE_OAUTH_TOKEN`, a Claude Code login of its own.
4. The login file of Claude Code.

The last two are used through Claude Code itself or, with `CLAUDE_LOGIN_VIA=messages-api`, sent as a bearer token.
Values and the clock are passed in. Nothing is renewed here.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from claude_code_proxy.credentials.advice import explain
from claude_code_proxy.credentials.credential import Credential
from claude_code_proxy.credentials.login_file import LoginFile, NoLogin, StoredLogin
from claude_code_proxy.errors import Unauthenticated, UpstreamRejected
from claude_code_proxy.secret import Secret

REMEDIES = (
    "Set ANTHROPIC_API_KEY, CLAUDE_ACCESS_TOKEN or CLAUDE_CODE_OAUTH_TOKEN (from `claude setup-token`), or sign in "
    "with `claude auth login`"
)
SIGN_IN_AGAIN = "Sign in again with `claude auth login`, or set ANTHROPIC_API_KEY"
DIRECT = "CLAUDE_LOGIN_VIA=messages-api, which sends it to the Messages API as a bearer token"
WARN_SECONDS = 7 * 86_400  # before a sign-in ends


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether a request could be sent upstream now. `reason` names the credential or says why not, without a secret."""

    ok: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Runtime:
    """Whether Claude Code can serve a login. `missing` says why not, and what to do; it is empty if it can.

    `problem` returns what keeps the login from being renewed; empty if nothing does.
    """

    missing: str = ""
    problem: Callable[[], str] = str


class CredentialSource:
    """Finds the credential for each request.

    `explicit` are the credentials from settings, best first; `token` is `CLAUDE_CODE_OAUTH_TOKEN`. With `login_sent` a
    login is sent to the Messages API itself; otherwise `runtime` serves it.
    """

    def __init__(
        self,
        explicit: tuple[Credential, ...],
        login: LoginFile,
        *,
        token: Credential | None = None,
        login_sent: bool = False,
        runtime: Runtime = Runtime(),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._explicit = explicit
        self._login = login
        self._token = token
        self._login_sent = login_sent
        self.runtime = runtime
        self._clock = clock

    @property
    def through_claude_code(self) -> bool:
        """Return whether Claude Code serves the requests. It depends on the settings alone, so it never changes."""
        return not self._explicit and not self._login_sent

    @property
    def is_login(self) -> bool:
        """Return whether the credential in use is a login."""
        found = self._find()
        return isinstance(found, Credential) and found.kind == "login"

    @property
    def finds_login(self) -> bool:
        """Return whether there is a login, even one that cannot be used."""
        return self._token is not None or not isinstance(self._login.read(self._clock()), NoLogin)

    @property
    def renews(self) -> bool:
        """Return whether a login file is in use, which has to be renewed."""
        return not self._explicit and self._token is None

    def resolve(self) -> Credential:
        """Return the credential for a request that goes out now. Raise `Unauthenticated` if there is none."""
        found = self._find()
        if isinstance(found, NoLogin):
            raise Unauthenticated(found.reason)
        return found

    def explain(self, error: UpstreamRejected) -> UpstreamRejected:
        """Return a refusal of the credential that is sent with words that name it; any other refusal as it is."""
        found = self._find()
        return explain(error, found, renews=self.renews) if isinstance(found, Credential) else error

    def readiness(self) -> Readiness:
        """Return the readiness, for the start and for the readiness probe."""
        found = self._find()
        if isinstance(found, NoLogin):
            return Readiness(ok=False, reason=found.reason)
        return Readiness(ok=True, reason=_described(found, self._clock()))

    def _find(self) -> Credential | NoLogin:
        if self._explicit:
            return self._explicit[0]
        if self._token is not None:
            return self._if_served(self._token)
        login = self._login.read(self._clock())
        if isinstance(login, NoLogin):
            remedy = SIGN_IN_AGAIN if login.signed_out else REMEDIES
            return NoLogin(f"No credential for Claude: {login.reason}. {remedy}.")
        if self.through_claude_code and login.bearer_only:
            return NoLogin(
                f"The login in {login.path} is not one that Claude Code reads ({login.bearer_only}). Sign in to Claude "
                f"Code, or set {DIRECT}."
            )
        found = self._if_served(Credential("login", login.token, str(login.path), login.expires_at, login.ends_at))
        return found if isinstance(found, NoLogin) else self._if_valid(login, found)

    def _if_served(self, login: Credential) -> Credential | NoLogin:
        """Return the login, or why there is nobody to serve it."""
        if not self.through_claude_code or not self.runtime.missing:
            return login
        return NoLogin(
            f"A Claude Code login was found in {login.origin}, but Claude Code cannot serve it: "
            f"{self.runtime.missing}. Or set {DIRECT}, or set ANTHROPIC_API_KEY."
        )

    def _if_valid(self, login: StoredLogin, credential: Credential) -> Credential | NoLogin:
        """Return the credential, or why it cannot be used: it expired, and Claude Code cannot renew it."""
        now = self._clock()
        if login.expires_at is None or login.expires_at > now:
            return credential
        problem = self.runtime.problem()
        if self.through_claude_code and login.renewable and not problem:
            return credential
        return NoLogin(
            f"The Claude Code login in {login.path} expired at {_time_text(login.expires_at)}"
            + (f" and was not renewed: {problem}. " if problem else ". ")
            + "Start Claude Code once (`claude`) to renew it; the new token is used at once, without a restart."
        )


def explicit(
    api_key: Secret | None,
    access_token: Secret | None,
    *,
    origins: tuple[str, str] = ("ANTHROPIC_API_KEY", "CLAUDE_ACCESS_TOKEN"),
) -> tuple[Credential, ...]:
    """Return the credentials from settings, best first; `origins` are the names of these settings."""
    key = () if api_key is None else (Credential("api_key", api_key, origins[0]),)
    token = () if access_token is None else (Credential("bearer", access_token, origins[1]),)
    return key + token


def setup_token(token: Secret | None, origin: str = "CLAUDE_CODE_OAUTH_TOKEN") -> Credential | None:
    """Return the credential for a token from `claude setup-token`, which is valid for a year and never renewed."""
    return None if token is None else Credential("login", token, origin)


_NOUNS = {"api_key": "API key", "bearer": "access token", "login": "Claude Code login"}


def _described(credential: Credential, now: float) -> str:
    text = f"{_NOUNS[credential.kind]} from {credential.origin}"
    if credential.expires_at is not None:
        left = credential.expires_at - now
        text += f", valid for {span(left)}" if left > 0 else ", expired; Claude Code renews it"
    ending = ends_soon(credential, now)
    return f"{text}. {ending}" if ending else text


def ends_soon(credential: Credential, now: float) -> str:
    """Return a warning if the sign-in ends within a week; otherwise an empty string."""
    if credential.ends_at is None or credential.ends_at - now > WARN_SECONDS:
        return ""
    ending_text = f"ends in {span(credential.ends_at - now)}" if credential.ends_at > now else "has ended"
    return f"The sign-in itself {ending_text}: sign in again with `claude auth login`"


def _time_text(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M} UTC"


def span(seconds: float) -> str:
    """Return a duration as text, to the minute."""
    minutes = int(seconds // 60)
    days, hours = divmod(minutes // 60, 24)
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"
