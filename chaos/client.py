"""A raw client: requests as bytes, replies read to their end, and a verdict on what a person would have seen.

Verdicts: `whole` (all of the answer, and its end), `error` (a status and an error object), `broken` (visibly cut off:
an error frame, or a connection that ends early). What must never be: `silent` (a part of the answer that looks whole),
`hang` (no end within the time), `shape` (something that is no reply of the API), `nothing` (closed without a word).
"""

import asyncio
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

LIMIT = 1 << 26
PROMISED = frozenset({"whole", "error", "broken"})
MODEL = "claude-sonnet-4-5"


def chat(text: str = "hello", *, stream: bool = False, max_tokens: int = 100, **more: Any) -> bytes:
    """Return the body of a chat completion; over 4,096 tokens a whole answer is streamed inside the proxy."""
    options: dict[str, object] = {"stream_options": {"include_usage": True}} if stream else {}
    message = {"role": "user", "content": text}
    body = {"model": MODEL, "messages": [message], "stream": stream, "max_tokens": max_tokens, **options, **more}
    return json.dumps(body).encode()


def post(
    body: bytes, *, path: str = "/v1/chat/completions", headers: Sequence[str] = (), host: str = "127.0.0.1"
) -> bytes:
    """Return a request with its body, ready to send."""
    lines = [f"POST {path} HTTP/1.1", f"host: {host}", "content-type: application/json", f"content-length: {len(body)}"]
    return "\r\n".join([*lines, *headers, "", ""]).encode() + body


def get(path: str, *headers: str) -> bytes:
    return "\r\n".join([f"GET {path} HTTP/1.1", "host: 127.0.0.1", "connection: close", *headers, "", ""]).encode()


@dataclass
class Reply:
    """`end`: how the body ended: `length`, `last-chunk`, `eof`, `reset`, `timeout`, `no-head` or `no-connection`."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    end: str = ""

    @property
    def error(self) -> dict[str, Any] | None:
        """The error object, if the body is one with all its four fields."""
        with suppress(ValueError, KeyError, TypeError):
            error: dict[str, Any] = json.loads(self.body)["error"]
            return error if set(error) >= {"message", "type", "param", "code"} else None
        return None

    def text(self) -> str:
        """Return the text and arguments of a whole answer."""
        message = json.loads(self.body)["choices"][0]["message"]
        calls = message.get("tool_calls") or []
        return (message.get("content") or "") + "".join(call["function"]["arguments"] for call in calls)


async def ask(port: int, request: bytes, *, seconds: float = 20.0, host: str = "127.0.0.1") -> Reply:
    """Send one request on a new connection and read the reply to its end."""
    reply = Reply()
    try:
        reader, writer = await asyncio.wait_for(asyncio.open_connection(host, port, limit=LIMIT), seconds)
    except (OSError, TimeoutError):
        reply.end = "no-connection"
        return reply
    try:
        writer.write(request)
        await asyncio.wait_for(_read(reader, reply), seconds)
    except TimeoutError:
        reply.end = "timeout"
    except OSError:
        reply.end = "reset"
    finally:
        writer.close()
    return reply


async def exchange(port: int, *parts: bytes, quiet: float = 0.6, pause: float = 0.0) -> tuple[bytes, str]:
    """Send raw bytes and collect what comes until the end or silence: (bytes, `closed`, `reset` or `open`)."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=LIMIT)
    received, end = b"", "open"
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause)
        while data := await asyncio.wait_for(reader.read(1 << 20), quiet):
            received += data
        end = "closed"
    except TimeoutError:
        pass
    except OSError:
        end = "reset"
    writer.close()
    return received, end


async def _read(reader: asyncio.StreamReader, reply: Reply) -> None:
    while reply.status < 200:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        except asyncio.IncompleteReadError:
            reply.end = "no-head"
            return
        reply.status = int(head[0].split(" ")[1])
        fields = (line.partition(":") for line in head[1:] if ":" in line)
        reply.headers = {name.lower(): value.strip() for name, _, value in fields}
    if reply.headers.get("transfer-encoding") == "chunked":
        reply.end = await _read_chunks(reader, reply)
    elif "content-length" in reply.headers:
        try:
            reply.body = await reader.readexactly(int(reply.headers["content-length"]))
            reply.end = "length"
        except asyncio.IncompleteReadError as error:
            reply.body, reply.end = error.partial, "eof"
    else:
        reply.body, reply.end = await reader.read(-1), "eof"


async def _read_chunks(reader: asyncio.StreamReader, reply: Reply) -> str:
    try:
        while size := int((await reader.readuntil(b"\r\n")).strip(), 16):
            reply.body += (await reader.readexactly(size + 2))[:-2]
    except asyncio.IncompleteReadError:
        return "eof"
    return "last-chunk"


def verdict(reply: Reply, *, stream: bool, whole: str | None = None) -> str:
    """Judge a reply; `whole` is the text that a complete answer has, None if any will do."""
    if reply.end == "timeout":
        return "hang"
    if not reply.status:
        return "nothing"
    if reply.status != 200:
        return "error" if reply.status >= 400 and reply.error is not None else "shape"
    return _of_stream(reply, whole) if stream else _of_whole(reply, whole)


def _of_whole(reply: Reply, whole: str | None) -> str:
    if reply.end != "length":
        return "broken"
    try:
        text = reply.text()
    except (ValueError, KeyError, IndexError, TypeError):
        return "shape"
    return "whole" if whole is None or text == whole else "silent"


@dataclass
class _Stream:
    text: str = ""
    finish: str | None = None
    done: bool = False
    error: Any = None
    unreadable: bool = False


def text_of_stream(reply: Reply) -> str:
    return _stream(reply).text


def _stream(reply: Reply) -> _Stream:
    seen = _Stream()
    for frame in reply.body.split(b"\n\n"):
        data = b"\n".join(line[5:].strip() for line in frame.split(b"\n") if line.startswith(b"data:"))
        if data == b"[DONE]":
            seen.done = True
        elif data:
            _take(seen, data)
    return seen


def _take(seen: _Stream, data: bytes) -> None:
    try:
        chunk = json.loads(data)
    except ValueError:
        seen.unreadable = True
        return
    seen.error = seen.error or chunk.get("error")
    for choice in chunk.get("choices", []):
        delta = choice.get("delta", {})
        calls = delta.get("tool_calls") or []
        seen.text += delta.get("content") or ""
        seen.text += "".join((call.get("function") or {}).get("arguments") or "" for call in calls)
        seen.finish = choice.get("finish_reason") or seen.finish


def _of_stream(reply: Reply, whole: str | None) -> str:
    seen = _stream(reply)
    if seen.unreadable:
        return "shape"
    cut = reply.end in {"eof", "reset"}
    if seen.error is not None:
        complete = set(seen.error) >= {"message", "type", "param", "code"}
        return "broken" if complete and cut and not seen.done and not seen.finish else "shape"
    if seen.done and seen.finish and reply.end == "last-chunk":
        return "whole" if whole is None or seen.text == whole else "silent"
    return "broken" if cut else "shape"
