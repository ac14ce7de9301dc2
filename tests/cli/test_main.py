"""Commands start, and a start that cannot be ends with one line and the right exit code."""

import subprocess
import sys
from pathlib import Path

import pytest

from claude_code_proxy.cli.main import COMMANDS, main

SOURCE = Path(__file__).parents[2] / "src"


def test_a_command_runs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models"]) == 0
    assert "claude-opus-5-5" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--port", "many"], "--port: 'many' is not a whole number from 0 to 65535"),
        (["paint"], "unknown command 'paint'; the commands are serve, simulate, models, doctor, config"),
        (["config", "--config", "/nowhere.toml"], "--config: cannot read /nowhere.toml: No such file or directory"),
    ],
)
def test_a_bad_start_is_one_line_and_two(argv: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(argv) == 2
    out, err = capsys.readouterr()
    assert (out, err) == ("", f"claude-code-proxy: {said}\n")


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_its_module(command: str) -> None:
    assert (SOURCE / "claude_code_proxy" / "cli" / f"{command}.py").is_file()


def test_parsing_loads_no_command() -> None:
    """What `serve` needs must not cost `config`, and the other way round."""
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, claude_code_proxy.cli.main; print(*sys.modules)"],
        env={"PYTHONPATH": str(SOURCE)},
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    heavy = {"asyncio", "uvloop", "openai", "claude_code_proxy.server", "difflib", "tomllib"}
    assert heavy & set(loaded) == set()
