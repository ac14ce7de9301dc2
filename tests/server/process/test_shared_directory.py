"""The directory of the workers goes with the last of them, or with the next start."""

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from claude_code_proxy.server.process.shared_directory import shared_directory
from tests.server.scripted_upstream import ScriptedUpstream
from tests.server.server_process import process


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path) -> Iterator[Path]:
    before, tempfile.tempdir = tempfile.tempdir, str(tmp_path)
    yield tmp_path
    tempfile.tempdir = before


def abandoned(parent: Path, name: str = "claude-code-proxy-old") -> Path:
    path = parent / name
    path.mkdir(mode=0o700)
    (path / "worker-0").write_bytes(b"counts")
    (path / "lock").touch()
    return path


def test_it_is_for_its_owner_alone_and_goes_at_the_end(temporary: Path) -> None:
    with shared_directory() as path:
        assert path.parent == temporary
        assert path.stat().st_mode & 0o777 == 0o700
    assert list(temporary.iterdir()) == []


def test_a_start_removes_what_nobody_holds_and_nothing_else(temporary: Path) -> None:
    old, other = abandoned(temporary), abandoned(temporary, "another-program")
    link = temporary / "claude-code-proxy-link"
    link.symlink_to(other)
    with shared_directory() as first, shared_directory() as second:
        assert not old.exists()
        assert first.exists()
        assert second.exists()
        assert (other / "worker-0").exists(), "a link is not followed"


def test_a_child_that_outlives_the_parents_lock_still_holds_it(temporary: Path) -> None:
    reading, writing = os.pipe()
    with shared_directory() as path:
        child = os.fork()
        if child == 0:
            os.close(writing)
            os.read(reading, 1)
            os._exit(0)
        path.rename(temporary / "claude-code-proxy-kept")  # so that it is there after this process has let it go
    os.close(reading)
    with shared_directory():
        assert (temporary / "claude-code-proxy-kept").exists()
    os.close(writing)
    os.waitpid(child, 0)
    with shared_directory():
        assert not (temporary / "claude-code-proxy-kept").exists()


async def test_a_server_that_was_killed_leaves_nothing_for_long(
    upstream: ScriptedUpstream, tmp_path: Path, temporary: Path
) -> None:
    left = abandoned(temporary)
    async with process(upstream.url, tmp_path, WORKERS=2, TMPDIR=temporary) as proxy:
        (own,) = temporary.glob("claude-code-proxy-*")
        assert own != left
        for pid in (proxy.pid, *proxy.workers()):
            os.kill(pid, signal.SIGKILL)
        await proxy.ended()
        assert own.exists()
    async with process(upstream.url, tmp_path, WORKERS=2, TMPDIR=temporary) as proxy:
        assert not own.exists()
        assert len(list(temporary.glob("claude-code-proxy-*"))) == 1
        proxy.signal(signal.SIGTERM)
        assert await proxy.ended() == 0
    assert list(temporary.glob("claude-code-proxy-*")) == []
