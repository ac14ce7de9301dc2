"""Messages over a WebSocket that is open: whole texts in, texts out, pings while it is silent, and a clean end."""

import asyncio
from collections import deque
from typing import Protocol

from websockets.exceptions import ConnectionClosed, InvalidState
from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import Protocol as WebSocketProtocol
from websockets.protocol import State


class ByteStream(Protocol):
    """The connection under a WebSocket."""

    async def read(self) -> bytes | None:
        """Return what has arrived, or None at the end."""

    def write(self, data: bytes) -> None:
        """Send bytes."""

    async def drain(self) -> None:
        """Wait while the client does not keep up."""


class WebSocket:
    """One open connection.

    `ping_seconds` is how often the client is asked whether it is there, `close_seconds` how long it may take to agree
    to the end.
    """

    def __init__(
        self,
        stream: ByteStream,
        protocol: WebSocketProtocol,
        *,
        ping_seconds: float = 30.0,
        close_seconds: float = 5.0,
    ) -> None:
        self._stream = stream
        self._protocol = protocol
        self._ping_seconds = ping_seconds
        self._close_seconds = close_seconds
        self._last_moment: float | None = None  # until then the client may agree to the end
        self._reading: asyncio.Timeout | None = None
        self._messages: deque[str] = deque()
        self._pieces: list[bytes] = []
        self._timer: asyncio.TimerHandle | None = None
        self._unanswered = False  # the last ping has no pong yet
        self._ended = False  # nothing more is to be sent: the connection is to be closed
        self._schedule_ping()

    @property
    def is_open(self) -> bool:
        return self._protocol.state is State.OPEN

    async def receive(self) -> str | None:
        """Return the next message, or None when the connection is at its end. A binary message ends it."""
        while not self._messages:
            data = None if self._ended else await self._read()
            if data is None:
                self._stop()
                return None
            self._protocol.receive_data(data)
            for event in self._protocol.events_received():
                if isinstance(event, Frame):
                    self._take(event)
            self._flush()
        return self._messages.popleft()

    def send(self, text: bytes) -> None:
        """Send a message of UTF-8; nothing once the connection is closing."""
        if self.is_open:
            self._protocol.send_text(text)
            self._flush()

    async def drain(self) -> None:
        await self._stream.drain()

    def close(self, code: int = CloseCode.NORMAL_CLOSURE, reason: str = "") -> None:
        """Begin the end. `receive` returns None when the client has agreed or gone, or does neither in time."""
        try:
            self._protocol.send_close(code, reason)
        except (InvalidState, ConnectionClosed):
            return
        self._last_moment = asyncio.get_running_loop().time() + self._close_seconds
        if self._reading is not None:
            self._reading.reschedule(self._last_moment)
        self._flush()

    async def _read(self) -> bytes | None:
        try:
            async with asyncio.timeout_at(self._last_moment) as self._reading:
                return await self._stream.read()
        except TimeoutError:
            return None
        finally:
            self._reading = None

    def _take(self, frame: Frame) -> None:
        if frame.opcode is Opcode.PONG:
            self._unanswered = False
        elif frame.opcode is Opcode.BINARY:
            self.close(CloseCode.UNSUPPORTED_DATA, "Messages must be text.")
        elif frame.opcode in {Opcode.TEXT, Opcode.CONT}:
            self._pieces.append(bytes(frame.data))
            if frame.fin:
                self._end_message()

    def _end_message(self) -> None:
        data = b"".join(self._pieces)
        self._pieces.clear()
        try:
            self._messages.append(data.decode())
        except UnicodeDecodeError:
            self.close(CloseCode.INVALID_DATA, "Messages must be UTF-8.")

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if data:
                self._stream.write(data)
            else:
                self._ended = True

    def _schedule_ping(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._ping_seconds, self._ping)

    def _ping(self) -> None:
        """Ask whether the client is there; one that did not answer the last time is gone."""
        if not self.is_open:
            return
        if self._unanswered:
            self.close(CloseCode.GOING_AWAY, "No pong came.")
            return
        self._unanswered = True
        self._protocol.send_ping(b"")
        self._flush()
        self._schedule_ping()

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
