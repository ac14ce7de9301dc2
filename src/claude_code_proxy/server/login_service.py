"""The owner's Claude Code login as a server has it: where it is, what keeps it fresh, what serves it.

What Claude Code is given to see of this process's environment is decided in `credentials.claude_command`.
"""

import asyncio
import logging
import shutil
import tempfile
import time
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

from claude_code_proxy.credentials.chain import CredentialSource, Runtime, explicit, setup_token
from claude_code_proxy.credentials.claude_command import EXTRA, find_claude, has_sdk
from claude_code_proxy.credentials.login_file import RUNTIME_NAME, LoginFile
from claude_code_proxy.credentials.renewal import Renewal
from claude_code_proxy.credentials.renewal_process import ClaudeSession, RenewalProcess
from claude_code_proxy.errors import Misconfigured
from claude_code_proxy.secret import Secret
from claude_code_proxy.settings import Settings, inherited
from claude_code_proxy.upstreams.claude_code.claude_code import ClaudeCode
from claude_code_proxy.upstreams.claude_code.pool import SessionPool
from claude_code_proxy.upstreams.claude_code.sdk import Sdk
from claude_code_proxy.upstreams.retry import OnFailure

PUBLISHED_TERMS = "https://code.claude.com/docs/en/legal-and-compliance"
MISSING = f"the Agent SDK, which brings it, is not installed ({EXTRA}, or the default image instead of slim)"
_DEFAULT_BASE = Settings().anthropic_api_base
_A_START_SECONDS = 30.0  # a place for a process becomes free no faster than another one answers
_SDK = ("claude_agent_sdk", "mcp.server.lowlevel")
_log = logging.getLogger(__name__)


def _origin(settings: Settings, key: str) -> str:
    """Return where a value was set; the variable's name if that is not known."""
    return settings.origins.get(key, key.upper())


class LoginService:
    """`start` keeps the login fresh from then on, `close` ends that. With an API key, neither does anything."""

    def __init__(self, settings: Settings, given: Mapping[str, str] | None = None) -> None:
        self._settings = settings
        self._inherited = inherited() if given is None else given
        self._keeping: asyncio.Task[None] | None = None
        self._importing: asyncio.Task[None] | None = None
        self.directories: list[Path] = []
        self.pool: SessionPool | None = None  # of the processes, where Claude Code serves
        file = LoginFile(settings.login_paths())
        self.renewal = Renewal(file, self._launch if find_claude() is not None else None)
        self.credentials = CredentialSource(
            explicit(
                settings.anthropic_api_key,
                settings.claude_access_token,
                origins=(_origin(settings, "anthropic_api_key"), _origin(settings, "claude_access_token")),
            ),
            file,
            token=setup_token(settings.claude_code_oauth_token),
            login_sent=settings.claude_login_via == "messages-api",
            runtime=Runtime("" if has_sdk() else MISSING, self.renewal.problem),
        )

    def upstream(self, on_failure: OnFailure) -> ClaudeCode:
        """Return the upstream. Raise `Misconfigured` where several workers would each hold some conversations."""
        settings = self._settings
        if settings.workers > 1 and self.credentials.finds_login:
            raise Misconfigured(
                "WORKERS: a Claude Code login is served by one worker, which holds its conversations; set WORKERS=1, "
                "or ANTHROPIC_API_KEY."
            )
        self.pool = SessionPool(
            settings.claude_code_processes,
            idle_seconds=settings.claude_code_idle_seconds,
            queue_seconds=max(settings.queue_seconds, _A_START_SECONDS),
            now=time.time,
        )
        private = self._own_directory()
        sdk = Sdk(self._inherited, config_dir=self._config_dir(private), private=private, extra=self._environment())
        seconds = (settings.first_byte_seconds, settings.idle_seconds)
        return ClaudeCode(
            sdk, self.pool, login=self.credentials, renewal=self.renewal, seconds=seconds, on_failure=on_failure
        )

    def start(self) -> None:
        if not self.credentials.through_claude_code and self.credentials.is_login:
            _log.warning(
                "the Claude Code login is sent straight to the Messages API, which Anthropic's published terms speak "
                "against: %s",
                PUBLISHED_TERMS,
            )
        if self.credentials.through_claude_code and has_sdk():
            self._importing = asyncio.create_task(asyncio.to_thread(_import_ahead))
        if self.credentials.renews:
            self._keeping = asyncio.create_task(self.renewal.keep())

    async def close(self) -> None:
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.wait((self._keeping,))
        await self.renewal.close()
        if self._importing is not None:
            await asyncio.wait((self._importing,))
        for made in self.directories:
            shutil.rmtree(made, ignore_errors=True)

    async def _launch(self, config_dir: Path) -> RenewalProcess:
        command = find_claude()
        if command is None:
            raise FileNotFoundError(2, "the command is gone")
        return await ClaudeSession(command, self._inherited, private=self._own_directory())(config_dir)

    def _own_directory(self) -> Path:
        """Return an empty directory that nobody else can read."""
        if not self.directories:
            self.directories.append(Path(tempfile.mkdtemp(prefix="claude-code-proxy-")))
        return self.directories[0]

    def _config_dir(self, private: Path) -> Path:
        """Return the directory of the login for Claude Code; an empty one where a token is set."""
        settings = self._settings
        if settings.claude_code_oauth_token is not None:
            return private / "config"
        path = settings.claude_credentials_path
        return path.parent if path is not None and path.name == RUNTIME_NAME else settings.claude_config_dir

    def _environment(self) -> dict[str, str]:
        """Return the settings that apply to Claude Code too, as the variables that it reads."""
        settings = self._settings
        variables = {
            "ANTHROPIC_BASE_URL": settings.anthropic_api_base if settings.anthropic_api_base != _DEFAULT_BASE else "",
            "CLAUDE_CODE_OAUTH_TOKEN": _revealed(settings.claude_code_oauth_token),
            "HTTPS_PROXY": _revealed(settings.https_proxy),
            "HTTP_PROXY": _revealed(settings.http_proxy),
            "NO_PROXY": ",".join(settings.no_proxy),
            "NODE_EXTRA_CA_CERTS": str(settings.ssl_cert_file or ""),
        }
        return {name: value for name, value in variables.items() if value}


def _import_ahead() -> None:
    """Import the SDK early: it takes a second or two, and the first request should not wait for it."""
    for name in _SDK:
        import_module(name)


def _revealed(secret: Secret | None) -> str:
    return secret.reveal() if secret is not None else ""
