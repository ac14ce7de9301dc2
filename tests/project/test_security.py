"""Each promise of SECURITY.md names tests that exist."""

import re
from pathlib import Path

from tests.project.sources import ROOT, text_of

_DOCUMENT = text_of(Path("SECURITY.md"))
_PROMISES, _TESTS = (
    dict(re.findall(r"^\| ((?!what\b|---)[^|]+|what (?:is said|is installed)) \| (.+) \|$", part, re.MULTILINE))
    for part in _DOCUMENT.split("### The tests")
)


def test_every_promise_names_its_tests() -> None:
    assert len(_PROMISES) > 5
    assert list(_TESTS) == list(_PROMISES)


def test_the_tests_exist() -> None:
    named = re.findall(r"`(tests/[\w/.]+)::(\w+)`", _DOCUMENT)
    assert len(named) > len(_PROMISES)
    assert [name for path, name in named if f"def {name}(" not in (ROOT / path).read_text()] == []


def test_the_rows_of_chaos_exist() -> None:
    rows = {name.replace("_", "-") for path in (ROOT / "chaos").glob("*.py") for name in _functions(path)}
    named = re.findall(r"chaos `([\w-]+)`", _DOCUMENT)
    assert named
    assert [name for name in named if name not in rows] == []


def _functions(path: Path) -> list[str]:
    return re.findall(r"^async def ([a-z]\w*)\(\) -> Outcome:", path.read_text(), re.MULTILINE)
