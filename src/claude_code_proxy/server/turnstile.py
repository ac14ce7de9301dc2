"""How many requests are served at once: a count, a short queue, and an honest no when that is full too."""

import asyncio
from collections import deque

from claude_code_proxy.errors import Overloaded

_RETRY_AFTER = 1.0


class Turnstile:
    """First come, first served. `queue_seconds` is the longest wait for a turn."""

    def __init__(self, most: int, *, queued: int, queue_seconds: float) -> None:
        self._most = most
        self._most_queued = queued
        self._queue_seconds = queue_seconds
        self._queue: deque[asyncio.Future[None]] = deque()
        self.inside = 0

    @property
    def waiting(self) -> int:
        return len(self._queue)

    def try_enter(self) -> bool:
        if self.inside < self._most and not self._queue:
            self.inside += 1
            return True
        return False

    async def enter(self) -> None:
        """Waits for a turn. Raises `Overloaded` when the queue is full or the wait too long."""
        if self.try_enter():
            return
        if len(self._queue) >= self._most_queued:
            raise self._overloaded()
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append(turn)
        try:
            async with asyncio.timeout(self._queue_seconds):
                await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled():
                self.leave()  # the turn came in the moment the wait ended
            else:
                self._queue.remove(turn)
            if isinstance(error, TimeoutError):
                raise self._overloaded() from None
            raise

    def leave(self) -> None:
        """Gives the place to the first in the queue, if any waits."""
        while self._queue:
            turn = self._queue.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self.inside -= 1

    def _overloaded(self) -> Overloaded:
        return Overloaded(
            f"This proxy is at its limit of {self._most} requests at once (MAX_CONCURRENT). Try again shortly.",
            code="rate_limit_exceeded",
            retry_after=_RETRY_AFTER,
        )
