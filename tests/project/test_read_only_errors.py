"""No field of an error is changed after it is made: where more becomes known, `replace` makes another error."""

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest

from claude_code_proxy import errors
from tests.project.sources import PACKAGE, functions, modules, parsed

CLASSES = {name for name, value in vars(errors).items() if inspect.isclass(value) and issubclass(value, Exception)}


def _names_an_error(annotation: ast.expr | None) -> bool:
    return annotation is not None and any(
        isinstance(node, ast.Name) and node.id in CLASSES for node in ast.walk(annotation)
    )


def _makes_an_error(value: ast.expr) -> bool:
    return isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id in CLASSES


def _errors_in(function: ast.AST) -> Iterator[str]:
    """Yield the names that hold an error: parameters, what was caught, and what was just made."""
    for node in ast.walk(function):
        match node:
            case ast.arg(arg=name, annotation=annotation) if _names_an_error(annotation):
                yield name
            case ast.ExceptHandler(name=str(name)):
                yield name
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if _makes_an_error(value):
                yield name


def assigned(tree: ast.Module) -> list[str]:
    """Each assignment to a public field of an error, as `line: name.field`."""
    found = set()
    for function in functions(tree):
        names = set(_errors_in(function))
        for node in ast.walk(function):
            match node:
                case ast.Attribute(value=ast.Name(id=name), attr=field, ctx=ast.Store() | ast.Del()):
                    if name in names and not field.startswith("__"):
                        found.add(f"{node.lineno}: {name}.{field}")
    return sorted(found)


@pytest.mark.parametrize("module", modules(), ids=str)
def test_no_field_of_an_error_is_assigned(module: Path) -> None:
    if module != Path("errors.py"):
        assert assigned(parsed(PACKAGE / module)) == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("try: pass\n  except OSError as error: error.param = 1", ["2: error.param"]),
        ("late = UpstreamTimeout('x')\n  late.should_retry = None", ["2: late.should_retry"]),
        ("given.message += 'x'", ["1: given.message"]),
        ("record.status = given.status", []),
        ("given.__cause__ = None", []),
    ],
)
def test_the_check_sees_each_way_to_hold_an_error(body: str, expected: list[str]) -> None:
    tree = ast.parse(f"def f(given: 'int' | ProxyError, record: int) -> None:\n  {body}")
    assert [f"{int(line) - 1}:{rest}" for line, _, rest in (each.partition(":") for each in assigned(tree))] == expected
