"""Claude Code as a command: where it is, and the environment in which it sees nothing that was not meant for it."""

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
    """Return the one that came with the Agent SDK, else the one on `path` (the process's own unless given)."""
    spec = find_spec("claude_agent_sdk")
    for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
        bundled = Path(folder) / "_bundled" / "claude"
        if bundled.is_file():
            return bundled
    found = shutil.which("claude", path=path)
    return Path(found) if found else None


def environment(inherited: Mapping[str, str], *, config_dir: Path, private: Path) -> dict[str, str]:
    """Return the variables for Claude Code on top of what it inherits: ours blanked, which it takes as unset.

    `config_dir` is where its login is, `private` where it may leave what it makes for itself.
    """
    blanked = {name: "" for name in inherited if name.startswith(_FOREIGN)}
    return {**blanked, **_QUIET, "CLAUDE_CONFIG_DIR": str(config_dir), "CLAUDE_CODE_TMPDIR": str(private)}
