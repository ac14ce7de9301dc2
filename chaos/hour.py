"""An hour in a minute: every fault of the table at random, and what all sides counted at its end."""

import asyncio
import random
import signal
import time

from chaos.client import PROMISED, ask, chat, post, verdict
from chaos.mixture import Mixture
from chaos.network import every_tenth_packet_lost
from chaos.proxy import Proxy
from chaos.row import Outcome, row
from chaos.upstream import CHUNKED, LAST_CHUNK, SSE, TEXT, Fault, Upstream, head, stream
from chaos.upstream_faults import cut_at, sender
from chaos.wrong_answers import ANSWERS, CLOSE, RESET

THEME = "Over time"
_SECONDS = 60.0
_RATE = 25  # requests a second
# Sixty times faster, but for connecting: an attempt that did not arrive would be missing in the upstream's count.
_SCALED = {"FIRST_BYTE_SECONDS": 1, "IDLE_SECONDS": 1, "ANSWER_SECONDS": 10, "CONNECT_SECONDS": 10}


def _faults(chance: random.Random) -> dict[str, Fault]:
    """Return every wrong answer, the silent ones too, and a hundred cuts anywhere."""
    faults = {f"q{number}": sender(answer) for number, answer in enumerate(ANSWERS)}
    data = head("200 OK", SSE, CHUNKED) + stream() + LAST_CHUNK
    ends = (CLOSE, RESET)
    cuts = {f"c{number}": cut_at(data, chance.randrange(1, len(data)), ends[number % 2]) for number in range(100)}
    return faults | cuts


async def _trouble(proxy: Proxy, upstream: Upstream, chance: random.Random) -> None:
    """Lose packets for a while, or have the server reread its settings, at random moments."""
    while True:
        await asyncio.sleep(chance.uniform(1, 5))
        if chance.random() < 0.5:
            assert proxy.process is not None
            proxy.process.send_signal(chance.choice((signal.SIGHUP, signal.SIGUSR1, signal.SIGALRM)))
        else:
            with every_tenth_packet_lost(upstream.port):
                await asyncio.sleep(chance.uniform(0.5, 3))


@row(
    THEME,
    fault="An hour, sixty times faster: every wrong answer, cuts, silence, departures, nonsense, lost packets, signals",
    promise="No part that looks whole, no hang; upstream, metrics and clients count the same.",
)
async def simulated_hour() -> Outcome:
    chance = random.Random(7)
    faults = _faults(chance)
    settings = {"MAX_RETRIES": 1, "LOG_LEVEL": "error", **_SCALED}
    async with Upstream(faults) as upstream, Proxy(upstream.url, settings) as proxy:
        mixture = Mixture(upstream, proxy, faults=list(faults), seed=11)
        trouble = asyncio.create_task(_trouble(proxy, upstream, chance))
        began = time.monotonic()
        tasks = []
        while time.monotonic() - began < _SECONDS:
            tasks.append(asyncio.create_task(mixture.one()))
            await asyncio.sleep(1 / _RATE)
        trouble.cancel()
        await asyncio.gather(*tasks, trouble, return_exceptions=True)
        await asyncio.sleep(3)
        differences = await mixture.differences()
        last = verdict(await ask(proxy.port, post(chat())), stream=False, whole=TEXT)
    kept = set(mixture.verdicts) <= PROMISED and not differences and last == "whole"
    return Outcome(kept, f"{mixture.figures()}; counts {'; '.join(differences) or 'agree'}; then {last}")
