"""What a handler reads itself, piece by piece and in bounded memory: a body as it arrives, or a connection taken over.

The connection writes what the network brings; one task reads. While more than the limit waits to be read, the client is
held back.
"""

import asyncio
from typing import Protocol


class InputSource(Protocol):
    """What a stream needs of its connection."""

    def hold_input(self) -> None:
        """Stop reading from the network."""

    def release_input(self) -> None:
        """Read from the network again."""

    def input_wanted(self) -> None:
        """Note that a reader waits for the next piece."""


class InputStream:
    """An async iterator over the pieces, each being what has arrived since the last one; or call `read`."""

    __slots__ = ("_ended", "_error", "_limit", "_pieces", "_source", "_waiter", "held", "size")

    def __init__(self, source: InputSource, limit: int) -> None:
        self._source = source
        self._limit = limit
        self._pieces: list[bytes] = []
        self._waiter: asyncio.Future[None] | None = None
        self._ended = False
        self._error: Exception | None = None
        self.held = False  # the client is held back because nobody reads
        self.size = 0  # bytes that wait to be read

    async def read(self) -> bytes | None:
        """Return at least one byte, or None at the end; raise what `fail` was given."""
        while not self._pieces:
            if self._error is not None:
                raise self._error
            if self._ended:
                return None
            self._waiter = asyncio.get_running_loop().create_future()
            self._source.input_wanted()
            await self._waiter
        data = b"".join(self._pieces)
        self._pieces.clear()
        self.size = 0
        if self.held:
            self.held = False
            self._source.release_input()
        return data

    def __aiter__(self) -> "InputStream":
        return self

    async def __anext__(self) -> bytes:
        data = await self.read()
        if data is None:
            raise StopAsyncIteration
        return data

    # Called by the connection.

    def write(self, data: bytes) -> None:
        """Take what has arrived."""
        if data:
            self._pieces.append(data)
            self.size += len(data)
            self._wake()
            if self.size > self._limit and not self.held:
                self.held = True
                self._source.hold_input()

    def end(self) -> None:
        """Note that nothing more will come."""
        self._ended = True
        self._wake()

    def fail(self, error: Exception) -> None:
        """Note that what should still come will not: the reader gets `error` after what has arrived."""
        self._error = error
        self._wake()

    def _wake(self) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)


class RawOutlet(Protocol):
    """What a raw connection needs to send bytes."""

    @property
    def transport(self) -> asyncio.WriteTransport:
        """Where bytes are written."""

    def room(self) -> asyncio.Future[None] | None:
        """Return a future that is done when the client has taken enough; None if it keeps up."""


class RawConnection:
    """A connection that its handler uses for another protocol, until the handler returns; that closes it.

    A client that leaves cancels the handler, as with HTTP.
    """

    __slots__ = ("_input", "_outlet")

    def __init__(self, outlet: RawOutlet, incoming: InputStream) -> None:
        self._outlet = outlet
        self._input = incoming

    async def read(self) -> bytes | None:
        """Return what has arrived since the last call, at least one byte; None once the client has left."""
        return await self._input.read()

    def write(self, data: bytes) -> None:
        """Send bytes as they are."""
        if not self._outlet.transport.is_closing():
            self._outlet.transport.write(data)

    async def drain(self) -> None:
        """Return at once while the client keeps up, else when it has taken enough of what was written."""
        room = self._outlet.room()
        if room is not None:
            await room
