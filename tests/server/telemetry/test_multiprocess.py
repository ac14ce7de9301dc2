"""Totals of several workers: right, never smaller than before, and not lost with a worker."""

import asyncio
import os
import socket
import subprocess
import sys
from pathlib import Path

from claude_code_proxy.server.telemetry.counters import Counts, Gauges, Series, Totals, encode
from claude_code_proxy.server.telemetry.multiprocess import SharedCounts

KEY = ("chat_completions", "claude-sonnet-4-6", 200, "answered", False)


def counts(requests: int, *, pid: int | None = None, streams: int = 0) -> Counts:
    totals = Totals({KEY: Series(requests)})
    return Counts(totals, Gauges(open_streams=streams), os.getpid() if pid is None else pid)


def ended_pid() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


async def test_the_others_are_added(tmp_path: Path) -> None:
    first, second, third = (SharedCounts(tmp_path, slot) for slot in range(3))
    second.write(counts(10, streams=2))
    third.write(counts(100, streams=3))
    ours = counts(1, streams=1)
    total = await first.sum_of_all(ours)
    assert total.totals.series[KEY].requests == 111
    assert total.gauges == Gauges(open_streams=6, workers=3)
    assert ours == counts(1, streams=1), "what is counted on must stay our own"


async def test_what_one_has_told_the_next_one_tells_too(tmp_path: Path) -> None:
    first, second = SharedCounts(tmp_path, 0), SharedCounts(tmp_path, 1)
    second.write(counts(10))
    assert (await first.sum_of_all(counts(5))).totals.series[KEY].requests == 15
    assert (await second.sum_of_all(counts(10))).totals.series[KEY].requests == 15


async def test_the_others_are_asked_for_the_latest(tmp_path: Path) -> None:
    other = counts(10)
    keeping = asyncio.create_task(SharedCounts(tmp_path, 1).keep(lambda: other))
    await asyncio.sleep(0.05)
    other.totals.series[KEY].requests = 11
    total = await SharedCounts(tmp_path, 0).sum_of_all(counts(1))
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
    assert total.totals.series[KEY].requests == 12


async def test_another_one_that_does_not_answer_is_not_waited_for(tmp_path: Path) -> None:
    SharedCounts(tmp_path, 1).write(counts(10))
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "worker-1.socket"))
        silent.listen()
        async with asyncio.timeout(2):
            total = await SharedCounts(tmp_path, 0).sum_of_all(counts(1))
    assert total.totals.series[KEY].requests == 11


async def test_a_worker_that_died_counts_but_does_nothing(tmp_path: Path) -> None:
    SharedCounts(tmp_path, 1).write(counts(10, pid=ended_pid(), streams=7))
    total = await SharedCounts(tmp_path, 0).sum_of_all(counts(1))
    assert total.totals.series[KEY].requests == 11
    assert total.gauges == Gauges(workers=1)


def test_its_place_is_taken_with_what_it_left(tmp_path: Path) -> None:
    SharedCounts(tmp_path, 1).write(counts(10))
    assert SharedCounts(tmp_path, 1).inherited().series[KEY].requests == 10
    assert SharedCounts(tmp_path, 2).inherited() == Totals()


async def test_a_damaged_file_is_as_good_as_none(tmp_path: Path) -> None:
    (tmp_path / "worker-1").write_bytes(b"rubbish")
    (tmp_path / "worker-2").write_bytes(encode(counts(3))[:-1])
    assert (await SharedCounts(tmp_path, 0).sum_of_all(counts(1))).totals.series[KEY].requests == 1
    assert SharedCounts(tmp_path, 1).inherited() == Totals()


def test_what_has_not_changed_is_not_written_again(tmp_path: Path) -> None:
    share = SharedCounts(tmp_path, 0)
    share.write(counts(1))
    before = (tmp_path / "worker-0").stat().st_ino
    share.write(counts(1))
    assert (tmp_path / "worker-0").stat().st_ino == before
    share.write(counts(2))
    assert (tmp_path / "worker-0").stat().st_ino != before
    assert [path.name for path in tmp_path.iterdir()] == ["worker-0"]
