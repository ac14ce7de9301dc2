"""The text that the server prints when it starts: address, upstream, credential, a request to copy. Never a secret."""

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from claude_code_proxy import __version__
from claude_code_proxy.settings import Settings

if TYPE_CHECKING:
    from claude_code_proxy.server.process.serve import Listening

OPEN_DOOR = "everybody who can reach this address can use the proxy; set PROXY_API_KEY, or HOST=127.0.0.1"


def banner(now: "Listening", settings: Settings) -> str:
    """Return the text for people; with JSON logs, one line of JSON."""
    warning = None if settings.loopback_only or settings.proxy_api_key else OPEN_DOOR
    if now.upstream == "simulated":
        now = replace(now, credential=replace(now.credential, ok=True, reason="none needed"))
    if settings.log_format == "json":
        return _line(now, warning)
    lines = [
        f"claude-code-proxy {__version__} listens on {now.url}",
        f"  upstream    {now.upstream}, {_where(now, settings)}",
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


def _where(now: "Listening", settings: Settings) -> str:
    match now.upstream:
        case "simulated":
            return "on this machine; its answers are made up"
        case "claude-code":
            return "on this machine" if now.credential.ok else "once there is a login for it"
        case _:
            return f"at {settings.anthropic_api_base}"


def _line(now: "Listening", warning: str | None) -> str:
    told = {
        "event": "listening",
        "url": now.url,
        "upstream": now.upstream,
        "ready": now.credential.ok,
        "credential": now.credential.reason,
    }
    return msgspec.json.encode(told | ({"warning": warning} if warning else {})).decode()
