"""A proxy in a process of its own, for tests that need what a user starts: the console command and a real socket."""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent
_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/v1")
_SECONDS = 30


@contextmanager
def running_proxy(home: Path, *flags: str, settings: Mapping[str, str] | None = None) -> Iterator[str]:
    """Return the address of a proxy started on a free port. `settings` are those that are no flags.

    A traceback in its output fails the test, and so does a bad end.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "claude_code_proxy", "--port", "0", *flags],
        cwd=home,
        env={**_environment(home), **(settings or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    output = _Output(process)
    try:
        yield output.address()
    finally:
        process.terminate()
        code = process.wait(timeout=_SECONDS)
        text = output.text()
    assert "Traceback" not in text, text
    assert code == 0, text


def _environment(home: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "CLAUDE_CONFIG_DIR": str(home / ".claude"),
        "PYTHONPATH": str(ROOT / "src"),
        "PYTHONUNBUFFERED": "1",
    }


class _Output:
    """Reads all that the process prints, so that it never blocks on a full pipe."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._lines: list[str] = []
        self._address = ""
        self._known = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def address(self) -> str:
        self._known.wait(_SECONDS)
        if not self._address:
            self._process.kill()
            message = f"the proxy did not say where it listens:\n{self.text()}"
            raise RuntimeError(message)
        return self._address

    def text(self) -> str:
        if self._process.poll() is not None:
            self._reader.join(_SECONDS)
        return "".join(self._lines)

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as stream:
            for line in stream:
                self._lines.append(line)
                if not self._address and (match := _ADDRESS.search(line)):
                    self._address = match.group()
                    self._known.set()
        self._known.set()
