"""A proxy with a made-up Claude Code login, the real Claude Code, and the simulated service behind it.

All in a network of its own where the machine allows it: nothing but loopback is there, so nothing can leave.
"""

import asyncio
import ctypes
import fcntl
import json
import os
import re
import socket
import struct
import subprocess
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

from openai import AsyncOpenAI, DefaultAsyncHttpxClient

from claude_code_proxy import simulator
from tests.upstreams.claude_code import environment

_NEW_NETWORK = 0x40000000
_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/v1")
_SECONDS = 40.0
TOKEN = "sk-ant-oat01-made-up"


@contextmanager
def private_network() -> Iterator[bool]:
    """For this thread and what it starts; whether there is one."""
    libc = ctypes.CDLL(None, use_errno=True)
    before = os.open("/proc/self/ns/net", os.O_RDONLY)
    try:
        made = libc.unshare(_NEW_NETWORK) == 0
        if made:
            _raise_loopback()
        yield made
        if made:
            assert libc.setns(before, _NEW_NETWORK) == 0, os.strerror(ctypes.get_errno())
    finally:
        os.close(before)


def _raise_loopback() -> None:
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sH14x", b"lo", 0x49))  # SIOCSIFFLAGS: up, running


def login(expires_in: float = 36_000, **changes: Any) -> dict[str, Any]:
    """Return the content of a login file as Claude Code writes it, with made-up tokens."""
    oauth = {
        "accessToken": TOKEN,
        "refreshToken": "sk-ant-ort01-made-up",
        "expiresAt": int((time.time() + expires_in) * 1000),
        "scopes": ["user:inference", "user:profile"],
        "subscriptionType": "max",
        "rateLimitTier": "default",
    }
    return {"claudeAiOauth": oauth | changes}


class Stage:
    """`requests` are what the simulated service was asked; `home` is the scratch home of the proxy."""

    def __init__(self, home: Path, service: simulator.Running, url: str, process: subprocess.Popen[str]) -> None:
        self.home = home
        self.service = service
        self.url = url
        self.process = process

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(one.raw) for one in self.service.requests if one.path == "/v1/messages"]

    def client(self) -> Any:
        """Return a client of the OpenAI SDK. Its arguments here are plain dicts."""
        http = DefaultAsyncHttpxClient(trust_env=False)
        return AsyncOpenAI(base_url=self.url, api_key="unused", max_retries=0, timeout=60, http_client=http)

    def runtimes(self) -> list[int]:
        """Return the processes of Claude Code that this proxy has."""
        found = subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True, check=False)
        return [int(pid) for pid in found.stdout.split()]

    def left_behind(self) -> list[str]:
        """Transcripts in the login's directory."""
        return [str(path) for path in (self.home / ".claude").rglob("*.jsonl")]


@asynccontextmanager
async def staged(
    home: Path,
    *,
    login_document: dict[str, Any] | None = None,
    before: Sequence[str] = (),
    service: simulator.SimulatorOptions | None = None,
    **settings: str,
) -> AsyncIterator[Stage]:
    """Start the proxy. `settings` are its variables; an empty one unsets it. `login_document` goes to the login file.

    `before` is what runs the proxy, such as a command that changes what it sees; `service` how the service is to be.
    """
    config = home / ".claude"
    config.mkdir(exist_ok=True)
    if login_document is not None:
        (config / ".credentials.json").write_text(json.dumps(login_document))
    running = await simulator.serve(options=service or simulator.SimulatorOptions())
    process = subprocess.Popen(
        [*before, str(environment.python()), "-m", "claude_code_proxy", "--port", "0"],
        cwd=home,
        env=_environment(home) | {"ANTHROPIC_API_BASE": running.url} | settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    lines: list[str] = []
    try:
        url = await asyncio.to_thread(_address, process, lines)
        reading = asyncio.create_task(asyncio.to_thread(_read, process, lines))
        yield Stage(home, running, url, process)
        process.terminate()
        await asyncio.wait_for(reading, _SECONDS)
        assert process.wait() == 0, "".join(lines)
        assert "Traceback" not in "".join(lines), "".join(lines)
        assert "unhandled error" not in "".join(lines), "".join(lines)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
        await running.close()


def _environment(home: Path) -> dict[str, str]:
    return {
        "PATH": os.defpath,
        "HOME": str(home),
        "CLAUDE_CONFIG_DIR": str(home / ".claude"),
        "PYTHONPATH": str(environment.ROOT / "src"),
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "NO_PROXY": "127.0.0.1",
        "LOG_LEVEL": "info",
    }


def _address(process: subprocess.Popen[str], lines: list[str]) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        lines.append(line)
        if found := _ADDRESS.search(line):
            return found.group()
    raise RuntimeError("the proxy did not say where it listens:\n" + "".join(lines))


def _read(process: subprocess.Popen[str], lines: list[str]) -> None:
    assert process.stdout is not None
    lines.extend(process.stdout)
