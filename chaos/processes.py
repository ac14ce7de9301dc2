"""The process and its machine: signals, workers, state, full disks, few descriptors, odd outputs."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from chaos.client import Reply, ask, chat, post, verdict
from chaos.proxy import QUICK, Proxy
from chaos.row import Outcome, row, tally
from chaos.upstream import CHUNKED, LAST_CHUNK, SSE, Call, Upstream, good, head, stream
from chaos.wrong_answers import BLOCK, DELTAS, END, ENDING, START, STOP

THEME = "The process and its machine"


async def _paced(call: Call) -> None:
    """Stream for three seconds, or send a whole answer after two."""
    if not call.streams:
        await asyncio.sleep(2)
        await good(call)
        return
    await call.send(head("200 OK", SSE, CHUNKED) + stream([START, BLOCK]))
    for delta in DELTAS:
        await asyncio.sleep(3 / len(DELTAS))
        await call.send(stream([delta]))
    await call.send(stream([STOP, ENDING, END]) + LAST_CHUNK)


def _ask_paced(proxy: Proxy, count: int, *, streams: bool = True) -> list[asyncio.Task[Reply]]:
    request = post(chat("FAULT=paced", stream=streams))
    return [asyncio.create_task(ask(proxy.port, request, seconds=30)) for _ in range(count)]


async def _words(tasks: list[asyncio.Task[Reply]], *, streams: bool = True) -> list[str]:
    return [verdict(reply, stream=streams) for reply in await asyncio.gather(*tasks)]


async def _signalled(
    number: int, *, count: int = 100, streams: bool = True, **settings: object
) -> tuple[list[str], int | None]:
    """Send a signal in the middle of answers: (verdicts, the exit code or None while it runs)."""
    async with Upstream({"paced": _paced}) as upstream, Proxy(upstream.url, settings) as proxy:
        tasks = _ask_paced(proxy, count, streams=streams)
        await asyncio.sleep(1)
        os.kill(proxy.pid, number)
        words = await _words(tasks, streams=streams)
        await asyncio.sleep(1.5)
        assert proxy.process is not None
        return words, proxy.process.poll()


@row(THEME, fault="SIGTERM in the middle of 100 streams", promise="Each is finished; the exit code is 0.")
async def drain() -> Outcome:
    words, code = await _signalled(signal.SIGTERM)
    return Outcome(set(words) == {"whole"} and code == 0, f"{tally(words)}, exit code {code}")


@row(THEME, fault="SIGTERM with a second to drain in the middle of streams", promise="Each gets an error frame.")
async def short_drain() -> Outcome:
    words, code = await _signalled(signal.SIGTERM, DRAIN_SECONDS=1)
    return Outcome(set(words) == {"broken"} and code == 0, f"{tally(words)}, exit code {code}")


@row(THEME, fault="The same in the middle of whole answers", promise="Each gets a 503 with words.")
async def short_drain_of_whole_answers() -> Outcome:
    words, code = await _signalled(signal.SIGTERM, streams=False, DRAIN_SECONDS=0.2)
    return Outcome(set(words) == {"error"} and code == 0, f"{tally(words)}, exit code {code}")


@row(THEME, fault="SIGHUP, SIGUSR1, SIGUSR2, SIGALRM in the middle of streams", promise="The server goes on.")
async def other_signals() -> Outcome:
    numbers = (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM)
    seen = [(number.name, *await _signalled(number, count=20)) for number in numbers]
    kept = all(set(words) == {"whole"} and code is None for _, words, code in seen)
    return Outcome(
        kept, "; ".join(f"{name}: {tally(words)}, {'runs' if code is None else code}" for name, words, code in seen)
    )


async def _with_workers(act: Callable[[Proxy], Awaitable[Outcome]]) -> Outcome:
    async with Upstream({"paced": _paced}) as upstream, Proxy(upstream.url, {"WORKERS": 3, **QUICK}) as proxy:
        return await act(proxy)


@row(
    THEME,
    fault="SIGKILL of one of three workers",
    promise="Its streams break visibly, it is replaced, the others go on.",
)
async def killed_worker() -> Outcome:
    async def act(proxy: Proxy) -> Outcome:
        tasks = _ask_paced(proxy, 60)
        await asyncio.sleep(1)
        worker = proxy.workers()[0]
        os.kill(worker, signal.SIGKILL)
        words = await _words(tasks)
        await asyncio.sleep(1)
        replaced = worker not in proxy.workers() and len(proxy.workers()) == 3
        return Outcome(
            set(words) <= {"whole", "broken", "nothing"} and replaced, f"{tally(words)}; replaced: {replaced}"
        )

    return await _with_workers(act)


@row(THEME, fault="One of three workers is frozen (SIGSTOP)", promise="It is replaced, and the log says why.")
async def frozen_worker() -> Outcome:
    async def act(proxy: Proxy) -> Outcome:
        worker = proxy.workers()[0]
        os.kill(worker, signal.SIGSTOP)
        began = time.monotonic()
        while worker in proxy.workers() and time.monotonic() - began < 40:
            await asyncio.sleep(0.2)
        took = time.monotonic() - began
        await asyncio.sleep(1)
        replies = await asyncio.gather(*(ask(proxy.port, post(chat()), seconds=6) for _ in range(60)))
        words = [verdict(reply, stream=False) for reply in replies]
        return Outcome(took < 40 and set(words) == {"whole"}, f"replaced after {took:.0f} s; then {tally(words)}")

    return await _with_workers(act)


@row(
    THEME,
    fault="SIGKILL of the parent of three workers",
    promise="The workers finish their streams and end; nothing is left.",
)
async def killed_parent() -> Outcome:
    async def act(proxy: Proxy) -> Outcome:
        workers = proxy.workers()
        tasks = _ask_paced(proxy, 30)
        await asyncio.sleep(1)
        os.kill(proxy.pid, signal.SIGKILL)
        words = await _words(tasks)
        await asyncio.sleep(2)
        left = [pid for pid in workers if Path(f"/proc/{pid}").exists()]
        return Outcome(set(words) == {"whole"} and not left, f"{tally(words)}; workers left: {len(left)}")

    return await _with_workers(act)


@row(
    THEME,
    fault="256 descriptors and 400 silent connections",
    promise="Running streams go on; a new request is answered.",
)
async def few_descriptors() -> Outcome:
    wrap = ("sh", "-c", 'ulimit -n 256; exec "$@"', "sh")
    async with Upstream({"paced": _paced}) as upstream, Proxy(upstream.url, {"MAX_RETRIES": 0}, wrap=wrap) as proxy:
        tasks = _ask_paced(proxy, 10)
        await asyncio.sleep(0.5)
        silent = []
        for _ in range(400):
            connection = socket.socket()
            connection.setblocking(False)
            connection.connect_ex(("127.0.0.1", proxy.port))
            silent.append(connection)
        words = await _words(tasks)
        kept = silent[0]
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(kept, post(chat()))
        first = await asyncio.wait_for(loop.sock_recv(kept, 2000), 5)
        for connection in silent:
            connection.close()
    answered = first.startswith(b"HTTP/1.1 200")
    return Outcome(
        set(words) == {"whole"} and answered,
        f"streams: {tally(words)}; a request on an open connection: {first[9:12].decode()}",
    )


@row(THEME, fault="Standard output and error that nobody reads, or that are full", promise="Requests are answered.")
async def unread_output() -> Outcome:
    unread = ("sh", "-c", 'mkfifo unread; sleep 60 <unread & exec "$@" >unread 2>&1', "sh")
    full = ("sh", "-c", 'exec "$@" >/dev/full 2>&1', "sh")
    words = []
    async with Upstream() as upstream:
        for kind in (unread, full):
            async with Proxy(upstream.url, {"LOG_LEVEL": "debug", **QUICK}, wrap=kind) as proxy:
                replies = [await ask(proxy.port, post(chat("x" * 2000)), seconds=5) for _ in range(1500)]
                words += [verdict(reply, stream=False) for reply in replies]
    return Outcome(set(words) == {"whole"}, tally(words))


@row(
    THEME,
    fault="A state directory on a disk that is full after the start",
    promise="No request loses its answer; the log says so.",
)
async def full_disk() -> Outcome:
    folder = Path(tempfile.mkdtemp(prefix="chaos-full-"))
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        shutil.rmtree(folder)
        return Outcome(kept=True, measured="not measured: no file system may be mounted here")
    try:
        return await _asked_with_state(folder)
    finally:
        subprocess.run(["umount", str(folder)], check=False)
        shutil.rmtree(folder)


async def _asked_with_state(folder: Path) -> Outcome:
    function = {"name": "f", "parameters": {"type": "object", "properties": {}}}
    request = post(chat("x" * 500, tools=[{"type": "function", "function": function}], reasoning_effort="low"))
    async with Upstream() as upstream, Proxy(upstream.url, {"STATE_DIR": folder, **QUICK}) as proxy:
        with suppress(OSError), (folder / "filler").open("wb", buffering=0) as filler:
            while filler.write(bytes(4096)):
                pass
        replies = [await ask(proxy.port, request) for _ in range(300)]
        words = [verdict(reply, stream=False) for reply in replies]
    return Outcome(set(words) == {"whole"}, tally(words))
