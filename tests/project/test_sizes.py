"""Files stay under 600 lines, functions under 60 lines and seven parameters; complexity and nesting are ruff's part."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.project.sources import PACKAGE, ROOT, Function, functions, modules, parsed, text_of, tracked_files

FILE_LINES = 600
FUNCTION_LINES = 60
PARAMETERS = 6
POSITIONAL = 2

CODE = {".py", ".mjs", ".js", ".sh"}


def test_no_file_is_too_long() -> None:
    lengths = {path: text_of(path).count("\n") for path in tracked_files() if path.suffix in CODE}
    assert {path: lines for path, lines in lengths.items() if lines > FILE_LINES} == {}


def test_no_function_is_too_long() -> None:
    sources = [path for path in tracked_files() if path.suffix == ".py"]
    lengths = {f"{path}:{node.lineno} {node.name}": _lines(node) for path in sources for node in _functions_of(path)}
    assert {where: lines for where, lines in lengths.items() if lines > FUNCTION_LINES} == {}


@pytest.mark.parametrize("module", modules(), ids=str)
def test_parameters_are_few_and_named_after_two(module: Path) -> None:
    crowded = []
    for node in functions(parsed(PACKAGE / module)):
        positional, all_of_them = _parameters(node)
        if all_of_them > PARAMETERS or (positional > POSITIONAL and not _is_dunder(node)):
            crowded.append(f"{module}:{node.lineno} {node.name}: {positional} positional of {all_of_them}")
    assert crowded == []


def _functions_of(path: Path) -> Iterator[Function]:
    return functions(parsed(ROOT / path))


def _lines(node: Function) -> int:
    assert node.end_lineno is not None
    return node.end_lineno - node.lineno + 1


def _parameters(node: Function) -> tuple[int, int]:
    """How many may be given by position, and how many there are; `self` and `cls` do not count."""
    names = [parameter.arg for parameter in [*node.args.posonlyargs, *node.args.args]]
    own = names[:1] in (["self"], ["cls"])
    positional = len(names) - own
    return positional, positional + len(node.args.kwonlyargs)


def _is_dunder(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return node.name.startswith("__") and node.name.endswith("__") and node.name != "__init__"
