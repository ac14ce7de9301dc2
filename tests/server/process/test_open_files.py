"""The limit of open files, raised in a process of its own, and what it means for the upstream."""

import asyncio
import json
import logging
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from claude_code_proxy.server.process.open_files import ShortageReport, client_connections, upstream_connections
from tests.cli.processes import started

ROOT = Path(__file__).parents[3]
RAISE = """
import json, resource, sys
from claude_code_proxy.server.process.open_files import raise_limit
soft, hard = map(int, sys.argv[1:])
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
print(json.dumps([raise_limit(), *resource.getrlimit(resource.RLIMIT_NOFILE)]))
"""
WITH_256 = """
import resource, runpy, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))
sys.argv[:] = ["claude-code-proxy", "--port", "0"]
runpy.run_module("claude_code_proxy", run_name="__main__", alter_sys=True)
"""
BODY = json.dumps({"model": "claude-haiku-4-5", "stream": True, "messages": [{"role": "user", "content": "Hello"}]})


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


@pytest.mark.parametrize("files", [1_048_576, 4096, 256])
def test_what_the_upstream_leaves_is_for_clients(files: int) -> None:
    clients = client_connections(files)
    assert clients >= upstream_connections(files, 1)
    assert clients + upstream_connections(files, 1) + 64 <= files


def test_a_shortage_is_told_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    times = iter([5.0, 6.0, 64.9, 65.0])
    report = ShortageReport(96, lambda: next(times))
    with caplog.at_level(logging.WARNING):
        for _ in range(4):
            report()
    assert len(caplog.messages) == 2
    assert "96 clients" in caplog.messages[0]


def test_400_clients_of_a_server_with_256_descriptors_are_all_answered(tmp_path: Path) -> None:
    with started(tmp_path, "simulate", "--port", "0") as (_, upstream):
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "PYTHONPATH": str(ROOT / "src"),
            "ANTHROPIC_API_BASE": upstream.removesuffix("/v1"),
            "ANTHROPIC_API_KEY": "sk-ant-test-5512",
            "LOG_FORMAT": "json",
        }
        with (tmp_path / "log").open("wb") as log:
            process = subprocess.Popen([sys.executable, "-c", WITH_256], env=environ, stdout=log, stderr=log)
        try:
            port = asyncio.run(printed_port(tmp_path / "log"))
            replies = asyncio.run(ask_all(port, 400))
        finally:
            process.kill()
            process.wait(20)
    assert [reply[:15] for reply in replies] == [b"HTTP/1.1 200 OK"] * 400
    assert all(b"data: [DONE]" in reply for reply in replies)
    assert (tmp_path / "log").read_text().count("raise ulimit -n") in {2, 3}  # with the one about MAX_CONCURRENT


async def printed_port(log: Path) -> int:
    async with asyncio.timeout(20):
        while (found := re.search(r"http://127\.0\.0\.1:(\d+)/v1", log.read_text())) is None:
            await asyncio.sleep(0.05)
    return int(found[1])


async def ask_all(port: int, clients: int) -> list[bytes]:
    """Connect all of them, and only then ask."""
    async with asyncio.timeout(100):
        streams = await asyncio.gather(*(asyncio.open_connection("127.0.0.1", port) for _ in range(clients)))
        for _, writer in streams:
            head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(BODY)}\r\n"
            writer.write(f"{head}Connection: close\r\n\r\n{BODY}".encode())
        replies = await asyncio.gather(*(reader.read() for reader, _ in streams))
        for _, writer in streams:
            writer.close()
        return replies
