"""`make coverage`: how much of each source file its own test file covers, and how much all tests cover together.

As a pytest plugin (`-p tools.coverage_by_file`) it measures: each test file is a context of its own, and what an import
runs counts for all of them. As a program it runs the tests with the plugin, and reports. A file of which its own tests
cover less than `LEAST` per cent fails, unless `EXCEPTIONS` says why.

What runs in a process of its own (a server that a test starts as a command) is not measured.

`--room adaptation/schemas` runs the tests of one room alone, and reports its files with the lines they miss.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import coverage
import pytest

LEAST = 95.0
_STARTED = "its tests start it as a command, and what runs in a process of its own is not measured"
_EXTRA = "what it does with the Agent SDK, an extra, is tested where that is installed"
EXCEPTIONS: dict[str, str] = {
    "__main__.py": _STARTED,
    "cli/loop.py": _STARTED,
    "cli/main.py": _STARTED,
    "cli/serve.py": _STARTED,
    "cli/simulate.py": _STARTED,
    "credentials/claude_command.py": _EXTRA,
    "credentials/renewal_process.py": _EXTRA,
    "server/login_service.py": _EXTRA,
    "server/process/open_files.py": _STARTED,
    "server/process/serve.py": _STARTED,
    "server/process/signals.py": _STARTED,
    "server/process/worker.py": _STARTED,
    "server/process/workers.py": _STARTED,
    "upstreams/claude_code/sdk.py": _EXTRA,
    "upstreams/claude_code/session.py": _EXTRA,
}
SEAMS = {  # an engine of the state is also tested by the suite of its seam, which runs against every engine
    "state/memory.py": "tests/state/test_thinking_store.py",
    "state/memory_conversations.py": "tests/state/test_conversation_store.py",
    "state/memory_replies.py": "tests/state/test_reply_store.py",
    "state/sqlite/conversations.py": "tests/state/test_conversation_store.py",
    "state/sqlite/replies.py": "tests/state/test_reply_store.py",
    "state/sqlite/thinking.py": "tests/state/test_thinking_store.py",
}

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "claude_code_proxy"
DATA = ROOT / ".cache" / "coverage"
_MEASURES = "MEASURE_COVERAGE"  # set for the test run alone, so that importing this module measures nothing


def _measurement(*, data_suffix: bool = False) -> coverage.Coverage:
    measured = coverage.Coverage(
        str(DATA / "data"),
        config_file=False,
        branch=True,
        source=[str(PACKAGE)],
        messages=False,
        data_suffix=data_suffix,
    )
    measured.set_option("run:disable_warnings", ["no-data-collected", "module-not-measured"])
    return measured


if _MEASURES in os.environ:
    _running = _measurement(data_suffix=True)
    _running.exclude(r"if TYPE_CHECKING:")
    _running.start()

    _context = ""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(item: pytest.Item) -> None:
        global _context  # noqa: PLW0603 - a plugin is a module
        context = item.path.relative_to(ROOT).as_posix()
        if context != _context:  # each change writes to the disk
            _running.switch_context(context)
            _context = context

    def pytest_unconfigure() -> None:
        _running.stop()
        _running.save()


def main(arguments: list[str]) -> int:
    """Run the tests, of which `arguments` may choose some; print the report; return the exit code."""
    parser = argparse.ArgumentParser(prog="coverage_by_file")
    parser.add_argument("--room", default="", help="a folder of the package, as `adaptation/schemas`")
    chosen, others = parser.parse_known_args(arguments)
    DATA.mkdir(parents=True, exist_ok=True)
    for path in DATA.glob("data*"):
        path.unlink()
    tests = [sys.executable, "-m", "pytest", "--quiet", "--timeout", "600", "--numprocesses", "auto",
             "--dist", "loadgroup", "-m", "not clients_all and not claude_code and not chart",
             "-p", "tools.coverage_by_file", f"tests/{chosen.room}", *others]  # fmt: skip
    ended = subprocess.run(tests, cwd=ROOT, env={**os.environ, _MEASURES: "1", "PYTHONHASHSEED": "0"}, check=False)
    measured = _measurement()
    measured.combine([str(DATA)])
    return _report(measured, PACKAGE / chosen.room) or ended.returncode


def _report(measured: coverage.Coverage, room: Path) -> int:
    files = sorted(path for path in room.rglob("*.py") if path.read_text(encoding="utf-8").count("\n") > 1)
    failed = 0
    for path in files:
        name = path.relative_to(PACKAGE)
        tests = [f"tests/{name.parent}/test_{name.stem}.py".replace("/./", "/")]
        if seam := SEAMS.get(str(name)):
            tests.append(seam)
        own = _covered(measured, path, contexts=tests)
        reason = EXCEPTIONS.get(str(name))
        wrong = (own.percent < LEAST) is (reason is None)
        failed += wrong
        note = reason or ""
        if wrong:
            note = f"misses {own.missing}" if reason is None else f"{LEAST:g} % or more: no longer an exception"
        of_all = _covered(measured, path).percent
        print(f"{own.percent:6.1f} % own {of_all:6.1f} % all  {name}  {note}".rstrip())
    of_all = _covered(measured, *files).percent
    print(f"\n{of_all:.1f} % of all, by lines and branches; {failed} of {len(files)} files fail")
    return 1 if failed else 0


class Covered(NamedTuple):
    """The covered per cent of some files, and the lines and branches of the first that are not."""

    percent: float
    missing: str


def _covered(measured: coverage.Coverage, *paths: Path, contexts: Sequence[str] | None = None) -> Covered:
    """Return what is covered of these files; with `contexts`, by them and by imports alone."""
    patterns = None if contexts is None else [*(f"^{re.escape(context)}$" for context in contexts), "^$"]
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        try:
            measured.json_report([str(path) for path in paths], contexts=patterns, outfile=file.name)
        except coverage.exceptions.NoDataError:
            return Covered(0.0, "everything")
        report = json.loads(Path(file.name).read_text(encoding="utf-8"))
    first = next(iter(report["files"].values()))
    lines = [str(line) for line in first["missing_lines"]]
    branches = [f"{start}->{end}" for start, end in first["missing_branches"] if start not in first["missing_lines"]]
    return Covered(float(report["totals"]["percent_covered"]), ", ".join(lines + branches))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
