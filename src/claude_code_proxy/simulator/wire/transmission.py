"""Sending replies with their faults: delays, odd splits, truncation, resets."""

import asyncio
import os
import socket
import struct
from collections.abc import Iterable, Iterator

from claude_code_proxy.http1.server.responder import Headers, Responder
from claude_code_proxy.simulator.wire import events
from claude_code_proxy.simulator.wire.events import Frame
from claude_code_proxy.simulator.wire.faults import Faults

# A blank line sends the head to the client and is no event.
_BLANK_LINE = b"\n"
_LINGER_ZERO = struct.pack("ii", 1, 0)


async def send_whole(responder: Responder, faults: Faults, *, status: int, headers: Headers, body: bytes) -> None:
    await asyncio.sleep(faults.head_delay)
    if faults.reset and faults.cut_bytes is None:
        reset(responder)
        return
    if not (faults.split or faults.cut_bytes is not None or faults.middle_delay):
        responder.send(status, headers, body)
        return
    half = [Frame(body[: len(body) // 2]), Frame(body[len(body) // 2 :])]
    responder.start(status, headers)
    await _send_frames(responder, half, faults=faults)


async def send_stream(
    responder: Responder, frames: Iterable[Frame], *, headers: Headers, faults: Faults, pace: float
) -> None:
    """Send a stream; `pace` is in words a second, 0 is as fast as the client reads."""
    await asyncio.sleep(faults.head_delay)
    if faults.reset and faults.cut_after is None and faults.cut_bytes is None:
        reset(responder)
        return
    responder.start(200, headers)
    if faults.first_event_delay:
        responder.write(_BLANK_LINE)
        await asyncio.sleep(faults.first_event_delay)
    await _send_frames(responder, list(frames), faults=faults, pace=pace)


def with_error(frames: list[Frame], faults: Faults, *, request_id: str) -> list[Frame]:
    """Return the frames up to the failure, and its `error` event."""
    if faults.error_after is None:
        return frames
    message = {"overloaded_error": "Overloaded", "api_error": "Internal server error"}.get(faults.error, faults.error)
    return [*frames[: faults.error_after], events.error(faults.error, message, request_id=request_id)]


def with_pings(frames: list[Frame], count: int) -> list[Frame]:
    return [*frames[:1], *(Frame(events.PING) for _ in range(count)), *frames[1:]]


async def _send_frames(responder: Responder, frames: list[Frame], *, faults: Faults, pace: float = 0) -> None:
    for wait, data in _schedule(frames, faults, pace=pace):
        if wait:
            await asyncio.sleep(wait)
        for piece in _pieces(data, faults.split):
            responder.write(piece)
            await responder.drain()
            if faults.split:
                await asyncio.sleep(0)
    if faults.cut_after is None and faults.cut_bytes is None:
        responder.end()
    else:
        await _abort(responder, faults)


def _schedule(frames: list[Frame], faults: Faults, *, pace: float) -> Iterator[tuple[float, bytes]]:
    """Yield each piece of data with the seconds to wait before it."""
    room = faults.cut_bytes
    for at, frame in enumerate(frames[: faults.cut_after]):
        wait = 1 / pace if pace and frame.is_content else 0.0
        if at == len(frames) // 2:
            wait += faults.middle_delay
        data = frame.data[:room]
        if room is not None:
            room -= len(data)
        yield wait, data


def _pieces(data: bytes, sizes: tuple[int, ...]) -> Iterator[bytes]:
    if not sizes:
        yield data
        return
    at = turn = 0
    while at < len(data):
        size = sizes[turn % len(sizes)]
        yield data[at : at + size]
        at += size
        turn += 1


async def _abort(responder: Responder, faults: Faults) -> None:
    if faults.reset:
        # What was written is on its way before the reset overtakes it.
        await asyncio.sleep(0.02)
        reset(responder)
    else:
        responder.abort()


def reset(responder: Responder) -> None:
    """End the connection with RST in place of FIN; the server has no function for it, so this uses its transport."""
    transport = responder._outlet.transport  # noqa: SLF001
    shared = transport.get_extra_info("socket")
    if shared is not None:
        with socket.socket(fileno=os.dup(shared.fileno())) as same:
            same.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)
    responder.abort()
    transport.abort()
