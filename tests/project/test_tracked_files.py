"""What may not stand in a file of the project: keys, one machine's paths, unfinished places, names that say nothing."""

import re
from pathlib import Path

import pytest

from tests.project.sources import modules, text_of, tracked_files

# Split, so that this file does not hold what it looks for.
FORBIDDEN = {
    "a path of one machine": re.compile(r"(?<![\w.])/" + r"(?:work|farm|Users)/"),
    "an Anthropic key": re.compile("sk-" + r"ant-(?:api03|oat01|ort01|admin01)-[A-Za-z0-9_-]{40,}"),
    "an OpenAI key": re.compile("sk-" + r"(?:proj-)?[A-Za-z0-9]{40,}"),
    "a cloud or forge key": re.compile("(?:AKI" + "A|gh" + r"p_|github_" + r"pat_)[A-Za-z0-9_]{16,}"),
    "a private key": re.compile("-----BEGIN [A-Z ]*PRIVATE" + " KEY-----"),
    "an unfinished place": re.compile(r"\b(?:TO" + "DO|FIX" + r"ME|XX" + r"X)\b|NotImplemented" + r"Error\b"),
}
EMPTY_NAMES = {"util", "utils", "helper", "helpers", "common", "manager", "processor", "misc", "base"}
BINARY = {".png", ".gif", ".jpg", ".ico", ".pdf", ".webp", ".woff2"}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_holds(what: str) -> None:
    pattern = FORBIDDEN[what]
    found = [
        f"{path}:{number}"
        for path in tracked_files()
        if path.suffix not in BINARY and "package-lock" not in path.name
        for number, line in enumerate(text_of(path).splitlines(), 1)
        if pattern.search(line)
    ]
    assert found == []


def test_a_module_is_named_for_what_it_is() -> None:
    named = [
        path
        for path in modules()
        if EMPTY_NAMES & {word for part in path.with_suffix("").parts for word in _words(part)}
    ]
    assert named == []


def test_nothing_that_is_made_is_tracked() -> None:
    made = {".venv", ".cache", "node_modules", "__pycache__", "dist", "build"}
    assert [path for path in tracked_files() if made & set(path.parts[:-1])] == []


def _words(part: str) -> list[str]:
    return Path(part).stem.lower().split("_")
