"""Several workers on one port: they share the work and the counts, die and are replaced, and end as one."""

import asyncio
import os
import re
import signal
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.server.doubles import Pipe
from tests.server.process.test_serve import Paced, begun, rest_of
from tests.server.running import ASKED, Reply, eventually, head
from tests.server.scripted_upstream import ScriptedUpstream
from tests.server.server_process import ROOT, Process, process, start


async def ask(proxy: Process) -> Reply:
    async with proxy.client() as client:
        await client.post(ASKED)
        return await client.reply()


async def metric(proxy: Process, name: str) -> float:
    """Add up all series of that name."""
    async with proxy.client() as client:
        await client.send(head("GET", "/metrics", {}))
        page = (await client.reply()).body.decode()
    return sum(float(value) for value in re.findall(rf"^{name}(?:{{.*}})? (\S+)$", page, re.MULTILINE))


async def test_they_share_the_port_and_print_one_start(upstream: ScriptedUpstream, tmp_path: Path) -> None:
    async with process(upstream.url, tmp_path, WORKERS=3) as proxy:
        assert len(proxy.workers()) == 3
        replies = [await ask(proxy) for _ in range(60)]
        assert {reply.status for reply in replies} == {200}
        served_by = {reply.headers["x-request-id"][:16] for reply in replies}
        assert len(served_by) > 1, "sixty connections, and all to one worker"
        assert proxy.output.count(b" listens on ") == 1


async def test_the_totals_are_right_whoever_is_asked(upstream: ScriptedUpstream, tmp_path: Path) -> None:
    async with process(upstream.url, tmp_path, WORKERS=2) as proxy:
        for _ in range(30):
            await ask(proxy)
        for _ in range(6):
            assert await metric(proxy, "claude_proxy_requests_total") == 30
            assert await metric(proxy, "claude_proxy_tokens_total") == 30 * (25 + 12)
            assert await metric(proxy, "claude_proxy_workers") == 2


async def test_open_streams_are_counted_together(upstream: ScriptedUpstream, tmp_path: Path) -> None:
    paced = Paced()
    upstream.answers(paced)
    async with process(upstream.url, tmp_path, WORKERS=2) as proxy:

        async def one() -> None:
            async with proxy.client() as client:
                await rest_of(client, await begun(client))

        streams = [asyncio.create_task(one()) for _ in range(12)]
        await eventually(lambda: len(upstream.calls) == 12)
        await asyncio.sleep(0.1)
        assert await metric(proxy, "claude_proxy_open_streams") == 12
        paced.go_on.set()
        await asyncio.gather(*streams)
        assert await metric(proxy, "claude_proxy_open_streams") == 0
        assert await metric(proxy, "claude_proxy_requests_total") == 12


async def test_one_that_dies_is_replaced_and_what_it_counted_stays(upstream: ScriptedUpstream, tmp_path: Path) -> None:
    async with process(upstream.url, tmp_path, WORKERS=2) as proxy:
        for _ in range(20):
            await ask(proxy)
        assert await metric(proxy, "claude_proxy_requests_total") == 20
        first, second = proxy.workers()
        os.kill(first, signal.SIGKILL)
        await proxy.says(b"was ended by SIGKILL")
        assert (await ask(proxy)).status == 200, "the other one goes on"
        await eventually(lambda: len(proxy.workers()) == 2 and first not in proxy.workers())
        assert second in proxy.workers()
        await asyncio.sleep(0.5)
        for _ in range(20):
            assert (await ask(proxy)).status == 200
        assert await metric(proxy, "claude_proxy_requests_total") == 41
        assert await metric(proxy, "claude_proxy_workers") == 2


@pytest.mark.parametrize("frozen", ["it was stopped", "it computes"])
async def test_one_that_does_not_answer_is_replaced_and_the_log_says_why(
    upstream: ScriptedUpstream, tmp_path: Path, frozen: str
) -> None:
    async with process(upstream.url, tmp_path, WORKERS=2, **computing_on_signal(tmp_path)) as proxy:
        victim, other = proxy.workers()
        os.kill(victim, signal.SIGSTOP if frozen == "it was stopped" else signal.SIGWINCH)
        await proxy.says(f"({frozen}) and is killed".encode(), seconds=40)
        await eventually(lambda: len(proxy.workers()) == 2 and victim not in proxy.workers(), seconds=20)
        assert other in proxy.workers(), "one that answers stays"
        assert re.search(rb"worker 1 has not answered for 1\d s", proxy.errors)
        assert {(await ask(proxy)).status for _ in range(20)} == {200}


def computing_on_signal(home: Path) -> dict[str, Any]:
    """Return the environment of a server whose processes compute without end once they get SIGWINCH."""
    (home / "sitecustomize.py").write_text(
        "import signal, itertools\nsignal.signal(signal.SIGWINCH, lambda *_: sum(itertools.repeat(1)))\n"
    )
    return {"PYTHONPATH": f"{home}:{ROOT / 'src'}"}


async def test_after_all_of_them_were_stopped_nobody_is_killed(upstream: ScriptedUpstream, tmp_path: Path) -> None:
    """As when a machine sleeps, or a container is paused."""
    async with process(upstream.url, tmp_path, WORKERS=2) as proxy:
        workers = proxy.workers()
        for pid in [proxy.pid, *workers]:
            os.kill(pid, signal.SIGSTOP)
        await asyncio.sleep(13)
        for pid in [proxy.pid, *workers]:
            os.kill(pid, signal.SIGCONT)
        await asyncio.sleep(2)
        assert proxy.workers() == workers
        assert {(await ask(proxy)).status for _ in range(20)} == {200}
        assert b"has not answered" not in proxy.errors


async def test_a_standard_error_that_nobody_reads_stops_nothing(upstream: ScriptedUpstream, tmp_path: Path) -> None:
    """Neither a server that has something to say at its start, nor one that replaces a worker."""
    with Pipe() as pipe:
        os.set_blocking(pipe.writing, False)
        with suppress(BlockingIOError):
            while True:
                os.write(pipe.writing, b"x" * 4096)
        os.set_blocking(pipe.writing, True)
        warned = {"MAX_CONCURRENT": 10_000_000, "WORKERS": 2}
        async with process(upstream.url, tmp_path, stderr=pipe.writing, **warned) as proxy:
            victim, _ = proxy.workers()
            os.kill(victim, signal.SIGKILL)
            await eventually(lambda: len(proxy.workers()) == 2 and victim not in proxy.workers(), seconds=20)
            assert {(await ask(proxy)).status for _ in range(20)} == {200}
            proxy.signal(signal.SIGTERM)
            assert await proxy.ended(seconds=30) == 0


async def test_a_worker_that_keeps_dying_is_given_time(upstream: ScriptedUpstream, tmp_path: Path) -> None:
    async with process(upstream.url, tmp_path, WORKERS=2) as proxy:
        stays, victim = proxy.workers()
        for last_error in (b"SIGKILL; it is replaced in 0.5 s", b"SIGKILL; it is replaced in 1.0 s"):
            os.kill(victim, signal.SIGKILL)
            await proxy.says(b"worker 2 was ended by " + last_error)
            await eventually(lambda: len(proxy.workers()) == 2)
            victim = next(pid for pid in proxy.workers() if pid != stays)
        assert b"Traceback" not in proxy.errors


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_they_end_as_one(upstream: ScriptedUpstream, tmp_path: Path, number: signal.Signals) -> None:
    paced = Paced()
    upstream.answers(paced)
    async with process(upstream.url, tmp_path, WORKERS=2) as proxy, proxy.client() as client:
        workers = proxy.workers()
        reply = await begun(client)
        for pid in [*workers, proxy.pid] if number == signal.SIGINT else [proxy.pid]:  # a terminal tells all
            os.kill(pid, number)
        await proxy.stopped_accepting()
        await asyncio.sleep(0.3)
        assert proxy.running
        paced.go_on.set()
        await rest_of(client, reply)
        assert reply.ended
        assert await proxy.ended(seconds=10) == 0
        assert all(map(_ended, workers))
        assert proxy.left_behind == []


async def test_a_second_signal_ends_them_at_once(upstream: ScriptedUpstream, tmp_path: Path) -> None:
    upstream.answers(Paced())
    async with process(upstream.url, tmp_path, WORKERS=2, DRAIN_SECONDS=60) as proxy, proxy.client() as client:
        reply = await begun(client)
        proxy.signal(signal.SIGTERM)
        await proxy.stopped_accepting()
        proxy.signal(signal.SIGTERM)
        assert await proxy.ended(seconds=10) == 0
        assert not (await rest_of(client, reply)).ended


async def test_they_end_when_the_parent_is_gone(upstream: ScriptedUpstream, tmp_path: Path) -> None:
    async with process(upstream.url, tmp_path, WORKERS=2) as proxy:
        workers = proxy.workers()
        proxy.signal(signal.SIGKILL)
        await eventually(lambda: all(_ended(pid) for pid in workers))


async def test_an_address_that_is_taken_is_told_once(upstream: ScriptedUpstream, tmp_path: Path) -> None:
    async with process(upstream.url, tmp_path, WORKERS=2) as proxy:
        second = await start(upstream.url, tmp_path, port=proxy.port, WORKERS=2)
        assert await second.ended() == 1
        assert second.errors.count(b"\n") == 1
        assert b"Address already in use" in second.errors


async def test_what_keeps_all_of_them_from_serving_is_told_once(upstream: ScriptedUpstream, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    proxy = await start(upstream.url, tmp_path, WORKERS=3, STATE_DIR=tmp_path / "file" / "below")
    assert await proxy.ended() == 1
    assert proxy.errors.startswith(b"claude-code-proxy: STATE_DIR: ")
    assert proxy.errors.count(b"\n") == 1


def _ended(pid: int) -> bool:
    """Gone, or as good as: nobody here waits for a child of somebody else's."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


async def test_what_one_worker_keeps_another_one_finds(upstream: ScriptedUpstream, tmp_path: Path) -> None:
    """A request that is sent at once after the last event finds its response, whichever worker it reaches."""
    async with process(upstream.url, tmp_path, WORKERS=2) as proxy:
        previous: str | None = None
        for _ in range(12):  # each on a connection of its own
            async with proxy.client() as client:
                fields = {"model": "claude-sonnet-4-6", "input": "Hi.", "previous_response_id": previous}
                await client.post(fields, path="/v1/responses")
                made = await client.reply()
            assert made.status == 200, made.body
            previous = made.json["id"]
        assert len(upstream.calls[-1].json["messages"]) == 23
