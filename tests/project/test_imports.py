"""Imports run one way, and what is pure stays pure: the contracts of pyproject.toml, and what they cannot express."""

import ast
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from grimp import ImportGraph, build_graph
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.project.sources import PACKAGE, ROOT, modules, parsed

PURE = ("messages", "models", "endpoints", "adaptation")
CLOCK = {"now", "utcnow", "today"}
SHARED = "openai"  # no API, but what the OpenAI-shaped ones have in common
WORLD = {"open", "print", "input", "breakpoint"}


@pytest.fixture(scope="module")
def graph() -> ImportGraph:
    return build_graph("claude_code_proxy", cache_dir=None)


def test_the_contracts_hold() -> None:
    """In a process of its own: the linter sets up logging for itself."""
    lint = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache", "--no-logo"]
    done = subprocess.run(
        lint, cwd=ROOT, env={"PYTHONPATH": str(ROOT / "src")}, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("parent", ["endpoints", "upstreams"])
def test_neighbours_do_not_know_each_other(graph: ImportGraph, parent: str) -> None:
    """Each folder in `endpoints` is one API, each in `upstreams` one place; what they share stands beside them."""
    rooms = [path.name for path in (PACKAGE / parent).iterdir() if (path / "__init__.py").exists()]
    folders = [name for name in rooms if name != SHARED]
    assert folders
    crossings = [
        f"{importer} imports {imported}"
        for importer in folders
        for imported in folders
        if importer != imported
        and graph.chain_exists(
            importer=f"claude_code_proxy.{parent}.{importer}",
            imported=f"claude_code_proxy.{parent}.{imported}",
            as_packages=True,
        )
    ]
    assert crossings == []


@pytest.mark.parametrize("module", [path for path in modules() if path.parts[0] in PURE], ids=str)
def test_the_pure_half_reads_no_clock_and_touches_no_file(module: Path) -> None:
    calls = [node.func for node in ast.walk(parsed(PACKAGE / module)) if isinstance(node, ast.Call)]
    named = {call.attr for call in calls if isinstance(call, ast.Attribute)} & CLOCK
    plain = {call.id for call in calls if isinstance(call, ast.Name)} & WORLD
    assert named | plain == set()


@pytest.mark.parametrize("module", [path for path in modules() if path != Path("settings/load.py")], ids=str)
def test_only_the_settings_read_the_environment(module: Path) -> None:
    reads = [
        node.lineno
        for node in ast.walk(parsed(PACKAGE / module))
        if (isinstance(node, ast.Attribute) and node.attr in {"environ", "environb", "getenv"})
        or (isinstance(node, ast.alias) and node.name in {"environ", "environb", "getenv"})
    ]
    assert reads == []


def test_the_package_imports_only_what_it_declares() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = _names(project["dependencies"])
    extras = {name for lines in project["optional-dependencies"].values() for name in _names(lines)}
    roots = {name for module in modules() for name in _imported_roots(module)} - sys.stdlib_module_names
    distributions = packages_distributions()
    used = {
        canonicalize_name(name) for root in roots - {"claude_code_proxy"} for name in distributions.get(root, [root])
    }
    assert used - extras - _STANDARD_LATER == declared


_STANDARD_LATER = {"compression"}  # of the standard library from Python 3.14 on


def _imported_roots(module: Path) -> set[str]:
    imports = list(ast.walk(parsed(PACKAGE / module)))
    plain = {alias.name.split(".")[0] for node in imports if isinstance(node, ast.Import) for alias in node.names}
    return plain | {node.module.split(".")[0] for node in imports if isinstance(node, ast.ImportFrom) and node.module}


def _names(requirements: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(line).name) for line in requirements}
