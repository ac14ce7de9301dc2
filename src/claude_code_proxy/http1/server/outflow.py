"""Whether a client takes what is written for it: handlers wait here until it does; one that never does is found."""

import asyncio
import select


class Outflow:
    """The outgoing side of one connection."""

    __slots__ = ("_since", "_transport", "_unsent", "_waiting", "paused")

    def __init__(self, transport: asyncio.WriteTransport) -> None:
        self._transport = transport
        self._waiting: list[asyncio.Future[None]] = []
        self._since = 0.0
        self._unsent = 0
        self.paused = False  # more is unsent than the transport should hold

    def wait(self, loop: asyncio.AbstractEventLoop) -> asyncio.Future[None]:
        """Return a future that is done when the client has taken enough, or has left."""
        waiter = loop.create_future()
        self._waiting.append(waiter)
        return waiter

    def wake(self) -> None:
        """End every wait."""
        waiting, self._waiting = self._waiting, []
        for waiter in waiting:
            if not waiter.done():
                waiter.set_result(None)

    def watch(self, now: float) -> None:
        """Begin to measure whether the client takes anything."""
        self._since = now
        self._unsent = self._transport.get_write_buffer_size()

    def is_stuck(self, now: float, seconds: float) -> bool:
        """Return whether nothing has been taken for that long; to be called at every sweep."""
        unsent = self._transport.get_write_buffer_size()
        if unsent < self._unsent:
            self._since = now
        self._unsent = unsent
        return now - self._since > seconds


def has_left(transport: asyncio.BaseTransport) -> bool:
    """Return whether the client has closed its side although nothing is read; False where the system cannot tell."""
    closed: int | None = getattr(select, "POLLRDHUP", None)
    if closed is None or transport.is_closing():
        return False
    poll = select.poll()
    poll.register(transport.get_extra_info("socket").fileno(), closed)
    return bool(poll.poll(0))
