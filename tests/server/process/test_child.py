"""A module in a process of its own: its output, its failures, and that it is gone afterwards."""

import asyncio
import os
from pathlib import Path

import pytest

from claude_code_proxy.server.process.child import ChildFailed, run_child

ENDLESS = "tests.server.process.endless"


def now() -> float:
    return asyncio.get_running_loop().time()


async def process_in(path: Path) -> int:
    """Wait until the endless program has said which process it is."""
    async with asyncio.timeout(60):
        while not path.exists() or not path.read_text():
            await asyncio.sleep(0.02)
    return int(path.read_text())


def is_gone(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


async def test_the_output_is_returned() -> None:
    assert await run_child("json.tool", [b'{"a":', b"1}"], deadline=now() + 60) == b'{\n    "a": 1\n}\n'


@pytest.mark.parametrize("module", ["json.tool", "no.such.module"])
async def test_an_exit_status_is_a_failure(module: str) -> None:
    with pytest.raises(ChildFailed):
        await run_child(module, [b"{"], deadline=now() + 60)


async def test_a_process_that_takes_too_long_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "process"
    with pytest.raises(ChildFailed):
        await run_child(ENDLESS, [str(path).encode()], deadline=now() + 5)
    assert not path.exists() or is_gone(int(path.read_text()))


async def test_a_process_that_nobody_waits_for_any_more_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "process"
    task = asyncio.create_task(run_child(ENDLESS, [str(path).encode()], deadline=now() + 600))
    process = await process_in(path)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert is_gone(process)
