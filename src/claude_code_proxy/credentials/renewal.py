"""Keeps a login fresh. Claude Code renews it; this module decides when, and reads from the file whether it worked.

The login is checked at the start and every minute. An attempt is made when less than four minutes are left, since
Claude Code does nothing while there are five. There is one attempt at a time, shared by all callers.
"""

import asyncio
import logging
import os
import re
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from claude_code_proxy.credentials.credential import Credential
from claude_code_proxy.credentials.login_file import LoginFile, NoLogin, StoredLogin
from claude_code_proxy.credentials.renewal_process import LaunchProcess, RenewalProcess

CHECK_SECONDS = 60.0
RENEW_SECONDS = 240.0  # left, from which on a login is renewed
NEEDED_SECONDS = 300.0  # left, below which Claude Code renews it if it is made to
ATTEMPT_SECONDS = 45.0  # for one attempt; Claude Code itself gives its own request 30
POLL_SECONDS = 0.2
MOST_ATTEMPTS = 3
BACK_OFF_SECONDS = 60.0  # after a failure; Claude Code takes that long to give up a lock that was left behind
_log = logging.getLogger(__name__)
_MOUNTS = Path("/proc/self/mountinfo")
_OCTAL = re.compile(rb"\\([0-7]{3})")
_REMEDY = "mount the whole directory, writable"


def renewal_blocker(path: Path, mounts: bytes | None = None) -> str:
    """Return why the login file may not be renewed where it is, and what to do; empty if it may be.

    A renewal that cannot be written down loses the login for good. `mounts` has the form of Linux's mountinfo.
    """
    directory = path.parent
    if path.is_symlink():
        return f"{path} is a symbolic link, which Claude Code would replace: keep the file itself there"
    if path in _mount_points(mounts):
        return f"{path} is mounted as a single file: {_REMEDY}"
    if not os.access(directory, os.W_OK | os.X_OK):
        return f"{directory} cannot be written: {_REMEDY}"
    return ""


def _mount_points(mounts: bytes | None) -> set[Path]:
    if mounts is None:
        try:
            mounts = _MOUNTS.read_bytes()
        except OSError:
            return set()
    fields = (line.split(b" ") for line in mounts.splitlines())
    return {Path(os.fsdecode(_OCTAL.sub(_byte, field[4]))) for field in fields if len(field) > 4}


def _byte(found: re.Match[bytes]) -> bytes:
    return bytes([int(found[1], 8)])


class Renewal:
    """Renews one login file. `launch` starts a session of Claude Code; None if there is none. `renewed` is a count."""

    def __init__(
        self,
        login: LoginFile,
        launch: LaunchProcess | None,
        *,
        blocker: Callable[[Path], str] = renewal_blocker,
        clock: Callable[[], float] = time.time,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._login = login
        self._launch = launch
        self._blocker = blocker
        self._clock = clock
        self._pause = pause
        self._attempt: asyncio.Task[bool] | None = None
        self._failures = 0
        self._blocked_until = 0.0
        self._problem = ""
        self._failed_with: StoredLogin | NoLogin | None = None
        self.renewed = 0

    def problem(self) -> str:
        """Return what keeps the login from being renewed; empty once there is another login."""
        self._reset_after_new_login()
        return self._problem

    async def keep(self) -> None:
        """Check and renew the login until this is cancelled."""
        while True:
            if self.seconds_left() < RENEW_SECONDS:
                await self.renew()
            await self._pause(CHECK_SECONDS)

    def seconds_left(self) -> float:
        """Return the seconds until the login expires; infinity if it never does, or cannot be renewed."""
        now = self._clock()
        login = self._login.read(now)
        if isinstance(login, NoLogin) or login.expires_at is None or not login.renewable or login.bearer_only:
            return float("inf")
        return login.expires_at - now

    async def fresh(self) -> bool:
        """Renew a login that has less than five minutes left; return whether it is valid afterwards."""
        return self.seconds_left() >= NEEDED_SECONDS or await self.renew()

    def half_written(self) -> bool:
        """Return whether the login's file cannot be read at this moment."""
        self._login.read_now(self._clock())
        return self._login.half_written

    async def after_refusal(self, refused: Credential) -> bool:
        """Return whether there is now another login than the refused one; renew it if that is possible.

        It is not possible with five minutes left or more: then Claude Code renews only what the service refuses to it.
        """
        login = self._login.read_now(self._clock())
        if isinstance(login, NoLogin) or str(login.path) != refused.origin:
            return False
        return login.token != refused.secret or (self.seconds_left() < NEEDED_SECONDS and await self.renew())

    async def renew(self) -> bool:
        """Make one attempt, shared by all callers meanwhile; after a failure there is a pause, after three no more."""
        self._reset_after_new_login()
        if self._attempt is None:
            if self._clock() < self._blocked_until or self._failures >= MOST_ATTEMPTS:
                return False
            self._attempt = asyncio.create_task(self._try())
            self._attempt.add_done_callback(self._forget)
        return await asyncio.shield(self._attempt)

    async def close(self) -> None:
        """Wait for a running attempt: interrupting it could lose the login."""
        if self._attempt is not None:
            await asyncio.wait((self._attempt,))

    def _reset_after_new_login(self) -> None:
        if self._failures and self._login.read(self._clock()) != self._failed_with:
            self._problem, self._failures, self._blocked_until = "", 0, 0.0

    def _forget(self, attempt: asyncio.Task[bool]) -> None:
        self._attempt = None
        if not attempt.cancelled() and attempt.exception() is not None:
            self._fail("the attempt failed")

    async def _try(self) -> bool:
        login = self._login.read_now(self._clock())
        if isinstance(login, NoLogin):
            return False
        refusal = self._blocker(login.path) or ("" if self._launch else "Claude Code is not installed here")
        if refusal or self._launch is None:
            self._fail(refusal)
            return False
        try:
            process = await self._launch(login.path.parent)
        except OSError as error:
            self._fail(f"Claude Code cannot be started: {error.strerror}")
            return False
        try:
            done = await self._watch(login, process)
        finally:
            await process.finish()
        return self._conclude(login, done=done or self._is_newer(login))

    async def _watch(self, before: StoredLogin, process: RenewalProcess) -> bool:
        """Return whether a newer login appeared in time. A session that has ended by itself brings none."""
        until = self._clock() + ATTEMPT_SECONDS
        while self._clock() < until and not process.ended:
            await self._pause(POLL_SECONDS)
            if self._is_newer(before):
                return True
            if isinstance(self._login.read_now(self._clock()), NoLogin):
                return False
        return False

    def _is_newer(self, before: StoredLogin) -> bool:
        found = self._login.read_now(self._clock())
        if isinstance(found, NoLogin) or found.expires_at is None or found.expires_at <= self._clock():
            return False
        return before.expires_at is None or found.expires_at > before.expires_at

    def _conclude(self, before: StoredLogin, *, done: bool) -> bool:
        now = self._login.read(self._clock())
        if done:
            self._problem, self._failures = "", 0
            self.renewed += 1
            _log.info("the Claude Code login was renewed")
        elif isinstance(now, NoLogin) and now.signed_out:
            self._fail(f"{before.path} is signed out: sign in again with `claude auth login`")
        else:
            self._fail("Claude Code wrote no new token in time")
        return done

    def _fail(self, reason: str) -> None:
        self._failures += 1
        self._failed_with = self._login.read(self._clock())
        self._blocked_until = self._clock() + BACK_OFF_SECONDS * self._failures
        last = self._failures >= MOST_ATTEMPTS
        self._problem = f"{reason} (tried {self._failures} times)" if last else reason
        (_log.error if last else _log.warning)("the Claude Code login was not renewed: %s", self._problem)
