"""The `claude` command: where it is, and the environment variables with which the proxy starts it."""

import shlex
import shutil
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

EXTRA = f"`make run-claude-code`, or `{shlex.quote(sys.executable)} -m pip install '.[claude-code]'` in a checkout"
_FOREIGN = ("ANTHROPIC_", "CLAUDE_", "CLAUDECODE", "OPENAI_", "PROXY_API_KEY")
_QUIET = {
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "DISABLE_AUTOUPDATER": "1",
    "DISABLE_ERROR_REPORTING": "1",
    "DISABLE_TELEMETRY": "1",
}


def has_sdk() -> bool:
    return find_spec("claude_agent_sdk") is not None


def find_claude(path: str | None = None) -> Path | None:
    """Return the `claude` that came with the Agent SDK, else the one on `path` (by default this process's PATH)."""
    spec = find_spec("claude_agent_sdk")
    for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
        bundled = Path(folder) / "_bundled" / "claude"
        if bundled.is_file():
            return bundled
    found = shutil.which("claude", path=path)
    return Path(found) if found else None


def environment(inherited: Mapping[str, str], *, config_dir: Path, private: Path) -> dict[str, str]:
    """Return variables to add to those that Claude Code inherits; the proxy's own ones are blanked, which unsets them.

    `config_dir` holds its login, and `private` is a directory for its temporary files.
    """
    blanked = {name: "" for name in inherited if name.startswith(_FOREIGN)}
    return {**blanked, **_QUIET, "CLAUDE_CONFIG_DIR": str(config_dir), "CLAUDE_CODE_TMPDIR": str(private)}
