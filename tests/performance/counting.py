"""How much work a request is, in calls: repeatable where time is not, on whatever machine.

A whole server runs in this process; its upstream and its client are in threads of their own, which are not counted.
`python -m tests.performance.counting` prints the counts, after the server's own lines.
"""

import asyncio
import http.client
import json
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvloop

from claude_code_proxy.server.assembly import Assembly
from claude_code_proxy.settings import Settings, load

WARM, COUNTED = 40, 100
TOKENS = 200
MARK = "counts: "
VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"
MODEL = "claude-sonnet-4-6"

_MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": MODEL,
    "content": [{"type": "text", "text": "The quick answer is no. " * 20}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 50, "output_tokens": 100},
}
_CHAT, _NATIVE, _RESPONSES = "/v1/chat/completions", "/v1/messages", "/v1/responses"
_ENDS = {
    _CHAT: b'"finish_reason":"stop"',
    _NATIVE: b'"stop_reason": "end_turn"',
    _RESPONSES: b'"status":"completed"',
}
_DELTA = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": " a token or so"}}


def _events(tokens: int) -> Iterator[dict[str, Any]]:
    yield {"type": "message_start", "message": {**_MESSAGE, "content": [], "stop_reason": None}}
    yield {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
    yield from (_DELTA for _ in range(tokens))
    yield {"type": "content_block_stop", "index": 0}
    yield {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": tokens}}
    yield {"type": "message_stop"}


def _whole() -> bytes:
    body = json.dumps(_MESSAGE).encode()
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body) + body


def _streamed(tokens: int) -> bytes:
    """One HTTP chunk an event, as the service sends them."""
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    frames = [f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in _events(tokens)]
    return head + b"".join(b"%x\r\n%b\r\n" % (len(frame), frame) for frame in frames) + b"0\r\n\r\n"


class Upstream(threading.Thread):
    """Answers every completion in one go; `reply` is what it says."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.reply = b""
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def run(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as stream:
            while line := stream.readline():
                length = 0
                while (header := stream.readline()) not in (b"\r\n", b""):
                    name, _, value = header.partition(b":")
                    length = int(value) if name.lower() == b"content-length" else length
                stream.read(length)
                connection.sendall(self.reply if line.startswith(b"POST") else _empty_list())


def _empty_list() -> bytes:
    body = b'{"data":[],"has_more":false}'
    return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)


def _ask(port: int, body: bytes, times: int, *, path: str) -> None:
    """Send each request in one piece: how many reads a request takes is no question of the server's work."""
    head = f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n".encode()
    request = head + b"content-length: %d\r\n\r\n%b" % (len(body), body)
    with socket.create_connection(("127.0.0.1", port)) as connection:
        for _ in range(times):
            connection.sendall(request)
            reply = http.client.HTTPResponse(connection, method="POST")
            reply.begin()
            text = reply.read()
            if reply.status != 200 or _ENDS[path] not in text:
                raise AssertionError(reply.status)


@contextmanager
def _counting() -> Iterator[Callable[[], int]]:
    count = 0

    def note(_frame: object, event: str, _what: object) -> None:
        nonlocal count
        if event in {"call", "c_call"}:
            count += 1

    sys.setprofile(note)
    try:
        yield lambda: count
    finally:
        sys.setprofile(None)


async def _calls(assembly: Assembly, body: bytes, path: str = _CHAT) -> float:
    port = assembly.server.port
    await asyncio.to_thread(_ask, port, body, WARM, path=path)
    with _counting() as count:
        await asyncio.to_thread(_ask, port, body, COUNTED, path=path)
        return count() / COUNTED


async def _measure(upstream: Upstream, settings: Settings) -> dict[str, float]:
    assembly = Assembly(settings, files=1024)
    await assembly.start()
    try:
        upstream.reply = _whole()
        small = await _calls(assembly, _body(max_tokens=100))
        native = await _calls(assembly, _body(max_tokens=100), _NATIVE)
        responses = await _calls(assembly, _input(max_output_tokens=100), _RESPONSES)
        agent = await _calls(assembly, _body(max_tokens=100, **agent_parts()))
        token = await _calls_a_token(assembly, upstream, _body(stream=True), path=_CHAT)
        responses_token = await _calls_a_token(assembly, upstream, _input(stream=True), path=_RESPONSES)
    finally:
        await assembly.drain(0)
        await assembly.close()
    return {
        "small request": round(small, 1),
        "small native request": round(native, 1),
        "small request for a response": round(responses, 1),
        "agent request, 40 tools": round(agent, 1),
        "streamed token": round(token, 2),
        "streamed token of a response": round(responses_token, 2),
    }


async def _calls_a_token(assembly: Assembly, upstream: Upstream, body: bytes, *, path: str) -> float:
    upstream.reply = _streamed(0)
    empty = await _calls(assembly, body, path)
    upstream.reply = _streamed(TOKENS)
    return (await _calls(assembly, body, path) - empty) / TOKENS


def _input(**extra: object) -> bytes:
    """Return a request to the Responses API of which nothing is kept."""
    return json.dumps({"model": MODEL, "input": "Why is the sky blue?", "store": False, **extra}).encode()


def _body(**extra: object) -> bytes:
    question = {"role": "user", "content": "Why is the sky blue?"}
    history = extra.pop("history", [])
    assert isinstance(history, list)
    return json.dumps({"model": MODEL, "messages": [*history, question], **extra}).encode()


def agent_parts() -> dict[str, Any]:
    """Return an agent's request: 40 tools, and a history of 20 rounds of two calls."""
    parameters = {"type": "object", "properties": {f"p{n}": {"type": "string"} for n in range(8)}, "required": ["p0"]}
    tools = [{"type": "function", "function": {"name": f"tool_{n}", "parameters": parameters}} for n in range(40)]
    history: list[dict[str, Any]] = [{"role": "system", "content": "You are an agent. " * 100}]
    for number in range(20):
        ids = [f"call_{number}_{which}" for which in "ab"]
        calls = [
            {"id": each, "type": "function", "function": {"name": "tool_1", "arguments": '{"p0": "x"}'}} for each in ids
        ]
        history.append({"role": "user", "content": "Go on. " * 20})
        history.append({"role": "assistant", "content": "Let me see.", "tool_calls": calls})
        history += [{"role": "tool", "tool_call_id": each, "content": "result " * 50} for each in ids]
        history.append({"role": "assistant", "content": "Done. " * 20})
    return {"history": history, "tools": tools, "tool_choice": "auto"}


def measure() -> dict[str, float]:
    upstream = Upstream()
    told = {
        "HOME": "/nonexistent",
        "ANTHROPIC_API_KEY": "sk-ant-test-counting",
        "ANTHROPIC_API_BASE": upstream.url,
        "PORT": "0",
    }
    return uvloop.run(_measure(upstream, load({}, told)))


if __name__ == "__main__":
    found = measure()
    print(MARK + json.dumps({VERSION: found}))
