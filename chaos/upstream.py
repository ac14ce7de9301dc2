"""A raw upstream that misbehaves on demand: a request whose text holds `FAULT=name` is answered by that fault."""

import asyncio
import json
import re
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from chaos.proxy import free_port

TEXT = "The quick brown fox — jumps über the lazy dog 🦊. " * 4
SSE = "content-type: text/event-stream; charset=utf-8"
JSON = "content-type: application/json"
CHUNKED = "transfer-encoding: chunked"
LAST_CHUNK = b"0\r\n\r\n"
_FAULT = re.compile(rb"FAULT=([A-Za-z0-9_.-]+)")
_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)

Event = dict[str, Any]


def head(status: str = "200 OK", *headers: str) -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", "request-id: req_chaos000000000000000001", *headers, "", ""]).encode(
        "latin-1"
    )


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data) if data else b""


def frame(event: Event | bytes) -> bytes:
    """One event as server-sent bytes; bytes are data as they are."""
    if isinstance(event, bytes):
        return b"event: x\ndata: " + event + b"\n\n"
    return f"event: {event['type']}\ndata: ".encode() + json.dumps(event, ensure_ascii=False).encode() + b"\n\n"


def message(text: str = TEXT, *, stop: str | None = "end_turn", **more: object) -> Event:
    return {
        "id": "msg_01Chaos",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-4-5",
        "content": [{"type": "text", "text": text}],
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": {"input_tokens": 10, "output_tokens": 20},
        **more,
    }


def text_delta(text: str, index: int = 0) -> Event:
    return {"type": "content_block_delta", "index": index, "delta": {"type": "text_delta", "text": text}}


def text_block(index: int = 0) -> Event:
    return {"type": "content_block_start", "index": index, "content_block": {"type": "text", "text": ""}}


def events(text: str = TEXT, *, pieces: int = 8, stop: str = "end_turn") -> Iterator[Event]:
    """Yield the events of a good answer."""
    size = max(1, -(-len(text) // pieces))
    begun = message("", stop=None, content=[], usage={"input_tokens": 10, "output_tokens": 1})
    yield {"type": "message_start", "message": begun}
    yield text_block()
    for at in range(0, len(text), size):
        yield text_delta(text[at : at + size])
    yield {"type": "content_block_stop", "index": 0}
    delta = {"stop_reason": stop, "stop_sequence": None}
    yield {"type": "message_delta", "delta": delta, "usage": {"output_tokens": 20}}
    yield {"type": "message_stop"}


def stream(all_events: Iterable[Event | bytes] | None = None) -> bytes:
    """Events in chunks, one for each, without the last chunk."""
    return b"".join(chunk(frame(event)) for event in (events() if all_events is None else all_events))


class Call:
    """One request on one connection, and what a fault may do with it."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, request: bytes, number: int
    ) -> None:
        self.reader, self.writer, self.request, self.number = reader, writer, request, number
        self.streams = b'"stream":true' in request
        found = _FAULT.search(request)
        self.name = found[1].decode() if found else "good"
        self.is_over = False
        self.has_answered = False
        self.is_cut = False

    async def send(self, data: bytes) -> None:
        self.has_answered = self.has_answered or bool(data)
        self.writer.write(data)
        await self.writer.drain()

    async def send_json(self, value: Event, status: str = "200 OK", *headers: str) -> None:
        body = json.dumps(value).encode()
        await self.send(head(status, JSON, f"content-length: {len(body)}", *headers) + body)

    def close(self) -> None:
        self.is_over = self.is_cut = True
        self.writer.close()

    def reset(self) -> None:
        self.is_over = self.is_cut = True
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def until_gone(self, seconds: float = 60) -> bool:
        """Wait until the proxy closes the connection; False if it does not in that time."""
        with suppress(OSError):
            try:
                await asyncio.wait_for(self.reader.read(), seconds)
            except TimeoutError:
                return False
        self.is_over = True
        return True


Fault = Callable[[Call], Awaitable[None]]


async def good(call: Call) -> None:
    if call.streams:
        await call.send(head("200 OK", SSE, CHUNKED) + stream() + LAST_CHUNK)
    else:
        await call.send_json(message())


class Upstream:
    """Use as an async context manager. `calls` are the names of the requests that came, in order.

    `unanswered` counts those that came on a kept connection that then ended without a byte: a client sends them again.
    """

    def __init__(
        self, faults: Mapping[str, Fault] | None = None, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
    ) -> None:
        self._host = host
        self.port = free_port()
        self.faults: dict[str, Fault] = {"good": good, **(faults or {})}
        self.calls: list[str] = []
        self.connections = 0
        self.unanswered = 0
        self._tls = tls

    @property
    def url(self) -> str:
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{'https' if self._tls else 'http'}://{host}:{self.port}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(
            self._serve, self._host, self.port, limit=1 << 26, backlog=4096, ssl=self._tls
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        number = 0
        with suppress(asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError):
            while True:
                request = await reader.readuntil(b"\r\n\r\n")
                length = _LENGTH.search(request)
                request += await reader.readexactly(int(length[1])) if length else b""
                number += 1
                call = Call(reader, writer, request=request, number=number)
                if await self._answer(call):
                    break
        self.connections -= 1
        writer.close()

    async def _answer(self, call: Call) -> bool:
        """Run the fault; True once the connection is over."""
        if call.request.startswith(b"GET"):
            await call.send_json({"data": [], "has_more": False, "first_id": None, "last_id": None})
            return False
        self.calls.append(call.name)
        await self.faults.get(call.name, good)(call)
        self.unanswered += call.number > 1 and call.is_cut and not call.has_answered
        return call.is_over
