"""What the documents promise: commands exist, links lead somewhere, and nobody is sent to a stranger's package."""

import re
from pathlib import Path

import pytest

from claude_code_proxy import __version__
from tests.project.sources import ROOT, text_of, tracked_files

DOCUMENTS = [path for path in tracked_files() if path.suffix == ".md"]
TARGETS = set(re.findall(r"^([a-z-]+):", text_of(Path("Makefile")), re.MULTILINE))

_CODE = re.compile(r"```.*?```|`[^`]+`", re.DOTALL)
_MAKE = re.compile(r"\bmake ([a-z][a-z-]*)")
_LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)\s]*)?\)")
_BY_NAME = re.compile(r"(?:pip|pipx|uv|uvx|poetry)\b[a-z -]*\sclaude-code-proxy\b")


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_every_make_command_is_a_target(document: Path) -> None:
    assert _make_commands(document) - TARGETS == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_every_link_to_a_file_leads_to_one(document: Path) -> None:
    links = [link for link in _LINK.findall(text_of(document)) if "://" not in link and not link.startswith("mailto:")]
    assert [link for link in links if not (ROOT / document.parent / link).exists()] == []


def test_the_architecture_names_modules_that_are_there() -> None:
    named = re.findall(r"`([\w*/]+\.py)`", text_of(Path("docs/ARCHITECTURE.md")))
    assert len(named) > 10
    package = ROOT / "src" / "claude_code_proxy"
    assert [name for name in named if not any(package.glob(name if "/" in name else f"**/{name}"))] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_nobody_is_told_to_install_it_by_name(document: Path) -> None:
    """On the package index that name belongs to another project."""
    assert _BY_NAME.findall(text_of(document)) == []


def test_the_changelog_dates_each_version_and_has_this_one() -> None:
    headings = re.findall(r"^## (.+)$", text_of(Path("CHANGELOG.md")), re.MULTILINE)
    dated = [heading for heading in headings if heading != "Unreleased"]
    versions = [re.fullmatch(r"(\d+\.\d+\.\d+) – \d{4}-\d\d-\d\d", heading) for heading in dated]
    assert all(versions)
    assert __version__ in [version[1] for version in versions if version]


def _make_commands(document: Path) -> set[str]:
    return {target for code in _CODE.findall(text_of(document)) for target in _MAKE.findall(code)}
