"""A state file that another process has locked: the whole proxy answers, every time and at once."""

import asyncio
import json
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.server.exchange.test_thinking_loop import TOOL
from tests.server.server_process import Process, process
from tests.state.sqlite.locking import locked

NOBODY = "http://127.0.0.1:9"
SECONDS = 3.0  # far more than a request waits for its state, even on a busy machine


async def turn(proxy: Process, number: int, *, stream: bool = False) -> tuple[int, float]:
    """Ask for a step of a task whose thinking is kept; return status and seconds."""
    body: dict[str, Any] = {
        "model": "claude-opus-5",
        "stream": stream,
        "tools": [TOOL],
        "reasoning_effort": "high",
        "messages": [{"role": "user", "content": f"Use look_up for each part of {number}. steps: 12"}],
    }
    begun = time.monotonic()
    async with proxy.client() as client:
        await client.post(body)
        reply = await client.reply()
    assert reply.status == 200, json.dumps(reply.json)
    return reply.status, time.monotonic() - begun


@pytest.mark.parametrize("workers", [1, 2])
async def test_no_request_waits_for_it_or_fails(tmp_path: Path, workers: int) -> None:
    state = tmp_path / "state"
    async with process(NOBODY, tmp_path, UPSTREAM="simulated", STATE_DIR=state, WORKERS=workers) as proxy:
        await turn(proxy, 0)
        with locked(state / "state.db"):
            seconds = [(await turn(proxy, number, stream=number % 2 == 0))[1] for number in range(1, 9)]
            together = await asyncio.gather(*(turn(proxy, 100 + number, stream=True) for number in range(12)))
            assert max(seconds) < SECONDS
            assert max(each for _, each in together) < SECONDS
        await turn(proxy, 200)
        proxy.signal(signal.SIGTERM)
        assert await proxy.ended(seconds=30) == 0
    with closing(sqlite3.connect(state / "state.db")) as file:
        assert file.execute("select count(*) from kept_thinking").fetchone()[0] > 0, "nothing was there to be kept"
