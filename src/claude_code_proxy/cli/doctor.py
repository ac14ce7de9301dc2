"""`doctor`: check everything that the proxy needs, and say for each failure what to do.

The exit code is 0 only if every check passes. `--json` prints JSON; `--call` also asks a model. No secret is printed.
"""

import asyncio
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from claude_code_proxy import simulator
from claude_code_proxy.cli.loop import run_loop
from claude_code_proxy.cli.serve import with_simulation
from claude_code_proxy.cli.standard_output import report
from claude_code_proxy.cli.upstream_checks import Check, model_answers, screen, upstream
from claude_code_proxy.credentials.advice import wrong_shape
from claude_code_proxy.credentials.chain import CredentialSource, ends_soon
from claude_code_proxy.credentials.claude_command import EXTRA, find_claude, has_sdk
from claude_code_proxy.credentials.credential import Credential
from claude_code_proxy.credentials.login_file import LoginFile, StoredLogin
from claude_code_proxy.credentials.renewal import renewal_blocker
from claude_code_proxy.server.login_service import LoginService
from claude_code_proxy.settings import Settings


def run(settings: Settings, *, json: str | None = None, call: str | None = None) -> int:
    checks = run_loop(examine(settings, call=call is not None))
    report(msgspec.json.encode(checks).decode() if json is not None else screen(checks))
    return 0 if all(check.ok for check in checks) else 1


async def examine(settings: Settings, *, call: bool = False) -> list[Check]:
    if settings.upstream == "simulated":
        return await _examine_simulation(settings, call=call)
    source = LoginService(settings).credentials
    checks = [credential(source)]
    if source.renews:
        checks += login_file(settings.login_paths(), time.time())
    if source.through_claude_code and (source.finds_login or has_sdk()):
        checks += await asyncio.to_thread(runtime)
    checks += await upstream(settings, source)
    if call:
        checks.append(await model_answers(settings))
    return checks


async def _examine_simulation(settings: Settings, *, call: bool) -> list[Check]:
    """Check a simulation of its own, like that of a server with this upstream."""
    simulation = await simulator.serve()
    try:
        used = with_simulation(settings, simulation.url)
        source = LoginService(used).credentials
        checks = [Check("credential", ok=True, found="none needed"), *await upstream(used, source)]
        return [*checks, await model_answers(used)] if call else checks
    finally:
        await simulation.close()


def credential(source: CredentialSource) -> Check:
    readiness = source.readiness()
    wrong = wrong_shape(source.resolve()) if readiness.ok else ""
    if wrong:
        return Check("credential", ok=False, found=readiness.reason, do=wrong)
    if readiness.ok:
        return Check("credential", ok=True, found=readiness.reason)
    return Check("credential", ok=False, found=readiness.reason, do=_how_to_get_one(source))


def _how_to_get_one(source: CredentialSource) -> str:
    """Return how to get a credential, with the Claude Code that is installed."""
    command = find_claude()
    if source.through_claude_code and source.runtime.missing and source.finds_login:
        return EXTRA
    if command is None:
        return f"set ANTHROPIC_API_KEY; or, to use a Claude plan: {EXTRA}, and ask again"
    return f"set ANTHROPIC_API_KEY; or, to use a Claude plan: {_sign_in(command)}"


def _sign_in(command: Path) -> str:
    name = "claude" if shutil.which("claude") else str(command)
    return f"`{name} auth login`; without a browser `{name} setup-token`, and CLAUDE_CODE_OAUTH_TOKEN"


def login_file(paths: Sequence[Path], now: float) -> list[Check]:
    """Check its mode and whether it can be renewed in place; no checks without a file, which `credential` reports."""
    path = next((path for path in paths if path.exists()), None)
    login = LoginFile(paths).read(now)
    if path is None or not isinstance(login, StoredLogin):
        return []
    mode = path.stat().st_mode & 0o777
    private = mode & 0o077 == 0
    reason = renewal_blocker(path)
    ending = ends_soon(_as_credential(login), now)
    return [
        Check("login file mode", private, f"{mode:04o} {path}", "" if private else f"chmod 600 {path}"),
        Check("login file place", not reason, reason or f"{path.parent} can be written", reason.rpartition(": ")[2]),
        Check("sign-in", not ending, ending or "does not end within a week", "`claude auth login`" if ending else ""),
    ]


def runtime() -> list[Check]:
    sdk = Check("agent sdk", has_sdk(), "installed" if has_sdk() else "not installed", "" if has_sdk() else EXTRA)
    return [sdk, claude_code(find_claude())]


def claude_code(command: Path | None, *, seconds: float = 30.0) -> Check:
    """Check that the command exists and prints its version within `seconds`."""
    if command is None:
        return Check("claude code", ok=False, found="not installed", do=EXTRA)
    try:
        version = _version(command, seconds)
    except (OSError, subprocess.TimeoutExpired) as error:
        reason = error.strerror if isinstance(error, OSError) else f"no answer within {seconds:g} s"
        found = f"{command} cannot be run: {reason}"
        return Check("claude code", ok=False, found=found, do=f"see what `{command} --version` says, or reinstall it")
    return Check("claude code", ok=True, found=f"{version} {command}")


def _version(command: Path, seconds: float) -> str:
    """Return the version that the command prints. Raise `OSError` or `TimeoutExpired`."""
    ended = subprocess.run([command, "--version"], capture_output=True, timeout=seconds, check=False)  # noqa: S603
    return ended.stdout.decode(errors="replace").strip() or "version unknown"


def _as_credential(login: StoredLogin) -> Credential:
    return Credential("login", login.token, str(login.path), login.expires_at, login.ends_at)
