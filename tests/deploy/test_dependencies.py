"""The default install stays small, and docs/dependencies.md says why each part of it is there."""

import re
from pathlib import Path

import pytest

from tests.project.sources import text_of
from tests.project.test_locks import LOCKS, direct, read_lock

DOCUMENT = text_of(Path("docs/dependencies.md"))
LIMIT = 12


def test_the_default_install_is_small() -> None:
    assert len(read_lock(LOCKS / "run.txt", "")) + 1 < LIMIT


def test_each_distribution_has_its_reason() -> None:
    explained = set(re.findall(r"^\| ([a-z-]+) \| [A-Z]", DOCUMENT, re.MULTILINE))
    assert explained == set(read_lock(LOCKS / "run.txt", ""))


def test_every_lock_is_told_of() -> None:
    assert {path.name for path in LOCKS.glob("*.txt")} == set(re.findall(r"requirements/([a-z-]+\.txt)", DOCUMENT))


@pytest.mark.parametrize("name", ["audit", "image"])
def test_the_tools_are_pinned_by_hash(name: str) -> None:
    wanted = {requirement.name for requirement in direct(name)} - {requirement.name for requirement in direct("run")}
    pins = read_lock(LOCKS / f"{name}.txt", "")
    assert wanted
    wanted -= {requirement.name for requirement in direct("build")}
    assert wanted <= pins.keys()
    assert {pin for pin in pins if not pins[pin].hashes} == set()
