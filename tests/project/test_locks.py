"""The locks hold what pyproject.toml and the clients' lists ask for, all of it by hash, and agree with each other."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.project.sources import ROOT

LOCKS = ROOT / "requirements"
CLIENTS = sorted((ROOT / "tests" / "clients").glob("*/requirements.in"))

_ENTRY = re.compile(r"^(?P<requirement>[a-z0-9][^\s;]*==[^\s;\\]+)(?: ; (?P<marker>[^\\]+?))?(?: \\)?$")


@dataclass
class Pin:
    """One entry of a lock: its version, how many hashes it has, and which file asked for it, if one did."""

    version: Version
    hashes: int = 0
    asked_for: bool = False


def read_lock(path: Path, asker: str) -> dict[str, Pin]:
    """Return the pins of a lock. `asker` is what its comments call the file with the direct requirements."""
    pins: dict[str, Pin] = {}
    pin = None
    for line in path.read_text(encoding="utf-8").splitlines():
        if entry := _ENTRY.match(line):
            name, version = entry["requirement"].split("==")
            pin = pins[canonicalize_name(name)] = Pin(Version(version))
        elif pin is not None:
            pin.hashes += line.strip().startswith("--hash=sha256:")
            pin.asked_for |= line.strip().startswith("#") and asker in line
    return pins


def direct(lock: str) -> list[Requirement]:
    project = _pyproject()
    metadata = project["project"]
    lines = [] if lock in {"build", "lock"} else list(metadata["dependencies"])
    if lock in project["dependency-groups"]:
        lines += _group(project, lock)
    extra = metadata["optional-dependencies"].get("images" if lock == "dev" else lock, [])
    return [Requirement(line) for line in [*lines, *extra]]


@pytest.mark.parametrize("name", ["run", "images", "demo", "dev", "claude-code", "build", "lock"])
def test_a_lock_holds_what_pyproject_asks_for(name: str) -> None:
    _check(direct(name), read_lock(LOCKS / f"{name}.txt", "claude-code-proxy (pyproject.toml"))


@pytest.mark.parametrize("source", CLIENTS, ids=lambda path: path.parent.name)
def test_a_clients_lock_holds_what_its_list_asks_for(source: Path) -> None:
    lines = source.read_text(encoding="utf-8").splitlines()
    wanted = [Requirement(line) for line in lines if line and not line.startswith("#")]
    _check(wanted, read_lock(source.with_suffix(".txt"), f"-r {source.relative_to(ROOT)}"))


def test_the_locks_of_one_environment_agree() -> None:
    """`run`, `demo`, `dev` and `claude-code` may all go into .venv, one after the other, and `images` into an image."""
    versions: dict[str, set[Version]] = {}
    for lock in ("run", "images", "demo", "dev", "claude-code"):
        for name, pin in read_lock(LOCKS / f"{lock}.txt", "").items():
            versions.setdefault(name, set()).add(pin.version)
    assert {name for name, found in versions.items() if len(found) > 1} == set()


def test_the_build_backend_of_the_lock_is_the_one_of_the_build() -> None:
    project = _pyproject()
    assert project["build-system"]["requires"] == project["dependency-groups"]["build"]


def _check(wanted: list[Requirement], pins: dict[str, Pin]) -> None:
    names = {canonicalize_name(requirement.name) for requirement in wanted}
    assert {name for name, pin in pins.items() if pin.asked_for} == names, "run `make lock`"
    unmet = [r for r in wanted if not r.specifier.contains(pins[canonicalize_name(r.name)].version, prereleases=True)]
    assert unmet == []
    assert {name for name, pin in pins.items() if not pin.hashes} == set()


def _group(project: dict[str, Any], name: str) -> list[str]:
    lines: list[str] = []
    for entry in project["dependency-groups"][name]:
        lines += _group(project, entry["include-group"]) if isinstance(entry, dict) else [entry]
    return lines


def _pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
