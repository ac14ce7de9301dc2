"""A session of Claude Code that is kept open without a prompt, which makes it renew its login.

It sends no request to a model. It must not be killed while it may be renewing: the new login would be lost.
"""

import asyncio
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from claude_code_proxy.credentials.claude_command import environment

_ARGUMENTS = (
    *("-p", "--input-format", "stream-json", "--output-format", "stream-json", "--verbose"),
    *("--setting-sources", "", "--strict-mcp-config", "--tools", "", "--no-session-persistence"),
)
_LAST_SECONDS = 10.0  # for the process to exit after its input was closed


class RenewalProcess(Protocol):
    @property
    def ended(self) -> bool:
        """Return whether the process has ended by itself."""

    async def finish(self) -> None:
        """Tell the process to end, and wait until it has."""


class LaunchProcess(Protocol):
    async def __call__(self, config_dir: Path) -> RenewalProcess:
        """Start the process. Raise `OSError` if that fails."""


class ClaudeSession:
    """Starts sessions of the `claude` command in a directory of their own."""

    def __init__(self, command: Path, inherited: Mapping[str, str], *, private: Path) -> None:
        self._command = command
        self._inherited = inherited
        self._private = private

    async def __call__(self, config_dir: Path) -> RenewalProcess:
        process = await asyncio.create_subprocess_exec(
            self._command,
            *_ARGUMENTS,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            cwd=self._private,
            env={**self._inherited, **environment(self._inherited, config_dir=config_dir, private=self._private)},
            start_new_session=True,  # Ctrl-C is for the proxy, which then waits for this
        )
        return _Running(process)


class _Running:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @property
    def ended(self) -> bool:
        return self._process.returncode is not None

    async def finish(self) -> None:
        process = self._process
        if process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(_LAST_SECONDS):
                await process.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, 9)
            await process.wait()
