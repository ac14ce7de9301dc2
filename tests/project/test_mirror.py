"""Tests mirror the package: `src/claude_code_proxy/a/b.py` is covered by `tests/a/test_b.py`."""

import ast
from pathlib import Path

import pytest

from tests.project.sources import PACKAGE, ROOT, modules, parsed
from tools import coverage_by_file

COVERED_ELSEWHERE = {
    "upstreams/upstream.py": "the seam is types alone: each upstream's tests are its tests",
    "__main__.py": "tests/proxy_process.py starts every proxy of the client tests with it",
}


@pytest.mark.parametrize("module", modules(), ids=str)
def test_each_module_has_its_tests(module: Path) -> None:
    if str(module) in COVERED_ELSEWHERE or _only_hands_on(PACKAGE / module):
        assert not _test_file(module).exists(), "no longer an exception"
        return
    assert _test_file(module).is_file(), f"{_test_file(module).relative_to(ROOT)} is missing"


def test_every_exception_is_a_module() -> None:
    assert {name for name in COVERED_ELSEWHERE if not (PACKAGE / name).exists()} == set()


def test_every_exception_to_coverage_is_a_module() -> None:
    assert {name for name in coverage_by_file.EXCEPTIONS if not (PACKAGE / name).exists()} == set()


def _test_file(module: Path) -> Path:
    return ROOT / "tests" / module.parent / f"test_{module.stem}.py"


def _only_hands_on(path: Path) -> bool:
    """Return whether a module only re-exports: it has no function and no class of its own."""
    defined = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return path.name == "__init__.py" and not any(isinstance(node, defined) for node in ast.walk(parsed(path)))
