"""`make demo`: one command, no key, a conversation, exit code 0, whatever the machine has set."""

import io
import os
import subprocess
import sys
from pathlib import Path

from examples.demo import demo
from tests.project.sources import ROOT

HOSTILE = {
    "ANTHROPIC_API_KEY": "sk-ant-test",
    "ANTHROPIC_API_BASE": "http://127.0.0.1:9",
    "PROXY_API_KEY": "key-of-a-caller",
    "STRICT": "true",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "OPENAI_BASE_URL": "http://127.0.0.1:9",
    "OPENAI_API_KEY": "sk-test",
}


def test_it_ends_well_whatever_the_machine_has_set(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": "src", "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [sys.executable, "-m", "examples.demo"],
        cwd=ROOT,
        env=environment | HOSTILE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("✓") == 8
    assert "Traceback" not in done.stdout


async def test_it_leaves_nothing_running() -> None:
    out = io.StringIO()
    assert await demo(out, pace=0)
    assert "http://127.0.0.1:" in out.getvalue()
