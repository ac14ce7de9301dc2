"""Many at once: streams, fresh connections, pipelining, large bodies."""

import asyncio
import time

from chaos.client import Reply, ask, chat, get, post, verdict
from chaos.proxy import Proxy
from chaos.row import Outcome, row, tally
from chaos.upstream import CHUNKED, LAST_CHUNK, SSE, Call, Upstream, head, stream
from chaos.wrong_answers import BLOCK, DELTAS, END, ENDING, START, STOP

THEME = "Many at once"


async def _paced(call: Call) -> None:
    await call.send(head("200 OK", SSE, CHUNKED) + stream([START, BLOCK]))
    for delta in DELTAS:
        await asyncio.sleep(1)
        await call.send(stream([delta]))
    await call.send(stream([STOP, ENDING, END]) + LAST_CHUNK)


@row(THEME, fault="1,000 streams at once", promise="All whole; under 40 KB of memory each.")
async def streams() -> Outcome:
    async with Upstream({"paced": _paced}) as upstream, Proxy(upstream.url, {"MAX_RETRIES": 0}) as proxy:
        await ask(proxy.port, post(chat()))
        before = proxy.megabytes()
        request = post(chat("FAULT=paced", stream=True))

        async def one(number: int) -> Reply:
            await asyncio.sleep(number / 500)
            return await ask(proxy.port, request, seconds=60)

        tasks = [asyncio.create_task(one(number)) for number in range(1000)]
        await asyncio.sleep(4)
        each = (proxy.megabytes() - before) * 1024 / 1000
        words = [verdict(reply, stream=True) for reply in await asyncio.gather(*tasks)]
    return Outcome(set(words) == {"whole"} and each < 40, f"{tally(words)}; {each:.0f} KB a stream")


@row(
    THEME,
    fault="500 fresh connections at one moment",
    promise="All answered; a health probe meanwhile within a second.",
)
async def fresh_connections() -> Outcome:
    async with Upstream() as upstream, Proxy(upstream.url) as proxy:
        await ask(proxy.port, post(chat()))
        tasks = [asyncio.create_task(ask(proxy.port, post(chat()), seconds=30)) for _ in range(500)]
        await asyncio.sleep(0)
        began = time.monotonic()
        probe = await ask(proxy.port, get("/health"))
        took = time.monotonic() - began
        words = [verdict(reply, stream=False) for reply in await asyncio.gather(*tasks)]
    return Outcome(
        set(words) == {"whole"} and took < 1 and probe.status == 200,
        f"{tally(words)}; the probe took {took * 1000:.0f} ms",
    )


@row(THEME, fault="60 requests where 20 may run and 10 may wait", promise="The rest get a 429 with retry-after.")
async def over_the_limit() -> Outcome:
    settings = {"MAX_CONCURRENT": 20, "MAX_QUEUED": 10, "QUEUE_SECONDS": 1}
    async with Upstream({"paced": _paced}) as upstream, Proxy(upstream.url, settings) as proxy:
        request = post(chat("FAULT=paced", stream=True))
        replies = await asyncio.gather(*(ask(proxy.port, request, seconds=60) for _ in range(60)))
    words = [verdict(reply, stream=True) for reply in replies]
    has_retry_after = all("retry-after" in reply.headers for reply in replies if reply.status == 429)
    return Outcome(
        words.count("whole") == 20 and words.count("error") == 40 and has_retry_after,
        f"{tally(words)}; retry-after: {has_retry_after}",
    )


@row(THEME, fault="Ten bodies of 28 MB in a container of 256 MB", promise="It lives; each gets its answer or a 503.")
async def large_bodies() -> Outcome:
    limit = 130 << 20
    async with Upstream() as upstream, Proxy(upstream.url, {"MAX_BODY_MEMORY": limit}) as proxy:
        request = post(chat("t" * (28 << 20)))
        replies = await asyncio.gather(*(ask(proxy.port, request, seconds=90) for _ in range(10)))
        peak, healthy = proxy.megabytes(peak=True), proxy.is_healthy()
    statuses = [reply.status for reply in replies]
    fine = set(statuses) <= {200, 503} and 200 in statuses
    return Outcome(
        fine and healthy and peak < 256,
        f"{statuses.count(200)} answered, {statuses.count(503)} refused; peak {peak:.0f} MB",
    )
