"""What the connections of one server share: handler, limits, refusals, the coarse clock, and the list of them."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from claude_code_proxy.http1.server.body import too_large
from claude_code_proxy.http1.server.body_memory import BodyMemory
from claude_code_proxy.http1.server.reply import Openings
from claude_code_proxy.http1.server.request import Request
from claude_code_proxy.http1.server.types import (
    Answer,
    ErrorRenderer,
    Handler,
    HeadCheck,
    OnError,
    ServerLimits,
    plain_error,
)

OUR_FAULT = "The server failed to answer this request."
STOPPING = "The server is stopping. Try again shortly."


class Open(Protocol):
    """A connection, as the server sees it."""

    def expire(self, now: float) -> None:
        """End what has taken too long by `now`."""

    def close_if_idle(self) -> None:
        """End the connection if no request has begun on it."""

    def stop(self) -> None:
        """End what the connection does, and tell a client that waits for a reply."""

    def abort(self) -> None:
        """End the connection and whatever it does."""


@dataclass(slots=True, kw_only=True, eq=False)
class Service:
    """Everything that is one for all connections. It is made when the server starts, on its event loop."""

    handler: Handler
    check_head: HeadCheck | None
    render_error: ErrorRenderer
    on_error: OnError
    limits: ServerLimits
    loop: asyncio.AbstractEventLoop
    now: float = 0.0  # the loop's time at the last sweep; reading it costs nothing
    closing: bool = False  # no reply keeps its connection alive any more
    full: bool = False  # there are as many connections as there may be
    open_requests: int = 0  # handlers running
    connections: set[Open] = field(default_factory=set)
    on_full: Callable[[], None] = lambda: None  # no connection should be accepted
    on_room: Callable[[], None] = lambda: None  # they should again
    memory: BodyMemory = field(default_factory=BodyMemory)
    openings: Openings = field(default_factory=lambda: Openings(time.time()))
    deserted: asyncio.Event = field(default_factory=asyncio.Event)  # there is no connection, and no handler

    def __post_init__(self) -> None:
        self.now = self.loop.time()
        self.deserted.set()

    def check(self, request: Request) -> Answer | None:
        """Return what to answer instead of reading the body and asking the handler."""
        try:
            refused = None if self.check_head is None else self.check_head(request)
        except Exception as error:  # noqa: BLE001 - the client gets an answer, and on_error gets the error
            self.on_error(error)
            refused = self.render(500, OUR_FAULT, request=request)
        limit = self.limits.largest_body if request.stream_limit is None else request.stream_limit
        if refused is None and request.length is not None and request.length > limit:
            refused = self.render(413, too_large(limit).message, request=request)
        return refused

    def render(self, status: int, message: str, *, request: Request | None) -> Answer:
        """Return a refusal of the server's own."""
        try:
            return status, *self.render_error(status, message, request=request)
        except Exception as error:  # noqa: BLE001 - the client gets an answer, and on_error gets the error
            self.on_error(error)
            return status, *plain_error(status, message, request=request)

    def join(self, connection: Open) -> None:
        """Note a new connection."""
        self.connections.add(connection)
        self.deserted.clear()
        if len(self.connections) >= self.limits.connections and not self.full:
            self.full = True
            self.on_full()

    def leave(self, connection: Open) -> None:
        """Forget a connection that is closed and whose handler has returned."""
        self.connections.discard(connection)
        if self.full and len(self.connections) < self.limits.connections:
            self.full = False
            self.on_room()
        if not self.connections:
            self.deserted.set()

    def sweep(self) -> None:
        """Move the clocks on, and end what has taken too long."""
        self.now = self.loop.time()
        self.openings.refresh(time.time())
        for connection in list(self.connections):
            connection.expire(self.now)
