"""Limits how many requests are served at once: a count, a short queue, and a 429 when that is full too."""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from claude_code_proxy.errors import Overloaded

_RETRY_AFTER = 1.0


class ConcurrencyLimiter:
    """First come, first served. `queue_seconds` is the longest wait.

    `on_refusal` is called for each rejected request.
    """

    def __init__(
        self, most: int, *, queued: int, queue_seconds: float, on_refusal: Callable[[], None] | None = None
    ) -> None:
        self._on_refusal = on_refusal
        self._queue: deque[asyncio.Future[None]] = deque()
        self.inside = 0
        self.use(most, queued=queued, queue_seconds=queue_seconds)

    @property
    def waiting(self) -> int:
        return len(self._queue)

    def use(self, most: int, *, queued: int, queue_seconds: float) -> None:
        """Take these limits from now on; nobody who is inside or waits is turned away."""
        self._most = most
        self._most_queued = queued
        self._queue_seconds = queue_seconds
        while self.inside < most and self._queue:
            self.inside += 1
            self.leave()

    def try_enter(self) -> bool:
        """Take a free place at once, but never before those who wait for one."""
        if self.inside < self._most and not self._queue:
            self.inside += 1
            return True
        return False

    async def enter(self) -> None:
        """Wait for a place. Raise `Overloaded` when the queue is full or the wait is too long."""
        if self.try_enter():
            return
        if len(self._queue) >= self._most_queued:
            raise self._refusal()
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append(turn)
        try:
            async with asyncio.timeout(self._queue_seconds):
                await turn
        except BaseException as error:
            self._give_up(turn)
            if isinstance(error, TimeoutError):
                raise self._refusal() from None
            raise

    def leave(self) -> None:
        """Give the place to the first in the queue, if any waits and there are not too many inside."""
        while self._queue and self.inside <= self._most:
            turn = self._queue.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self.inside -= 1

    def _give_up(self, turn: asyncio.Future[None]) -> None:
        if turn.done() and not turn.cancelled():
            self.leave()  # the turn came in the moment the wait ended
            return
        with suppress(ValueError):  # whoever left in this moment has passed over it
            self._queue.remove(turn)

    def _refusal(self) -> Overloaded:
        if self._on_refusal is not None:
            self._on_refusal()
        return Overloaded(
            f"This proxy is at its limit of {self._most} requests at once (MAX_CONCURRENT). Try again shortly.",
            code="rate_limit_exceeded",
            retry_after=_RETRY_AFTER,
        )
