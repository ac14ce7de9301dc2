"""What all the connections of one server share: whom they ask, their limits, the coarse clock, and the list of them."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Protocol

from claude_code_proxy.http1.server.reply import Openings
from claude_code_proxy.http1.server.types import ErrorRenderer, Handler, HeadCheck, OnError, ServerLimits


class Open(Protocol):
    """A connection, as the server sees it."""

    def expire(self, now: float) -> None:
        """Ends what has taken too long by `now`."""

    def close_if_idle(self) -> None:
        """Ends the connection if no request has begun on it."""

    def abort(self) -> None:
        """Ends the connection and whatever it does."""


@dataclass(slots=True, kw_only=True, eq=False)
class Service:
    """Made when the server starts, on its event loop."""

    handler: Handler
    check_head: HeadCheck | None
    render_error: ErrorRenderer
    on_error: OnError
    limits: ServerLimits
    loop: asyncio.AbstractEventLoop
    now: float = 0.0  # the loop's time at the last sweep; reading it costs nothing
    closing: bool = False  # no reply keeps its connection alive any more
    open_requests: int = 0  # handlers running
    connections: set[Open] = field(default_factory=set)
    openings: Openings = field(default_factory=lambda: Openings(time.time()))
    deserted: asyncio.Event = field(default_factory=asyncio.Event)  # there is no connection, and no handler

    def __post_init__(self) -> None:
        self.now = self.loop.time()
        self.deserted.set()

    def join(self, connection: Open) -> None:
        self.connections.add(connection)
        self.deserted.clear()

    def leave(self, connection: Open) -> None:
        """For a connection that is closed and whose handler has returned."""
        self.connections.discard(connection)
        if not self.connections:
            self.deserted.set()

    def sweep(self) -> None:
        """Moves the clocks on, and ends what has taken too long."""
        self.now = self.loop.time()
        self.openings.refresh(time.time())
        for connection in list(self.connections):
            connection.expire(self.now)
