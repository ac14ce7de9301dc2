"""The Responses API over a WebSocket: upgrades that are never finished, monsters in frames, and clients that stall."""

import asyncio
import base64
import json
import os
import struct
import time
import zlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from chaos.client import MODEL, ask, chat, exchange, post, verdict
from chaos.proxy import QUICK, Proxy
from chaos.responses import judge
from chaos.row import Outcome, row, tally
from chaos.upstream import CHUNKED, LAST_CHUNK, SSE, Call, Upstream, head, stream, text_delta
from chaos.upstream_faults import cut_at
from chaos.wrong_answers import BLOCK, CLOSE, DELTAS, END, ENDING, RESET, START, STOP

THEME = "The Responses API over a WebSocket"
_PATH = "/v1/responses"
_ENDS = frozenset({"response.completed", "response.failed", "response.incomplete", "error"})
_MOST_RUNNING = 16
_PONG_SECONDS = 75.0  # two pings of thirty seconds, and some


def _create(text: str, lane: str | None = None) -> str:
    message: dict[str, Any] = {"type": "response.create", "model": MODEL, "input": text, "store": False}
    return json.dumps(message if lane is None else {**message, "stream_id": lane})


def _upgrade(*, path: str = _PATH, key: str | None = None, extra: Sequence[str] = ()) -> bytes:
    key = base64.b64encode(os.urandom(16)).decode() if key is None else key
    lines = [f"GET {path} HTTP/1.1", "host: 127.0.0.1", "connection: Upgrade", "upgrade: websocket"]
    lines += ["sec-websocket-version: 13", f"sec-websocket-key: {key}", *extra, "", ""]
    return "\r\n".join(lines).encode("latin-1")


def _frame(payload: bytes, *, opcode: int = 1, first: int = 0x80, length: int | None = None) -> bytes:
    """Return a masked frame; `length` is what its head claims."""
    size = len(payload) if length is None else length
    head_ = bytes([first | opcode, 0xFF]) + struct.pack("!Q", size)
    return head_ + bytes(4) + payload


@asynccontextmanager
async def _socket(proxy: Proxy, **options: Any) -> AsyncIterator[ClientConnection]:
    async with connect(
        f"ws://127.0.0.1:{proxy.port}{_PATH}", max_size=None, proxy=None, close_timeout=1, **options
    ) as socket:
        yield socket


async def _response(socket: ClientConnection, *, seconds: float = 20) -> list[dict[str, Any]]:
    """Return the events up to the one that ends a response, or up to the end of the connection."""
    events: list[dict[str, Any]] = []
    with suppress(ConnectionClosed, TimeoutError):
        async with asyncio.timeout(seconds):
            while not events or events[-1]["type"] not in _ENDS:
                events.append(json.loads(await socket.recv()))
    return events


async def _serves(proxy: Proxy) -> bool:
    async with _socket(proxy) as socket:
        await socket.send(_create("hello"))
        return judge(await _response(socket), ended_early=False) == "whole"


@row(
    THEME,
    fault="A stream that ends at every eleventh byte, one response after another on one connection",
    promise="`response.failed` or `error`, never a part that looks whole; the connection goes on.",
)
async def socket_cuts() -> Outcome:
    data = head("200 OK", SSE, CHUNKED) + stream() + LAST_CHUNK
    cuts = [(at, end) for at in range(0, len(data), 11) for end in (CLOSE, RESET)]
    faults = {f"{end}-{at}": cut_at(data, at, end) for at, end in cuts}
    words = []
    async with Upstream(faults) as upstream, Proxy(upstream.url, QUICK) as proxy, _socket(proxy) as socket:
        for name in faults:
            await socket.send(_create(f"FAULT={name}"))
            words.append(judge(await _response(socket), ended_early=False))
        alive = await _serves(proxy)
    return Outcome(alive and set(words) <= {"whole", "broken"}, f"{len(words)} cuts: {tally(words)}")


@row(
    THEME,
    fault="300 upgrades that are cut, lack their key or version, or have a strange one",
    promise="A refusal or an end; new connections are served.",
)
async def half_open_upgrades() -> Outcome:
    good = _upgrade()
    odd = [
        _upgrade(key=""),
        _upgrade(key="x" * 5000),
        good.replace(b"version: 13", b"version: 8"),
        good.replace(b"sec-websocket-version: 13\r\n", b""),
        good.replace(b"upgrade: websocket", b"upgrade: h2c"),
        _upgrade(extra=["sec-websocket-extensions: permessage-deflate; client_max_window_bits=99"]),
        _upgrade(extra=["sec-websocket-extensions: " + "x; " * 2000]),
        good[:-2],
    ]
    async with Upstream() as upstream, Proxy(upstream.url, QUICK) as proxy:
        seen = [(await exchange(proxy.port, data, quiet=0.5))[0][9:12].decode() or "silence" for data in odd]
        halves = [await asyncio.open_connection("127.0.0.1", proxy.port) for _ in range(300)]
        for number, (_, writer) in enumerate(halves):
            writer.write(good[: 10 + number % (len(good) - 10)])
        served = await _serves(proxy)
        for _, writer in halves:
            writer.close()
        await asyncio.sleep(0.5)
        files = proxy.open_files()
    kept = served and files < 60 and "500" not in seen
    return Outcome(kept, f"{', '.join(seen)}; served meanwhile: {served}; {files} descriptors after")


def _bomb() -> bytes:
    """Return a gigabyte of spaces as a compressed message of one megabyte."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = b" " * (1 << 20)
    packed = b"".join(packer.compress(block) for _ in range(1024)) + packer.flush(zlib.Z_SYNC_FLUSH)
    return packed.removesuffix(b"\x00\x00\xff\xff")


@row(
    THEME,
    fault="Frames that claim 2^62 bytes, messages of 100 MB, a gigabyte in a megabyte, broken frames",
    promise="Closed with a code; memory stays under 250 MB.",
)
async def giant_frames() -> Outcome:
    deflate = ["sec-websocket-extensions: permessage-deflate"]
    attacks = {
        "2^62 bytes": ([], _frame(b"x" * 1000, length=1 << 62)),
        "100 MB": ([], _frame(b"x" * (100 << 20))),
        "100 MB in pieces": ([], _frame(b"x" * (1 << 20), first=0) + _frame(b"x" * (1 << 20), opcode=0, first=0) * 99),
        "a bomb": (deflate, _frame(_bomb(), first=0xC0)),
        "not deflated": (deflate, _frame(b"\xff" * 1000, first=0xC0)),
        "not UTF-8": ([], _frame(b"\xff\xfe")),
        "binary": ([], _frame(b"{}", opcode=2)),
        "reserved bits": ([], _frame(b"{}", first=0xF0)),
        "unmasked": ([], b"\x81\x02{}"),
        "a long ping": ([], _frame(b"x" * 1000, opcode=9)),
    }
    ends = {}
    async with Upstream() as upstream, Proxy(upstream.url, QUICK) as proxy:
        for name, (extra, data) in attacks.items():
            try:
                _, ends[name] = await exchange(proxy.port, _upgrade(extra=extra), data, quiet=8, pause=0.2)
            except OSError:
                ends[name] = "reset"
        peak, served = proxy.megabytes(peak=True), await _serves(proxy)
    open_ = [name for name, end in ends.items() if end == "open"]
    figures = f"{len(ends) - len(open_)} of {len(ends)} closed; peak {peak:.0f} MB"
    return Outcome(not open_ and served and peak < 250, figures + "".join(f"; {name} open" for name in open_))


@row(
    THEME,
    fault="3,000 lanes on one connection at once",
    promise=f"{_MOST_RUNNING} run at once, the rest get an error; each has its end.",
)
async def many_lanes() -> Outcome:
    words: list[str] = []
    async with Upstream() as upstream, Proxy(upstream.url, QUICK) as proxy, _socket(proxy) as socket:
        began = time.monotonic()

        async def send() -> None:
            for number in range(3000):
                await socket.send(_create("hello", f"lane-{number}"))

        sending = asyncio.create_task(send())
        while len(words) < 3000:
            events = await _response(socket, seconds=10)
            if not events or events[-1]["type"] not in _ENDS:
                break
            words.append(events[-1]["type"])
        took = time.monotonic() - began
        sending.cancel()
        served = await _serves(proxy)
    kept = len(words) == 3000 and served and words.count("response.completed") >= _MOST_RUNNING
    return Outcome(kept, f"{tally(words)}, in {took:.1f} s")


async def _endless(call: Call) -> None:
    batch = stream([text_delta("q" * 4000)]) * 20
    await call.send(head("200 OK", SSE, CHUNKED) + stream([START, BLOCK]))
    for _ in range(1000):
        await call.send(batch)
    await call.send(stream([*DELTAS, STOP, ENDING, END]) + LAST_CHUNK)


@row(
    THEME,
    fault="30 clients that ask for 80 MB and never read, nor answer a ping",
    promise="Memory stays under 350 MB; each is closed after two pings; others are served.",
)
async def silent_sockets() -> Outcome:
    request = _upgrade() + _frame(_create("FAULT=endless").encode())
    async with Upstream({"endless": _endless}) as upstream, Proxy(upstream.url, {"MAX_RETRIES": 0}) as proxy:
        before = proxy.open_files()
        connections = [await asyncio.open_connection("127.0.0.1", proxy.port, limit=1024) for _ in range(30)]
        for _, writer in connections:
            writer.write(request)
        await asyncio.sleep(5)
        memory, served = proxy.megabytes(), await _serves(proxy)
        began = time.monotonic()
        while proxy.open_files() > before + 5 and time.monotonic() - began < _PONG_SECONDS:
            await asyncio.sleep(1)
        left = max(0, proxy.open_files() - before - 5)
        word = verdict(await ask(proxy.port, post(chat())), stream=False)
        for _, writer in connections:
            writer.transport.abort()
    figures = f"{memory:.0f} MB; served meanwhile: {served}; {left} left after {5 + time.monotonic() - began:.0f} s"
    return Outcome(served and word == "whole" and memory < 350 and not left, figures)
