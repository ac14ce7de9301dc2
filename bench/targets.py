"""The programs that are measured: this one and its peers, each in its own environment, with the same upstream."""

import json
import secrets
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bench.machine import HERE, HOME

UPSTREAM_PORT = 9100
_UPSTREAM = f"http://127.0.0.1:{UPSTREAM_PORT}"
LITELLM = "1.106.2"
PORTKEY = "1.15.2"


@dataclass(frozen=True)
class Target:
    """`prepare` installs what it needs, once; `note` is what was changed to make it run."""

    name: str
    title: str
    port: int
    command: tuple[str, ...]
    headers: tuple[str, ...] = ("Authorization: Bearer sk-bench",)
    health: str = "/health"
    environment: dict[str, str] = field(default_factory=dict)
    prepare: Callable[[], None] = lambda: None
    note: str = ""


def _litellm() -> None:
    python = HOME / "litellm" / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(HOME / "litellm")], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", f"litellm[proxy]=={LITELLM}"], check=True)
    models = [
        {
            "model_name": name,
            "litellm_params": {"model": f"anthropic/{name}", "api_base": _UPSTREAM, "api_key": "sk-ant-bench"},
        }
        for name in ("claude-bench", "claude-bench-s200", "claude-bench-s200-p20")
    ]
    settings = {"drop_params": True, "telemetry": False, "request_timeout": 600, "num_retries": 0}
    config = {"model_list": models, "litellm_settings": settings, "general_settings": {"disable_spend_logs": True}}
    (HOME / "litellm.json").write_text(json.dumps(config), encoding="utf-8")


def _portkey() -> None:
    folder = HOME / "portkey"
    start = folder / "node_modules" / "@portkey-ai" / "gateway" / "build" / "start-server.js"
    if not start.exists():
        folder.mkdir(exist_ok=True)
        package = {
            "private": True,
            "dependencies": {"@portkey-ai/gateway": PORTKEY},
            "overrides": {"@hono/node-server": "1.14.2"},
        }
        (folder / "package.json").write_text(json.dumps(package), encoding="utf-8")
        subprocess.run(["npm", "install", "--silent", "--no-fund", "--no-audit"], cwd=folder, check=True)
    mutable = "new Response(t.body,{status:t.status,statusText:t.statusText,headers:new Headers(t.headers)})"
    changed_source = start.read_text(encoding="utf-8").replace("return r?(i=t,c=s):(", f"return r?(i={mutable},c=s):(")
    start.write_text(changed_source, encoding="utf-8")


_KEY = "sk-" + secrets.token_hex(24)  # LiteLLM refuses a weak one
_START = HOME / "portkey/node_modules/@portkey-ai/gateway/build/start-server.js"
TARGETS = {
    target.name: target
    for target in (
        Target(
            "ours",
            "claude-code-proxy",
            9200,
            (str(Path(sys.executable).parent / "claude-code-proxy"),),
            environment={
                "PORT": "9200",
                "HOST": "127.0.0.1",
                "ANTHROPIC_API_KEY": "sk-ant-bench",
                "ANTHROPIC_API_BASE": _UPSTREAM,
                "CLAUDE_CONFIG_DIR": str(HOME / "home" / ".claude"),
            },
        ),
        Target(
            "litellm",
            f"LiteLLM {LITELLM}",
            9102,
            (
                *(str(HOME / "litellm" / "bin" / "litellm"), "--config", str(HOME / "litellm.json")),
                *("--host", "127.0.0.1", "--port", "9102", "--num_workers", "1", "--telemetry", "False"),
            ),
            headers=(f"Authorization: Bearer {_KEY}",),
            health="/health/liveliness",
            environment={
                "LITELLM_LOCAL_MODEL_COST_MAP": "True",
                "LITELLM_LOG": "ERROR",
                "LITELLM_MODE": "PRODUCTION",
                "NO_DOCS": "True",
                "LITELLM_MASTER_KEY": _KEY,
            },
            prepare=_litellm,
        ),
        Target(
            "portkey",
            f"Portkey {PORTKEY}",
            9104,
            ("node", str(_START), "--port=9104", "--headless"),
            headers=(
                "Authorization: Bearer sk-ant-bench",
                "x-portkey-provider: anthropic",
                f"x-portkey-custom-host: {_UPSTREAM}/v1",
            ),
            health="/",
            environment={"NODE_ENV": "production"},
            prepare=_portkey,
            note="its streams end with “TypeError: immutable” on Node 20, so its replies' headers were made mutable",
        ),
    )
}
MOCK = str(HOME / "mock")
LOADGEN = str(HOME / "loadgen")
__all__ = ["HERE", "LOADGEN", "MOCK", "TARGETS", "UPSTREAM_PORT", "Target"]
