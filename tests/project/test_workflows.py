"""The workflows of the forge call the project's own targets, on every Python that it supports."""

import re
from pathlib import Path
from typing import Any

import yaml

from tests.project.sources import ROOT, text_of

WORKFLOWS: dict[str, Any] = {
    path.name: yaml.safe_load(path.read_text(encoding="utf-8"))
    for path in sorted((ROOT / ".github" / "workflows").iterdir())
}
STEPS = [step for flow in WORKFLOWS.values() for job in flow["jobs"].values() for step in job["steps"]]


def test_each_command_is_a_target_or_what_continuous_integration_runs() -> None:
    targets = set(re.findall(r"^([a-z-]+):", text_of(Path("Makefile")), re.MULTILINE))
    commands = [step["run"] for step in STEPS if "run" in step]
    assert commands
    for command in commands:
        program, *arguments = command.split()
        if program == "make":
            assert arguments[0] in targets
        else:
            assert (ROOT / program).is_file()


def test_the_matrix_begins_with_the_oldest_python_that_is_supported() -> None:
    oldest = re.search(r'requires-python = ">=([\d.]+)"', text_of(Path("pyproject.toml")))
    assert oldest is not None
    assert WORKFLOWS["check.yaml"]["jobs"]["check"]["strategy"]["matrix"]["python"][0] == oldest[1]
