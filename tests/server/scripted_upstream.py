"""A Messages API on loopback that does, byte for byte, what a test says, and knows when its client has gone."""

import asyncio
import contextlib
import json
import re
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

Script = Callable[["Call"], Awaitable[None]]

USAGE = {"input_tokens": 25, "output_tokens": 12}
MESSAGE: dict[str, Any] = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-sonnet-4-6",
    "content": [{"type": "text", "text": "Hello there."}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": USAGE,
}
STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nrequest-id: req_1\r\ntransfer-encoding: chunked\r\n\r\n"
)
LAST_CHUNK = b"0\r\n\r\n"


class Call:
    """One request to the upstream, and the connection to answer it on."""

    def __init__(self, head: bytes, body: bytes, *, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.head = head
        self.body = body
        self._reader = reader
        self.writer = writer
        self.gone = asyncio.Event()
        self.started = asyncio.get_running_loop().time()

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def events(self, *data: dict[str, Any]) -> None:
        await self.send(chunk(frames(*data)))

    async def until_gone(self) -> None:
        """Wait for the proxy to close the connection."""
        with contextlib.suppress(OSError):
            while await self._reader.read(65536):
                pass
        self.gone.set()

    def reset(self) -> None:
        """RST instead of FIN."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


class ScriptedUpstream:
    """`calls` are all requests for messages, in order; each is answered by the next script, the last one for ever."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.scripts: list[Script] = [whole()]
        self.models: Script = refusal(404, "not_found_error", "There is no list here.")
        self.models_asked = 0
        self.port = 0
        self.connections = 0
        self.failures: list[Exception] = []
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def answers(self, *scripts: Script) -> None:
        self.scripts = list(scripts)

    async def call(self, number: int = 0) -> Call:
        """Wait for that request."""
        async with asyncio.timeout(5):
            while len(self.calls) <= number:
                await asyncio.sleep(0.002)
        return self.calls[number]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            while True:
                await self._answer(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the proxy has closed, or the test is over
        except (AssertionError, LookupError, ValueError) as error:
            self.failures.append(error)
        finally:
            self.connections -= 1
            self._tasks.discard(task)
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        call = Call(head, await reader.readexactly(_length(head)), reader=reader, writer=writer)
        if head.startswith(b"GET /v1/models"):
            self.models_asked += 1
            await self.models(call)
            return
        self.calls.append(call)
        await self.scripts[min(len(self.calls), len(self.scripts)) - 1](call)
        if writer.is_closing():
            raise ConnectionAbortedError

    async def close(self) -> None:
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@asynccontextmanager
async def scripted_upstream() -> AsyncIterator[ScriptedUpstream]:
    upstream = ScriptedUpstream()
    listener = await asyncio.start_server(upstream.serve, "127.0.0.1", 0)
    upstream.port = listener.sockets[0].getsockname()[1]
    try:
        yield upstream
    finally:
        listener.close()
        await upstream.close()
        await asyncio.sleep(0)
    for failure in upstream.failures:
        raise failure


# Scripts. ---------------------------------------------------------------------------------------------------------


def whole(message: dict[str, Any] | None = None) -> Script:
    """Answers as it is asked: the message as a whole, or as a stream."""
    message = MESSAGE if message is None else message

    async def script(call: Call) -> None:
        if call.json.get("stream"):
            await call.send(STREAM_HEAD + chunk(frames(*spelled(message))) + LAST_CHUNK)
        else:
            await call.send(reply(200, json.dumps(message).encode()))

    return script


def refusal(status: int, kind: str, message: str, *headers: str, **details: Any) -> Script:
    """Answer an error as the API does."""
    error = {"type": kind, "message": message} | ({"details": details} if details else {})
    body = json.dumps({"type": "error", "error": error, "request_id": "req_inside"}).encode()

    async def script(call: Call) -> None:
        await call.send(reply(status, body, *headers))

    return script


def saying(data: bytes) -> Script:
    """Answer these bytes and keep the connection open."""

    async def script(call: Call) -> None:
        await call.send(data)

    return script


def breaking_off(data: bytes = b"", *, reset: bool = False) -> Script:
    """Answer these bytes and end the connection."""

    async def script(call: Call) -> None:
        if data:
            await call.send(data)
            await asyncio.sleep(0.02)
        if reset:
            call.reset()
        else:
            call.writer.close()

    return script


def silent(data: bytes = b"") -> Script:
    """Answer these bytes, and then nothing until the proxy closes the connection."""

    async def script(call: Call) -> None:
        if data:
            await call.send(data)
        await call.until_gone()
        raise ConnectionAbortedError

    return script


# Bytes. -----------------------------------------------------------------------------------------------------------


def reply(status: int, body: bytes, *headers: str) -> bytes:
    lines = ["content-type: application/json", "request-id: req_1", *headers, f"content-length: {len(body)}"]
    return f"HTTP/1.1 {status} Words\r\n".encode() + "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def frames(*events: dict[str, Any]) -> bytes:
    return b"".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in events)


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def start(message: dict[str, Any] = MESSAGE) -> dict[str, Any]:
    begun = {**message, "content": [], "stop_reason": None, "usage": {**message["usage"], "output_tokens": 1}}
    return {"type": "message_start", "message": begun}


def text_start(index: int = 0) -> dict[str, Any]:
    return {"type": "content_block_start", "index": index, "content_block": {"type": "text", "text": ""}}


def text(piece: str, index: int = 0) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": index, "delta": {"type": "text_delta", "text": piece}}


def end(message: dict[str, Any] = MESSAGE) -> tuple[dict[str, Any], ...]:
    delta = {"stop_reason": message["stop_reason"], "stop_sequence": None}
    return ({"type": "message_delta", "delta": delta, "usage": message["usage"]}, {"type": "message_stop"})


def error_event(kind: str = "overloaded_error", message: str = "Overloaded") -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_inside"}


def spelled(message: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    """Return the events of a message whose blocks are text."""
    blocks = [
        event
        for index, block in enumerate(message["content"])
        for event in (
            text_start(index),
            *(text(piece, index) for piece in re.findall(r"\S+\s*", block["text"])),
            {"type": "content_block_stop", "index": index},
        )
    ]
    return (start(message), *blocks, *end(message))


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line[15:])
    return 0
