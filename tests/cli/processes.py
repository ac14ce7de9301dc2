"""Commands in processes of their own, in an environment that holds nothing but what a test puts there."""

import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).parents[2] / "src"
_SECONDS = 20


@contextmanager
def started(home: Path, *arguments: str, **environ: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """Start the program; yield its process and the first address it prints. Kill it at the end if it still runs."""
    process = subprocess.Popen(
        [sys.executable, "-m", "claude_code_proxy", *arguments],
        env=_environment(home, environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    with process.stdout as output:
        try:
            said = [output.readline()]
            while said[-1] and "http://" not in said[-1]:  # a warning may come before it
                said.append(output.readline())
            found = re.search(r"http://[^\s\"]+", said[-1])
            assert found, "".join(said)
            yield process, found[0]
        finally:
            process.kill()
            process.wait(_SECONDS)


def ended(home: Path, *arguments: str, **environ: str) -> tuple[int, str]:
    """Return the exit code of a command that ends by itself, and all that it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "claude_code_proxy", *arguments],
        env=_environment(home, environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    return done.returncode, done.stdout


def post(url: str, body: object, headers: Mapping[str, str] | None = None) -> tuple[int, Any]:
    """Status and JSON of the answer."""
    request = urllib.request.Request(
        url, json.dumps(body).encode(), {"content-type": "application/json", **(headers or {})}
    )
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def _environment(home: Path, environ: Mapping[str, str]) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "PYTHONPATH": str(SOURCE),
        "PYTHONUNBUFFERED": "1",
        **environ,
    }
