"""Runs the real Codex CLI in a folder of its own, with a made-up key and without a network."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.clients import environment

_KEY = "sk-made-up-for-codex"
_SECONDS = 60
PROVIDER = """
model_provider = "claude"

[model_providers.claude]
name = "Claude"
base_url = "{url}"
wire_api = "responses"
env_key = "CLAUDE_PROXY_KEY"
"""
OPENAI_BASE_URL = 'openai_base_url = "{url}"\n'


@dataclass(frozen=True)
class Codex:
    """`settings` is the text of its config.toml, where `{url}` stands for the address of the proxy."""

    url: str
    folder: Path
    settings: str
    model: str = "claude-sonnet-5-5"

    @cached_property
    def repository(self) -> Path:
        return _made(self.folder / "repository")

    @property
    def compactions(self) -> int:
        """Count how often the sessions so far were compacted."""
        sessions = (self.folder / "codex" / "sessions").rglob("*.jsonl")
        lines = (line for path in sessions for line in path.read_text(encoding="utf-8").splitlines())
        return sum(json.loads(line)["type"] == "compacted" for line in lines)

    def run(self, prompt: str, *flags: str) -> "Run":
        """Run one turn, or the next one of the latest session with the flags `resume --last`."""
        home = _made(self.folder / "codex")
        settings = f'model = "{self.model}"\n{self.settings.format(url=self.url)}'
        (home / "config.toml").write_text(settings, encoding="utf-8")
        if "openai_base_url" in settings and not (home / "auth.json").exists():
            self._command("login", "--with-api-key", stdin=f"{_KEY}\n")
        unlimited = "--dangerously-bypass-approvals-and-sandbox"  # the folder is a scratch one
        return self._command("exec", "--json", "--skip-git-repo-check", unlimited, *flags, prompt)

    def _command(self, *words: str, stdin: str = "") -> "Run":
        done = subprocess.run(
            [str(program()), *words],
            cwd=self.repository,
            env=self._environment(),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        return Run(done.returncode, done.stdout, done.stderr)

    def _environment(self) -> Mapping[str, str]:
        """Return variables by which a dead web proxy keeps it from the network."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(_made(self.folder / "home")),
            "CODEX_HOME": str(self.folder / "codex"),
            "CLAUDE_PROXY_KEY": _KEY,
            "HTTPS_PROXY": "http://127.0.0.1:9",
            "HTTP_PROXY": "http://127.0.0.1:9",
            "NO_PROXY": "127.0.0.1",
        }


@dataclass(frozen=True)
class Run:
    """What a run of Codex ended with and printed: one JSON object a line."""

    status: int
    output: str
    errors: str

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.output.splitlines() if line.startswith("{")]

    @property
    def items(self) -> list[dict[str, Any]]:
        """What it did and said, in order."""
        return [event["item"] for event in self.events if event["type"] == "item.completed"]

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        return [item for item in self.items if item["type"] == kind]

    @property
    def answer(self) -> str:
        return str(self.of_type("agent_message")[-1]["text"])


def program() -> Path:
    """Return the program itself, which npm unpacks for the machine's own platform."""
    packages = environment.CACHE / "codex" / "node_modules" / "@openai"
    return next(packages.glob("codex-*/vendor/*/bin/codex"))


def is_installed() -> bool:
    return environment.is_ready("codex") and shutil.which("bash") is not None


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
