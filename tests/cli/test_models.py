"""The table of models, printed and as a document."""

from pathlib import Path

import pytest

from claude_code_proxy.cli.models import markdown, run, text
from claude_code_proxy.models.catalogue import BUILT_IN
from claude_code_proxy.settings import load

DOCUMENT = Path(__file__).parents[2] / "docs" / "models.md"


def row(model_id: str) -> str:
    return next(line for line in text(BUILT_IN).splitlines() if line.startswith(f"{model_id} "))


def test_the_models_that_can_be_asked_for_have_a_line_each() -> None:
    assert len(text(BUILT_IN).partition("\n\n")[0].splitlines()) == 1 + len(BUILT_IN.listing())
    assert "claude-3-opus" not in text(BUILT_IN)


@pytest.mark.parametrize(
    ("model_id", "cells"),
    [
        ("claude-opus-5-5", ["1M", "128K", "4", "20", "adaptive (always)", "(medium)"]),
        ("claude-haiku-5-5", ["0.1/0.5", "0.5/2.5", "adaptive, disabled (on)", "yes"]),
        ("claude-opus-4-6", ["low medium high max (high)", "one of"]),
        ("claude-sonnet-4-5", ["200K", "64K", "enabled, disabled (off)", "2026-11-30"]),
    ],
)
def test_what_a_line_tells(model_id: str, cells: list[str]) -> None:
    assert [cell for cell in cells if cell not in row(model_id)] == []


def test_aliases_stand_below(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(load({"model_aliases": "low=claude-haiku-5.5"}, {"HOME": "/h"})) == 0
    assert capsys.readouterr().out.endswith("\naliases: low = claude-haiku-5-5\n")


def test_the_document_is_current() -> None:
    """After a change of the table: everything behind the comment in the document is the output of `markdown`."""
    _, _, written = DOCUMENT.read_text(encoding="utf-8").partition("-->\n\n")
    assert written == markdown(BUILT_IN)
