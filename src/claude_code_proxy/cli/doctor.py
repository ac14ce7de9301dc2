"""`doctor`: check everything that the proxy needs, and say for each failure what to do.

The exit code is 0 only if every check passes. `--json` prints JSON; `--call` also asks a model. No secret is printed.
"""

import asyncio
import shutil
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from email.utils import parsedate_to_datetime
from pathlib import Path

import msgspec

from claude_code_proxy import messages, simulator
from claude_code_proxy.cli.loop import run_loop
from claude_code_proxy.cli.serve import with_simulation
from claude_code_proxy.credentials.chain import CredentialSource, ends_soon
from claude_code_proxy.credentials.claude_command import EXTRA, find_claude, has_sdk
from claude_code_proxy.credentials.credential import Credential
from claude_code_proxy.credentials.login_file import LoginFile, StoredLogin
from claude_code_proxy.credentials.renewal_blocker import renewal_blocker
from claude_code_proxy.errors import ProxyError
from claude_code_proxy.server.assembly import Assembly, make_transport
from claude_code_proxy.server.login_service import LoginService
from claude_code_proxy.settings import Settings
from claude_code_proxy.upstreams.upstream import Call

SKEW_SECONDS = 60.0
_SECONDS = 60.0


class Check(msgspec.Struct, frozen=True):
    """One check: its name, whether it passed, what was found, and what to do if it failed."""

    check: str
    ok: bool
    found: str
    do: str = ""


def run(settings: Settings, *, json: str | None = None, call: str | None = None) -> int:
    checks = run_loop(examine(settings, call=call is not None))
    print(msgspec.json.encode(checks).decode() if json is not None else screen(checks))
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
    checks += await upstream(settings)
    if call:
        checks.append(await model_answers(settings))
    return checks


async def _examine_simulation(settings: Settings, *, call: bool) -> list[Check]:
    """Check a simulation of its own, like that of a server with this upstream."""
    simulation = await simulator.serve()
    try:
        used = with_simulation(settings, simulation.url)
        checks = [Check("credential", ok=True, found="none needed"), *await upstream(used)]
        return [*checks, await model_answers(used)] if call else checks
    finally:
        await simulation.close()


def screen(checks: Sequence[Check]) -> str:
    """Return the checks as text for people."""
    width = max(len(check.check) for check in checks)
    lines: list[str] = []
    for check in checks:
        lines.append(f"{'ok  ' if check.ok else 'FAIL'}  {check.check:{width}}  {check.found}")
        if check.do:
            lines.append(f"{'':{width + 6}}  → {check.do}")
    return "\n".join(lines)


def credential(source: CredentialSource) -> Check:
    readiness = source.readiness()
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
    why = renewal_blocker(path)
    ending = ends_soon(_as_credential(login), now)
    return [
        Check("login file mode", private, f"{mode:04o} {path}", "" if private else f"chmod 600 {path}"),
        Check("login file place", not why, why or f"{path.parent} can be written", why.rpartition(": ")[2]),
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
        why = error.strerror if isinstance(error, OSError) else f"no answer within {seconds:g} s"
        found = f"{command} cannot be run: {why}"
        return Check("claude code", ok=False, found=found, do=f"see what `{command} --version` says, or reinstall it")
    return Check("claude code", ok=True, found=f"{version} {command}")


async def upstream(settings: Settings) -> list[Check]:
    """Check that it can be reached, and that its clock agrees with ours, since tokens expire by the clock."""
    base = settings.anthropic_api_base
    transport = make_transport(settings, 1)
    try:
        response = await transport.request(b"HEAD", b"/", deadline=asyncio.get_running_loop().time() + _SECONDS)
        date = response.headers.get(b"date", b"").decode("latin-1")
        response.close()
    except ProxyError as error:
        return [Check("upstream", ok=False, found=f"{base}: {error.message}", do="check the network or HTTPS_PROXY")]
    finally:
        await transport.close()
    return [Check("upstream", ok=True, found=f"{base} answers"), *_clock(date)]


def _clock(date: str) -> list[Check]:
    with suppress(ValueError):
        skew = time.time() - parsedate_to_datetime(date).timestamp()
        close = abs(skew) <= SKEW_SECONDS
        do = "" if close else "set this machine's clock, for instance by NTP"
        return [Check("clock", close, f"{abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} the upstream's", do)]
    return []


async def model_answers(settings: Settings) -> Check:
    question = messages.InputMessage("user", (messages.Text("Say ok."),))
    name = settings.default_model
    assembly = Assembly(replace(settings, max_concurrent=1), files=256)
    begun = time.perf_counter()
    try:
        model = assembly.state.catalogue.find(name)
        request = messages.MessagesRequest(model.id, (question,), max_tokens=min(1024, model.max_output))
        deadline = asyncio.get_running_loop().time() + _SECONDS
        await assembly.upstream.create(request, Call(retries=0, deadline=deadline))
    except ProxyError as error:
        return Check("a model answers", ok=False, found=f"{name}: {error.message}", do=_remedy(error))
    finally:
        await assembly.close()
    return Check("a model answers", ok=True, found=f"{name}, after {time.perf_counter() - begun:.1f} s")


def _remedy(error: ProxyError) -> str:
    remedies: dict[int, str] = {
        401: "fix the credential above",
        404: "set DEFAULT_MODEL to a model that the account has",
        429: "wait until the account's limit is over",
    }
    return remedies.get(error.status, "try again; if it stays, look at the log")


def _version(command: Path, seconds: float) -> str:
    """Return the version that the command prints. Raise `OSError` or `TimeoutExpired`."""
    ended = subprocess.run([command, "--version"], capture_output=True, timeout=seconds, check=False)  # noqa: S603
    return ended.stdout.decode(errors="replace").strip() or "version unknown"


def _as_credential(login: StoredLogin) -> Credential:
    return Credential("login", login.token, str(login.path), login.expires_at, login.ends_at)
