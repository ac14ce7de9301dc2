"""Messages over an open WebSocket, with the library's own client protocol at the other end."""

import asyncio

import pytest
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame, Opcode
from websockets.protocol import Protocol, Side, State

from claude_code_proxy.websocket.connection import WebSocket


class Wire:
    """A stream whose other end is a client's protocol."""

    def __init__(self, *, most_bytes: int = 1000, deflate: bool = False) -> None:
        self.client = Protocol(Side.CLIENT, state=State.OPEN)
        self.server = Protocol(Side.SERVER, state=State.OPEN, max_size=most_bytes)
        if deflate:
            for end in (self.client, self.server):
                end.extensions = [PerMessageDeflate(False, False, 15, 15)]
        self.written = b""
        self._arrived: asyncio.Queue[bytes | None] = asyncio.Queue()

    async def read(self) -> bytes | None:
        return await self._arrived.get()

    def write(self, data: bytes) -> None:
        self.written += data
        self.client.receive_data(data)

    async def drain(self) -> None:
        await asyncio.sleep(0)

    def deliver(self) -> None:
        """Pass on what the client wants to send."""
        self._arrived.put_nowait(b"".join(self.client.data_to_send()))

    def leave(self) -> None:
        self._arrived.put_nowait(None)

    def heard(self) -> list[tuple[Opcode, bytes]]:
        """Return the frames that the client has got."""
        return [
            (frame.opcode, bytes(frame.data)) for frame in self.client.events_received() if isinstance(frame, Frame)
        ]


@pytest.mark.parametrize("deflate", [False, True])
async def test_messages_both_ways(deflate: bool) -> None:
    wire = Wire(deflate=deflate)
    socket = WebSocket(wire, wire.server)
    wire.client.send_text("é".encode())
    wire.client.send_text(b"second")
    wire.deliver()
    assert [await socket.receive(), await socket.receive()] == ["é", "second"]
    socket.send("zurück".encode())
    assert wire.heard() == [(Opcode.TEXT, "zurück".encode())]
    wire.leave()
    assert await socket.receive() is None


async def test_a_message_in_pieces_is_one_message() -> None:
    wire = Wire()
    socket = WebSocket(wire, wire.server)
    wire.client.send_text(b"one ", fin=False)
    wire.client.send_ping(b"there?")
    wire.client.send_continuation(b"message", fin=True)
    wire.deliver()
    assert await socket.receive() == "one message"
    assert wire.heard() == [(Opcode.PONG, b"there?")]


@pytest.mark.parametrize("deflate", [False, True])
async def test_a_message_that_is_too_large_ends_the_connection(deflate: bool) -> None:
    wire = Wire(most_bytes=1000, deflate=deflate)
    socket = WebSocket(wire, wire.server)
    wire.client.send_text(b"x" * 100_000)  # a hundred bytes where it is compressed
    wire.deliver()
    wire.leave()
    assert await socket.receive() is None
    assert wire.heard()[-1][1][:2] == (1009).to_bytes(2, "big")
    assert not socket.is_open


async def test_other_messages_than_text_end_the_connection() -> None:
    wire = Wire()
    socket = WebSocket(wire, wire.server)
    wire.client.send_binary(b"\0")
    wire.deliver()
    wire.leave()
    assert await socket.receive() is None
    assert wire.heard()[-1][1][:2] == (1003).to_bytes(2, "big")


async def test_text_that_is_no_utf_8_ends_the_connection() -> None:
    wire = Wire()
    socket = WebSocket(wire, wire.server)
    wire.client.send_text(b"\xff")
    wire.deliver()
    wire.leave()
    assert await socket.receive() is None
    assert wire.heard()[-1][1][:2] == (1007).to_bytes(2, "big")


async def test_an_end_that_both_agree_on() -> None:
    wire = Wire()
    socket = WebSocket(wire, wire.server)
    socket.close(1001, "bye")
    socket.close(1001, "again")
    socket.send(b"too late")
    assert wire.heard() == [(Opcode.CLOSE, b"\x03\xe9bye")]
    wire.deliver()  # the client's answer
    assert await socket.receive() is None


async def test_a_client_that_does_not_agree_to_the_end_is_left() -> None:
    wire = Wire()
    socket = WebSocket(wire, wire.server, close_seconds=0.01)
    waiting = asyncio.create_task(socket.receive())
    await asyncio.sleep(0)
    socket.close(1001, "bye")
    async with asyncio.timeout(20):
        assert await waiting is None
        assert await socket.receive() is None


async def test_a_client_that_answers_no_ping_is_gone() -> None:
    wire = Wire()
    socket = WebSocket(wire, wire.server, ping_seconds=0.02)
    async with asyncio.timeout(10):
        while socket.is_open:
            await asyncio.sleep(0.01)
    frames = wire.heard()
    assert [opcode for opcode, _ in frames] == [Opcode.PING, Opcode.CLOSE]


async def test_a_client_that_answers_stays() -> None:
    wire = Wire()
    socket = WebSocket(wire, wire.server, ping_seconds=0.02)
    reader = asyncio.create_task(socket.receive())
    pings = 0
    async with asyncio.timeout(10):
        while pings < 3:
            pings += sum(opcode is Opcode.PING for opcode, _ in wire.heard())
            wire.deliver()  # its pongs
            await asyncio.sleep(0.005)
    assert socket.is_open
    wire.leave()
    assert await reader is None
