"""Everything that happens in a day, mixed, at modest load: memory and descriptors over time."""

import asyncio
import random
import time
from collections import Counter

from chaos.client import ask, chat, get, post, verdict
from chaos.proxy import Proxy
from chaos.row import Outcome, row
from chaos.upstream import TEXT, Upstream
from chaos.upstream_faults import sender
from chaos.wrong_answers import ANSWERS, HANG

THEME = "Over time"
SECONDS = 1800.0
_RATE = 40  # requests a second
_GROWTH = 6.0  # MB that the second half may add


@row(
    THEME,
    fault="Half an hour of good and faulty answers, departures and nonsense",
    promise="Memory and descriptors are flat.",
)
async def soak() -> Outcome:
    quick = {f"q{number}": sender(answer) for number, answer in enumerate(ANSWERS) if answer.end != HANG}
    counts: Counter[str] = Counter()
    chance = random.Random(5)
    settings = {"MAX_RETRIES": 1, "FIRST_BYTE_SECONDS": 3, "IDLE_SECONDS": 3, "LOG_LEVEL": "error"}
    async with Upstream(quick) as upstream, Proxy(upstream.url, settings) as proxy:
        series = await _run(proxy, chance, names=list(quick), counts=counts)
        await asyncio.sleep(8)
        files = proxy.open_files()
        page = (await ask(proxy.port, get("/metrics"))).body.decode()
    half = series[len(series) // 2 :]
    growth = half[-1] - half[0]
    counted = _requests_counted(page)
    kept = growth < _GROWTH and files < 100 and not counts["silent"]
    figures = ", ".join(f"{word} {number}" for word, number in sorted(counts.items()))
    return Outcome(
        kept, f"{figures}; {growth:+.1f} MB in the second half, {files} open files; counted by the proxy: {counted}"
    )


async def _run(proxy: Proxy, chance: random.Random, *, names: list[str], counts: Counter[str]) -> list[float]:
    """Ask at the rate until the time is over; the memory in MB every ten seconds."""
    began = time.monotonic()
    series: list[float] = []
    tasks: set[asyncio.Task[None]] = set()
    while (passed := time.monotonic() - began) < SECONDS:
        for _ in range(_RATE // 20):
            task = asyncio.create_task(_one(proxy, chance, name=chance.choice(names), counts=counts))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        if passed >= 10 * (len(series) + 1):
            series.append(proxy.megabytes())
        await asyncio.sleep(0.05)
    await asyncio.gather(*tasks)
    return series


async def _one(proxy: Proxy, chance: random.Random, *, name: str, counts: Counter[str]) -> None:
    kind, streams = chance.random(), chance.random() < 0.5
    tokens = chance.choice((100, 9000))
    if kind < 0.6:
        reply = await ask(proxy.port, post(chat("w" * chance.randrange(5000), stream=streams, max_tokens=tokens)))
        counts[verdict(reply, stream=streams, whole=TEXT)] += 1
    elif kind < 0.85:
        await ask(proxy.port, post(chat(f"FAULT={name}", stream=streams, max_tokens=tokens)))
        counts["faulty"] += 1
    elif kind < 0.95:
        await _leave(proxy, chance, request=post(chat(stream=streams)))
        counts["left"] += 1
    else:
        await ask(proxy.port, chance.choice((get("/v1/models"), get("/nope"), b"\0\0\r\n\r\n", post(b"[" * 5000))))
        counts["nonsense"] += 1


async def _leave(proxy: Proxy, chance: random.Random, *, request: bytes) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(request[: chance.randrange(1, len(request) + 1)])
    await asyncio.sleep(chance.random() / 2)
    writer.close()


def _requests_counted(page: str) -> int:
    lines = (line for line in page.splitlines() if line.startswith("claude_proxy_requests_total"))
    return sum(int(float(line.rsplit(" ", 1)[1])) for line in lines)
