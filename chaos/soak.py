"""Everything that happens in a day, mixed, at modest load: memory and descriptors over time."""

import asyncio
import time
from statistics import median

from chaos.client import PROMISED
from chaos.mixture import Mixture
from chaos.proxy import Proxy
from chaos.row import Outcome, row
from chaos.upstream import Upstream
from chaos.upstream_faults import sender
from chaos.wrong_answers import ANSWERS, HANG

THEME = "Over time"
SECONDS = 1800.0
_RATE = 20  # requests a second
_BETWEEN_LOOKS = 5.0
_MEGABYTES = 4.0  # what the last quarter may have more than the one before
_DESCRIPTORS = 5.0


@row(
    THEME,
    fault="Half an hour of good and faulty answers, departures and nonsense",
    promise="Memory and descriptors are flat in the second half; upstream, metrics and clients count the same.",
)
async def soak() -> Outcome:
    faults = {f"q{number}": sender(answer) for number, answer in enumerate(ANSWERS) if answer.end != HANG}
    settings = {"MAX_RETRIES": 1, "FIRST_BYTE_SECONDS": 3, "IDLE_SECONDS": 3, "LOG_LEVEL": "error"}
    async with Upstream(faults) as upstream, Proxy(upstream.url, settings) as proxy:
        mixture = Mixture(upstream, proxy, faults=list(faults), seed=5)
        memory, descriptors = await _run(proxy, mixture)
        await asyncio.sleep(8)
        differences = await mixture.differences()
    more_memory, more_descriptors = _growth(memory), _growth(descriptors)
    flat = more_memory < _MEGABYTES and more_descriptors < _DESCRIPTORS
    figures = (
        f"{SECONDS / 60:.0f} min: {mixture.figures()}; second half: {more_memory:+.1f} MB to {memory[-1]:.0f} MB, "
        f"{more_descriptors:+.0f} to {median(descriptors[-20:]):.0f} descriptors; "
        f"counts {'; '.join(differences) or 'agree'}"
    )
    return Outcome(flat and not differences and set(mixture.verdicts) <= PROMISED, figures)


async def _run(proxy: Proxy, mixture: Mixture) -> tuple[list[float], list[float]]:
    """Ask at the rate until the time is over; megabytes and descriptors every few seconds."""
    began = time.monotonic()
    memory: list[float] = []
    descriptors: list[float] = []
    tasks: set[asyncio.Task[None]] = set()
    while (passed := time.monotonic() - began) < SECONDS:
        task = asyncio.create_task(mixture.one())
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        if passed >= _BETWEEN_LOOKS * len(memory):
            memory.append(proxy.megabytes())
            descriptors.append(proxy.open_files())
        await asyncio.sleep(1 / _RATE)
    await asyncio.gather(*tasks)
    return memory, descriptors


def _growth(series: list[float]) -> float:
    """Return how much the usual value of the last quarter is above that of the quarter before."""
    quarter = len(series) // 4
    return median(series[-quarter:]) - median(series[-2 * quarter : -quarter])
