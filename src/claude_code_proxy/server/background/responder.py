"""What an exchange in the background sends -> events in the store, a few times a second."""

import time
from typing import cast

from claude_code_proxy.endpoints.responses.background import ended_response, event_number
from claude_code_proxy.http1.server.request import Request
from claude_code_proxy.http1.server.responder import Headers, Outlet, Responder
from claude_code_proxy.state.background_store import BackgroundStore

_SECONDS = 0.1  # between two writes


class StoringResponder(Responder):
    """A `Responder` that nobody reads directly. It counts as started, so that every failure is an event."""

    __slots__ = ("_events", "_id", "_store", "_written", "response")

    def __init__(self, store: BackgroundStore, id: str, *, request: Request) -> None:
        super().__init__(cast("Outlet", None), request)  # which every method that would use it replaces
        self._store = store
        self._id = id
        self._events: list[tuple[int, bytes]] = []
        self._written = 0.0
        self.response: bytes | None = None  # the whole one, once it has ended
        self.started = True

    def send(self, status: int, headers: Headers, *body: bytes) -> None:
        del status, headers, body
        self.finished = True

    def start(self, status: int, headers: Headers, *, length: int | None = None) -> None:
        del status, headers, length

    def write(self, data: bytes) -> None:
        for frame in data.split(b"\n\n"):
            if b"data: " in frame:  # comments only keep an HTTP connection alive
                self._events.append((event_number(frame), frame + b"\n\n"))
                self.response = ended_response(frame) or self.response

    def write_end(self, data: bytes) -> None:
        self.write(data)
        self.finished = True

    def abort(self) -> None:
        self.finished = True

    async def drain(self) -> None:
        if time.monotonic() - self._written >= _SECONDS:
            await self.flush()

    async def flush(self) -> None:
        """Write what is new. Raise `StoreFailed`."""
        events, self._events = self._events, []
        self._written = time.monotonic()
        if events:
            await self._store.append(self._id, events)
