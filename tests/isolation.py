"""Keeps a test run away from whoever starts it: no keys, no login, no home directory, no network but loopback."""

import atexit
import ipaddress
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

_OURS = {"PORT", "HOST", "DEFAULT_MODEL", "LOG_LEVEL"}
_PREFIXES = ("ANTHROPIC_", "CLAUDE_", "OPENAI_", "PROXY_")
_PROXIES = {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "FTP_PROXY"}


def isolate() -> None:
    """Remove what the proxy or a client would read from the environment, and set HOME to a scratch directory."""
    for name in list(os.environ):
        if name in _OURS or name.startswith(_PREFIXES) or name.upper() in _PROXIES:
            del os.environ[name]
    home = Path(tempfile.mkdtemp(prefix="proxy-tests-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    os.environ["HOME"] = str(home)
    os.environ["CLAUDE_CONFIG_DIR"] = str(home / ".claude")
    sys.addaudithook(_refuse_other_machines)


def _refuse_other_machines(event: str, args: tuple[Any, ...]) -> None:
    if event == "socket.connect" and isinstance(args[1], tuple) and not _is_loopback(str(args[1][0])):
        message = f"a test may not leave this machine: {args[1][0]}"
        raise RuntimeError(message)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
