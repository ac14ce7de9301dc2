"""Standard output that is closed or full ends a command with one line; a server runs without it."""

import subprocess
import sys
from pathlib import Path

import pytest

from claude_code_proxy.cli.standard_output import announce, report
from tests.cli.processes import SOURCE


def shell(home: Path, line: str) -> "subprocess.CompletedProcess[str]":
    """Run a command line in which `$PROXY` is the program; return its result."""
    return subprocess.run(
        ["sh", "-c", line],
        env={"PROXY": f"{sys.executable} -m claude_code_proxy", "HOME": str(home), "PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    "command", ["models", "config", "doctor --upstream simulated", "--help", "doctor --help", "--version"]
)
@pytest.mark.parametrize(
    ("output", "reason"),
    [
        (">&-", "standard output is closed"),
        ("<&- >&-", "standard output is closed"),
        (">/dev/full", "cannot write to standard output: No space left on device"),
    ],
)
def test_it_ends_with_one_line(tmp_path: Path, command: str, output: str, reason: str) -> None:
    ended = shell(tmp_path, f"$PROXY {command} {output}")
    assert (ended.returncode, ended.stderr) == (1, f"claude-code-proxy: {reason}\n")


def test_with_all_streams_closed_it_ends_in_silence(tmp_path: Path) -> None:
    assert shell(tmp_path, "$PROXY models <&- >&- 2>&-").returncode == 1


def test_a_reader_who_has_enough_is_no_error(tmp_path: Path) -> None:
    ended = shell(tmp_path, "$PROXY config | true")
    assert ended.stderr == ""


def test_what_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    report("a")
    announce("b")
    assert capsys.readouterr().out == "a\nb\n"
