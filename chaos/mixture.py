"""Good and faulty traffic, mixed at random, and three counts of it: the upstream's, the proxy's and the clients'."""

import asyncio
import random
import re
from collections import Counter
from collections.abc import Sequence

from chaos.client import MODEL, ask, chat, get, post, verdict
from chaos.proxy import Proxy
from chaos.upstream import TEXT, Upstream

_MODEL_OF_LEAVERS = "claude-haiku-4-5"  # the metrics tell models apart, so those that leave are counted apart
_COUNTED = re.compile(r'claude_proxy_requests_total\{.*model="' + MODEL + r'",outcome="(\w+)".*\} (\d+)')
_RETRIES = re.compile(r"claude_proxy_upstream_retries_total (\d+)")
_OUTCOMES = {"answered": "whole", "failed": "error", "broken": "broken"}
_NONSENSE = (get("/v1/models"), get("/nope"), b"\0\0\r\n\r\n", post(b"[" * 5000))


class Mixture:
    """`verdicts` counts what clients saw that stayed; `others` those that left, and those that sent nonsense."""

    def __init__(self, upstream: Upstream, proxy: Proxy, *, faults: Sequence[str], seed: int) -> None:
        self.verdicts: Counter[str] = Counter()
        self.others: Counter[str] = Counter()
        self._upstream, self._proxy, self._faults = upstream, proxy, faults
        self._chance = random.Random(seed)

    async def one(self) -> None:
        """Make one request of any kind."""
        kind, streams = self._chance.random(), self._chance.random() < 0.5
        tokens = self._chance.choice((100, 9000))
        if kind < 0.6:
            await self._ask("w" * self._chance.randrange(5000), streams=streams, tokens=tokens, whole=TEXT)
        elif kind < 0.85:
            await self._ask(f"FAULT={self._chance.choice(self._faults)}", streams=streams, tokens=tokens)
        elif kind < 0.95:
            await self._leave(post(chat("FAULT=left", stream=streams, model=_MODEL_OF_LEAVERS)))
        else:
            await ask(self._proxy.port, self._chance.choice(_NONSENSE))
            self.others["nonsense"] += 1

    async def _ask(self, text: str, *, streams: bool, tokens: int, whole: str | None = None) -> None:
        request = post(chat(text, stream=streams, max_tokens=tokens))
        reply = await ask(self._proxy.port, request, seconds=60)
        self.verdicts[verdict(reply, stream=streams, whole=whole)] += 1

    async def _leave(self, request: bytes) -> None:
        self.others["left"] += 1
        _, writer = await asyncio.open_connection("127.0.0.1", self._proxy.port)
        writer.write(request[: self._chance.randrange(1, len(request) + 1)])
        await asyncio.sleep(self._chance.random() / 2)
        writer.close()

    async def differences(self) -> list[str]:
        """Return where the counts disagree: verdicts and outcomes, and requests and what came upstream."""
        page = (await ask(self._proxy.port, get("/metrics"))).body.decode()
        counted: Counter[str] = Counter()
        for outcome, number in _COUNTED.findall(page):
            counted[_OUTCOMES.get(outcome, outcome)] += int(number)
        retries = _RETRIES.search(page)
        sent = counted.total() + (int(retries[1]) if retries else 0)
        came = sum(name != "left" for name in self._upstream.calls) - self._upstream.unanswered
        found = [] if counted == self.verdicts else [f"metrics: {_told(counted)}"]
        return found if sent == came else [*found, f"requests and retries {sent}, upstream {came}"]

    def figures(self) -> str:
        return _told(self.verdicts + self.others)


def _told(counts: Counter[str]) -> str:
    return ", ".join(f"{word} {number}" for word, number in sorted(counts.items()))
