"""Replies as bytes on the wire, with the misbehaviour that was asked for: delays, odd splits, cuts, resets."""

import asyncio
import os
import socket
import struct
from collections.abc import Iterable, Iterator

from claude_code_proxy.http1.server.responder import Headers, Responder
from claude_code_proxy.simulator.wire import events
from claude_code_proxy.simulator.wire.events import Frame
from claude_code_proxy.simulator.wire.faults import Faults

# A lone line end: it brings the head to the client and is no event.
_NOTHING_YET = b"\n"
_AT_ONCE = struct.pack("ii", 1, 0)


async def send_whole(responder: Responder, wanted: Faults, *, status: int, headers: Headers, body: bytes) -> None:
    await asyncio.sleep(wanted.head_delay)
    if wanted.reset and wanted.cut_bytes is None:
        reset(responder)
        return
    if not (wanted.split or wanted.cut_bytes is not None or wanted.middle_delay):
        responder.send(status, headers, body)
        return
    half = [Frame(body[: len(body) // 2]), Frame(body[len(body) // 2 :])]
    responder.start(status, headers)
    await _play(responder, half, wanted=wanted)


async def send_stream(
    responder: Responder, frames: Iterable[Frame], *, headers: Headers, wanted: Faults, pace: float
) -> None:
    """`pace` is in words a second; 0 is as fast as the client reads."""
    await asyncio.sleep(wanted.head_delay)
    if wanted.reset and wanted.cut_after is None and wanted.cut_bytes is None:
        reset(responder)
        return
    responder.start(200, headers)
    if wanted.first_event_delay:
        responder.write(_NOTHING_YET)
        await asyncio.sleep(wanted.first_event_delay)
    await _play(responder, list(frames), wanted=wanted, pace=pace)


def with_error(frames: list[Frame], wanted: Faults, *, request_id: str) -> list[Frame]:
    """The stream up to where it fails, and the event that says so."""
    if wanted.error_after is None:
        return frames
    words = {"overloaded_error": "Overloaded", "api_error": "Internal server error"}.get(wanted.error, wanted.error)
    return [*frames[: wanted.error_after], events.error(wanted.error, words, request_id=request_id)]


def with_pings(frames: list[Frame], count: int) -> list[Frame]:
    return [*frames[:1], *(Frame(events.PING) for _ in range(count)), *frames[1:]]


async def _play(responder: Responder, frames: list[Frame], *, wanted: Faults, pace: float = 0) -> None:
    for wait, data in _script(frames, wanted, pace=pace):
        if wait:
            await asyncio.sleep(wait)
        for piece in _pieces(data, wanted.split):
            responder.write(piece)
            await responder.drain()
            if wanted.split:
                await asyncio.sleep(0)
    if wanted.cut_after is None and wanted.cut_bytes is None:
        responder.end()
    else:
        await _break_off(responder, wanted)


def _script(frames: list[Frame], wanted: Faults, *, pace: float) -> Iterator[tuple[float, bytes]]:
    """What goes out, and for how long to wait before each."""
    room = wanted.cut_bytes
    for at, frame in enumerate(frames[: wanted.cut_after]):
        wait = 1 / pace if pace and frame.spoken else 0.0
        if at == len(frames) // 2:
            wait += wanted.middle_delay
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


async def _break_off(responder: Responder, wanted: Faults) -> None:
    if wanted.reset:
        # What was written is on its way before the reset overtakes it.
        await asyncio.sleep(0.02)
        reset(responder)
    else:
        responder.abort()


def reset(responder: Responder) -> None:
    """Ends the connection with RST in place of FIN. The server has no call for such a misdeed; this goes around it."""
    transport = responder._outlet.transport  # noqa: SLF001
    shared = transport.get_extra_info("socket")
    if shared is not None:
        with socket.socket(fileno=os.dup(shared.fileno())) as same:
            same.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
    responder.abort()
    transport.abort()
