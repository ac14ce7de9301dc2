"""The limit of open files, raised in a process of its own, and what it means for the upstream."""

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from claude_code_proxy.server.process.open_files import upstream_connections

ROOT = Path(__file__).parents[3]
RAISE = """
import json, resource, sys
from claude_code_proxy.server.process.open_files import raise_limit
soft, hard = map(int, sys.argv[1:])
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
print(json.dumps([raise_limit(), *resource.getrlimit(resource.RLIMIT_NOFILE)]))
"""


@pytest.mark.parametrize(("soft", "hard"), [(256, 1024), (1024, 1024), (64, 100)])
def test_all_that_the_system_allows(soft: int, hard: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", RAISE, str(soft), str(hard)],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        check=True,
    )
    assert json.loads(done.stdout) == [hard, hard, hard]


@pytest.mark.parametrize(
    ("files", "connections"), [(1_048_576, 10_000), (20_000, 9968), (4096 + 64, 2048), (100, 18), (64, 8), (0, 8)]
)
def test_half_of_them_are_for_the_upstream(files: int, connections: int) -> None:
    assert upstream_connections(files, 1) == connections


def test_too_few_for_the_requests_is_told(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        upstream_connections(4064, 2000)
        assert caplog.messages == []
        upstream_connections(1024, 2000)
    assert "MAX_CONCURRENT is 2000" in caplog.messages[0]
    assert "1024 open files" in caplog.messages[0]
