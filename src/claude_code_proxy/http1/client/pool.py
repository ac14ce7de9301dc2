"""A bounded connection pool: reuse an idle connection, open a new one, or wait in order of arrival.

A slot stands for one connection: idle, in use, or about to be opened. What a connection is, and whether it still works,
is left to the caller.
"""

from asyncio import AbstractEventLoop, Future
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

C = TypeVar("C")


class ConnectionPool(Generic[C]):
    """Invariant: nobody waits while a connection is idle or a slot is free."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._resting: dict[C, None] = {}  # the newest last
        self._held = 0
        self._waiting: OrderedDict[Future[C | None], None] = OrderedDict()

    @property
    def held(self) -> int:
        """Slots in use, or being filled."""
        return self._held

    @property
    def resting(self) -> int:
        return len(self._resting)

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def newest(self) -> C | None:
        """Return the connection that was given back last, with its slot: the least likely to have gone stale."""
        if not self._resting:
            return None
        self._held += 1
        return self._resting.popitem()[0]

    def reserve(self) -> bool:
        """Take a free slot, for a connection that the caller will open; return whether there was one."""
        if self._held + len(self._resting) >= self._limit:
            return False
        self._held += 1
        return True

    async def turn(self, loop: AbstractEventLoop) -> C | None:
        """Wait in line; return a connection with its slot, or None: a slot for one that the caller will open."""
        ticket: Future[C | None] = loop.create_future()
        self._waiting[ticket] = None
        try:
            return await ticket
        except BaseException:
            self._waiting.pop(ticket, None)
            if ticket.done() and not ticket.cancelled() and ticket.exception() is None:
                self._hand_back(ticket.result())  # it came in the moment of leaving
            raise

    def give(self, connection: C) -> None:
        """Take back a connection that can be used again."""
        if not self._pass_on(connection):
            self._held -= 1
            self._resting[connection] = None

    def free(self) -> None:
        """Take back a slot whose connection is gone, or was never opened."""
        if not self._pass_on(None):
            self._held -= 1

    def forget(self, connection: C) -> None:
        """Forget a lost connection: an idle one frees its slot; one in use keeps it until its user calls `free`."""
        self._resting.pop(connection, None)

    def dismiss(self, error: Callable[[], Exception]) -> None:
        """Fail all that wait, each with an error of its own."""
        while self._waiting:
            ticket, _ = self._waiting.popitem(last=False)
            if not ticket.done():
                ticket.set_exception(error())

    def _hand_back(self, connection: C | None) -> None:
        if connection is None:
            self.free()
        else:
            self.give(connection)

    def _pass_on(self, connection: C | None) -> bool:
        """Hand the slot to the first that waits; return False if none does. `_held` does not change."""
        while self._waiting:
            ticket, _ = self._waiting.popitem(last=False)
            if not ticket.done():
                ticket.set_result(connection)
                return True
        return False
