"""What the first `make` does on a machine that lacks something, and that each target of the help is one."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.project.sources import ROOT


def made(place: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run `make` in a copy of the files that it reads; return its result."""
    shutil.copy(ROOT / "Makefile", place)
    shutil.copytree(ROOT / "requirements", place / "requirements")
    (place / "pyproject.toml").touch()
    return subprocess.run(
        ["make", *arguments],
        cwd=place,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("environment", [".venv/bin/python", ".cache/audit/.made", ".cache/uv/bin/uv"])
def test_half_an_environment_is_removed_and_the_package_named(tmp_path: Path, environment: str) -> None:
    """Debian's python3 without python3-venv makes the directories, and fails at pip."""
    python = tmp_path / "python-without-venv"
    python.write_text('#!/bin/sh\n[ "$1" = -m ] || exit 0\nmkdir -p "$3/bin" && touch "$3/bin/python"; exit 1\n')
    python.chmod(0o755)
    ended = made(tmp_path, f"PYTHON={python}", environment)
    assert ended.returncode != 0
    assert "apt install python3-venv" in ended.stderr
    assert not (tmp_path / environment.removesuffix("/.made").partition("/bin")[0]).exists()


def test_the_help_lists_targets(tmp_path: Path) -> None:
    ended = made(tmp_path, "help")
    assert ended.returncode == 0
    targets = [line.split()[0] for line in ended.stdout.splitlines()]
    assert {"check", "run", "demo"} <= set(targets)
    for target in targets:
        assert made_up_to(tmp_path, target), target


def made_up_to(place: Path, target: str) -> bool:
    """Whether `make` knows the target: it says what it would do."""
    ended = subprocess.run(["make", "--dry-run", target], cwd=place, capture_output=True, timeout=60, check=False)
    return ended.returncode == 0
