"""The simulator judges by itself: it shares nothing with the proxy but the HTTP server and the errors."""

import ast
import sys
from pathlib import Path

import pytest

from claude_code_proxy import simulator

FOLDER = Path(simulator.__file__).parent
MODULES = sorted(FOLDER.rglob("*.py"))
OWN = "claude_code_proxy.simulator"
SHARED = ("claude_code_proxy.http1.server", "claude_code_proxy.errors", OWN)
LIBRARIES = {"msgspec", "jsonschema_rs"}


def imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            found.add(node.module or "")
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_imports(path: Path) -> None:
    foreign = {
        name
        for name in imported(path)
        if name.split(".")[0] not in sys.stdlib_module_names | LIBRARIES and not name.startswith(SHARED)
    }
    assert foreign == set()
