"""The login file of Claude Code -> a login, or the reason why there is none.

The file is only read; Claude Code alone writes it. Reading is cheap enough for every request: the file is checked at
most once a second, and read again only when its inode, time or size has changed.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from claude_code_proxy.secret import Secret

CHECK_EVERY_SECONDS = 1.0
RUNTIME_NAME = ".credentials.json"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_MILLISECONDS = 100_000_000_000  # as seconds, this is the year 5138; as milliseconds, 1973


@dataclass(frozen=True, slots=True)
class StoredLogin:
    """A login that was found. `ends_at` is when it can no longer be renewed; both times are epoch seconds.

    `bearer_only` says why Claude Code itself would not accept the file; empty if it would.
    """

    token: Secret
    path: Path
    expires_at: float | None = None
    ends_at: float | None = None
    bearer_only: str = ""
    renewable: bool = False


@dataclass(frozen=True, slots=True)
class NoLogin:
    """The reason why there is no login, as a clause. `signed_out` means that there was one and it has ended."""

    reason: str
    signed_out: bool = False


class _OAuth(Struct, frozen=True, rename="camel"):
    access_token: str = ""
    refresh_token: str = ""
    expires_at: float | str | None = None
    refresh_token_expires_at: float | str | None = None
    scopes: tuple[str, ...] | None = None


class _Document(Struct, frozen=True):
    """Both forms of the file: the one that Claude Code writes, and a flat object as other tools write it."""

    oauth: _OAuth | None = msgspec.field(default=None, name="claudeAiOauth")
    access_token: str = ""
    token: str = ""
    expires_at: float | str | None = None


_decode = msgspec.json.Decoder(_Document).decode


@dataclass(frozen=True, slots=True)
class _Fingerprint:
    path: Path
    changed: int
    inode: int
    size: int


class LoginFile:
    """Reads the login from the first of `paths` that exists."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = tuple(paths)
        self._checked_at: float | None = None
        self._seen: _Fingerprint | None = None
        self._found: StoredLogin | NoLogin = self._absent()
        self.half_written = False  # the file cannot be read now, and the last login that was read still counts

    def read(self, now: float) -> StoredLogin | NoLogin:
        """Return the login at `now`, in epoch seconds. The file is checked at most once a second."""
        if self._checked_at is None or abs(now - self._checked_at) >= CHECK_EVERY_SECONDS:
            self._checked_at = now
            self._refresh()
        return self._found

    def read_now(self, now: float) -> StoredLogin | NoLogin:
        """Return the login at `now`, with a check of the file."""
        self._checked_at = None
        return self.read(now)

    def _refresh(self) -> None:
        seen = next(filter(None, map(_fingerprint, self._paths)), None)
        self.half_written = self.half_written and seen == self._seen
        if seen is None:
            self._seen, self._found = None, self._absent()
        elif seen != self._seen:
            self._seen = seen
            self._found = self._reread(seen.path)

    def _reread(self, path: Path) -> StoredLogin | NoLogin:
        try:
            return _login(path, path.read_bytes())
        except (OSError, ValueError) as error:
            # Most likely half written: the last login counts until the file is complete.
            if isinstance(self._found, StoredLogin) and self._found.path == path:
                self.half_written = True
                return self._found
            reason = error.strerror if isinstance(error, OSError) else "it is not the JSON of a login"
            return NoLogin(f"{path} cannot be read: {reason}")

    def _absent(self) -> NoLogin:
        places = {path.parent for path in self._paths} if len(self._paths) > 1 else self._paths
        return NoLogin(f"there is no login in {' or '.join(map(str, places)) or 'any place'}")


def _fingerprint(path: Path) -> _Fingerprint | None:
    try:
        status = os.stat(path)  # noqa: PTH116 - a third of the time of Path.stat
    except OSError:
        return None
    return _Fingerprint(path, status.st_mtime_ns, status.st_ino, status.st_size)


def _login(path: Path, content: bytes) -> StoredLogin | NoLogin:
    document = _decode(content.removeprefix(_BYTE_ORDER_MARK))
    oauth = document.oauth or _OAuth(document.access_token or document.token, expires_at=document.expires_at)
    if not oauth.access_token:
        return NoLogin(f"{path} is signed out (it holds no access token)", signed_out=True)
    if not oauth.access_token.isascii() or not oauth.access_token.isprintable():
        raise ValueError("characters that are not allowed in a header")
    return StoredLogin(
        Secret(oauth.access_token),
        path,
        _epoch(oauth.expires_at),
        _epoch(oauth.refresh_token_expires_at),
        bearer_only=_bearer_only_reason(path, content, oauth=document.oauth),
        renewable=bool(oauth.refresh_token),
    )


def _bearer_only_reason(path: Path, content: bytes, *, oauth: _OAuth | None) -> str:
    """Return why Claude Code would not accept the file; it reads only one name and one form."""
    if path.name != RUNTIME_NAME:
        return f"its file is not called {RUNTIME_NAME}"
    if content.startswith(_BYTE_ORDER_MARK):
        return "its file begins with a byte order mark"
    if oauth is None:
        return "it is not in the shape that Claude Code writes"
    if oauth.scopes is None:
        return "" if oauth.refresh_token else "it names no scopes"
    return "" if "user:inference" in oauth.scopes else "its scopes lack user:inference"


def _epoch(value: float | str | None) -> float | None:
    """Return epoch seconds for milliseconds, seconds or an ISO date; None if there is no time."""
    if value is None or value == "":
        return None
    try:
        number = float(value)
    except ValueError:
        return _epoch_of_date(str(value))
    return number / 1000 if number > _MILLISECONDS else number


def _epoch_of_date(value: str) -> float | None:
    try:
        date = datetime.fromisoformat(value)
    except ValueError:
        return None
    return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
