"""The process that does a costly check: what it reads and writes, and that it ends when it needs too much."""

import json
import os
import subprocess
import sys
from typing import Any

from tests.adaptation.reply.test_schema_check import RECURSIVE, nested


def run(schema: Any, text: str) -> subprocess.CompletedProcess[bytes]:
    raw = json.dumps(schema).encode()
    return subprocess.run(
        [sys.executable, "-m", "claude_code_proxy.server.process.check_worker"],
        input=b"%d\n" % len(raw) + raw + text.encode(),
        env={"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        check=False,
        timeout=120,
    )


def test_what_is_wrong_or_nothing() -> None:
    schema = {"type": "object", "properties": {"a\n": {"type": "string"}}}
    done = run(schema, '{"a\\n": 1}')
    assert (done.returncode, done.stdout) == (0, b'at /a\n: 1 is not of type "string".')
    done = run(schema, '{"a\\n": "x"}')
    assert (done.returncode, done.stdout) == (0, b"")


def test_a_check_that_needs_much_memory_ends_the_process() -> None:
    assert run(RECURSIVE["one"], nested(30, "1")).returncode != 0
