"""Slows down whoever tries keys: after some wrong ones from an address, each answer to a further one waits.

A right key never waits, from whichever address. What is remembered is bounded: the addresses that were seen last.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable

from claude_code_proxy.errors import Overloaded
from claude_code_proxy.http1.server.request import Request
from claude_code_proxy.server.access.peers import Peers

_FREE = 10  # wrong keys from an address that are answered at once; one more becomes free each second
_LONGEST_SECONDS = 10.0
_MOST_WAITING = 200  # in one process; each is a connection
_MOST_ADDRESSES = 10_000


class WrongKeys:
    """Counts them by the address that they came from. `clock` is in seconds."""

    def __init__(self, peers: Peers, clock: Callable[[], float] = time.monotonic) -> None:
        self._peers = peers
        self._clock = clock
        self._used: OrderedDict[str, float] = OrderedDict()  # until when the answers to an address are taken
        self._waiting = 0

    def delays(self, request: Request) -> bool:
        """Return whether the answer to this request has to `wait`; if it need not, note the wrong key."""
        address = self._peers.origin(request)
        if self._seconds(address):
            return True
        self._count(address)
        return False

    def _seconds(self, address: str) -> float:
        """Return how long the answer to a further wrong key would wait."""
        return max(self._used.get(address, 0.0) - self._clock() - _FREE + 1, 0.0)

    def _count(self, address: str) -> None:
        self._used[address] = max(self._used.get(address, 0.0), self._clock()) + 1
        self._used.move_to_end(address)
        if len(self._used) > _MOST_ADDRESSES:
            self._used.popitem(last=False)

    async def wait(self, request: Request) -> None:
        """Note a wrong key and wait. Raise `Overloaded` if that would take too long, or too many wait."""
        address = self._peers.origin(request)
        seconds = self._seconds(address)
        if seconds > _LONGEST_SECONDS or self._waiting >= _MOST_WAITING:
            raise Overloaded(
                f"Too many wrong API keys came from this address ({address}). Use a right one, or wait.",
                code="rate_limit_exceeded",
                retry_after=max(seconds, 1.0),
            )
        self._count(address)
        self._waiting += 1
        try:
            await asyncio.sleep(seconds)
        finally:
            self._waiting -= 1
