"""The proxy under attack: a process on a free port of 127.0.0.1, with made-up keys and an empty environment."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

from tests.upstreams.claude_code import environment

ROOT = Path(__file__).parent.parent
KEY = "sk-ant-api03-made-up-SECRET-0123456789"
LOGIN = "sk-ant-oat01-made-up-SECRET"
CALLER_KEY = "caller-made-up-SECRET-zyxw9876"
QUICK = {"MAX_RETRIES": 0, "CONNECT_SECONDS": 2, "FIRST_BYTE_SECONDS": 2, "IDLE_SECONDS": 2, "ANSWER_SECONDS": 20}
NO_SETTINGS: Mapping[str, object] = MappingProxyType({})
_START_SECONDS = 20.0
_ONLY_LOOPBACK = {"HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": "127.0.0.1"}  # for all that Claude Code would ask


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Proxy:
    """Use as an async context manager. Settings have the names of their variables."""

    def __init__(
        self,
        upstream: str,
        settings: Mapping[str, object] = NO_SETTINGS,
        *,
        wrap: tuple[str, ...] = (),
        claude_code: bool = False,
    ) -> None:
        """`wrap` is what runs the proxy; with `claude_code` it has a login in place of a key."""
        self.port = free_port()
        self._folder = Path(tempfile.mkdtemp(prefix="chaos-"))
        self.output_path = self._folder / "output"
        self.environment = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": str(self._folder),
            "CLAUDE_CONFIG_DIR": str(self._folder / ".claude"),
            "PYTHONPATH": str(ROOT / "src"),
            "LANG": "C.UTF-8",
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "ANTHROPIC_API_BASE": upstream,
            **(_ONLY_LOOPBACK if claude_code else {"ANTHROPIC_API_KEY": KEY}),
            **{name: str(value) for name, value in settings.items()},
        }
        python = str(environment.python()) if claude_code else sys.executable
        if claude_code:
            self._write_login()
        self._command = [*wrap, python, "-m", "claude_code_proxy", "serve"]
        self.process: subprocess.Popen[bytes] | None = None

    async def start(self) -> Self:
        await asyncio.to_thread(self._start)
        return self

    async def stop(self, number: int = signal.SIGTERM) -> int:
        return await asyncio.to_thread(self._stop, number)

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    @property
    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def is_healthy(self, seconds: float = 2.0) -> bool:
        """Tell whether liveness is answered within that time."""
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=seconds) as connection:
            connection.settimeout(seconds)
            connection.sendall(b"GET /health HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n")
            return connection.recv(64).startswith(b"HTTP/1.1 200")
        return False

    def workers(self) -> list[int]:
        with suppress(OSError):
            return [int(pid) for pid in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()]
        return []

    def megabytes(self, *, peak: bool = False) -> float:
        """Resident memory of the whole process tree; `peak` of the parent alone."""
        if peak:
            return _status(self.pid, "VmHWM") / 1024
        return sum(_status(pid, "VmRSS") for pid in (self.pid, *self.workers())) / 1024

    def open_files(self) -> int:
        with suppress(OSError):
            return len(list(Path(f"/proc/{self.pid}/fd").iterdir()))
        return -1

    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def output(self) -> bytes:
        """Return all that was written to standard output and error."""
        return self.output_path.read_bytes()

    def _write_login(self) -> None:
        file = self._folder / ".claude" / ".credentials.json"
        file.parent.mkdir()
        login = {
            "accessToken": LOGIN,
            "refreshToken": "sk-ant-ort01-made-up-SECRET",
            "expiresAt": int((time.time() + 36_000) * 1000),
            "scopes": ["user:inference", "user:profile"],
            "subscriptionType": "max",
            "rateLimitTier": "default",
        }
        file.write_text(json.dumps({"claudeAiOauth": login}), encoding="utf-8")

    def _start(self) -> None:
        with self.output_path.open("wb") as output:
            self.process = subprocess.Popen(
                self._command, env=self.environment, stdout=output, stderr=output, cwd=self._folder
            )
        end = time.monotonic() + _START_SECONDS
        while time.monotonic() < end:
            if not self.is_alive:
                message = f"the proxy ended at its start: {self.output()[-300:]!r}"
                raise RuntimeError(message)
            if self.is_healthy(1.0):
                return
            time.sleep(0.05)
        message = "the proxy does not serve"
        raise RuntimeError(message)

    def _stop(self, number: int) -> int:
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(number)
            try:
                self.process.wait(6)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(5)
        code: int = self.process.returncode
        return code


def _status(pid: int, field: str) -> int:
    """Return a figure of `/proc/PID/status` in kB; 0 where the process is gone."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(f"{field}:"):
                return int(line.split()[1])
    return 0
