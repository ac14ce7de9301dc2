"""The text that the server prints when it starts: address, upstream, credential, a request to copy. Never a secret."""

import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from claude_code_proxy import __version__
from claude_code_proxy.settings import Settings

if TYPE_CHECKING:
    from claude_code_proxy.server.process.serve import Listening

OPEN_DOOR = "everybody who can reach this address can use the proxy; set PROXY_API_KEY, or {}"
ON_A_MACHINE = "HOST=127.0.0.1"
IN_A_CONTAINER = "publish the port to this machine alone (docker run -p 127.0.0.1:8080:8080)"
_CONTAINER_MARKS = ("/.dockerenv", "/run/.containerenv", "/var/run/secrets/kubernetes.io")


def in_container() -> bool:
    """Return whether this process runs in a container, as far as the file system shows."""
    return any(Path(mark).exists() for mark in _CONTAINER_MARKS)


def banner(now: "Listening", settings: Settings, *, contained: bool = False) -> str:
    """Return the text for people; with JSON logs, one line of JSON. `contained`: this process is in a container."""
    way = IN_A_CONTAINER if contained else ON_A_MACHINE
    warning = None if settings.loopback_only or settings.proxy_api_key else OPEN_DOOR.format(way)
    if now.upstream == "simulated":
        now = replace(now, credential=replace(now.credential, ok=True, reason="none needed"))
    if settings.log_format == "json":
        return _line(now, warning)
    lines = [
        f"claude-code-proxy {__version__} {_listens(now, contained=contained)}",
        f"  upstream    {_where(now, settings)}",
        f"  credential  {now.credential.reason}",
    ]
    if warning:
        lines.append(f"  warning     {warning}")
    return "\n".join([*lines, "", "  " + curl(now.url, settings), ""])


def curl(url: str, settings: Settings) -> str:
    """Return a first request, ready to paste into a shell."""
    key = ""
    if settings.proxy_api_key:
        only = len(settings.proxy_api_key) == 1 and settings.origin("proxy_api_key") == "PROXY_API_KEY"
        key = f' -H "Authorization: Bearer {"$PROXY_API_KEY" if only else "YOUR-KEY"}"'
    body = msgspec.json.encode({
        "model": settings.default_model,
        "messages": [{"role": "user", "content": "Hello, Claude"}],
    }).decode()
    return f"curl {url}/chat/completions -H 'Content-Type: application/json'{key} -d {shlex.quote(body)}"


def _listens(now: "Listening", *, contained: bool) -> str:
    """Say where it listens. With a wildcard address, the URL is how the same machine, or container, reaches it."""
    if not now.wildcard:
        return f"listens on {now.url}"
    here = "in this container" if contained else "on this machine"
    return f"listens on {now.wildcard}; {here} that is {now.url}"


def _where(now: "Listening", settings: Settings) -> str:
    match now.upstream:
        case "simulated":
            return "simulated, on this machine; its answers are made up"
        case "claude-code" if not now.credential.ok:
            return "none: there is no credential that can be used"
        case "claude-code":
            return "claude-code, on this machine"
        case name:
            return f"{name}, at {settings.anthropic_api_base}"


def _line(now: "Listening", warning: str | None) -> str:
    fields = {
        "event": "listening",
        "url": now.url,
        "upstream": now.upstream,
        "ready": now.credential.ok,
        "credential": now.credential.reason,
    }
    return msgspec.json.encode(fields | ({"warning": warning} if warning else {})).decode()
