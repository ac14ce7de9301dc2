"""An HTTP client that sees what others hide: when bytes came, in which chunks, and how the connection ended."""

import asyncio
import json
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

KEY = {"x-api-key": "sk-ant-test-key", "anthropic-version": "2023-06-01"}


@dataclass
class RawResponse:
    """`end` is whole, cut or reset; `times` say when each chunk of the body came, in seconds from the request."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    chunks: list[bytes] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    head_at: float = 0.0
    end: str = "cut"

    @property
    def body(self) -> bytes:
        return b"".join(self.chunks)

    @property
    def json(self) -> Any:
        return json.loads(self.body)


async def send(
    url: str,
    body: Any = None,
    *,
    path: str = "/v1/messages",
    method: str = "POST",
    headers: dict[str, str] | None = None,
) -> RawResponse:
    """`body` is JSON, or bytes to be sent as they are; `headers` replace the usual key and version."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    named = {
        **(KEY if headers is None else headers),
        "host": parts.netloc,
        "content-length": str(len(data)),
        "connection": "close",
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    response = RawResponse()
    started = time.monotonic()
    try:
        writer.write(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + data)
        await _read(reader, response, started)
    except ConnectionResetError:
        response.end = "reset"
    except asyncio.IncompleteReadError:
        response.end = "cut"
    finally:
        writer.close()
    return response


async def _read(reader: asyncio.StreamReader, response: RawResponse, started: float) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    response.head_at = time.monotonic() - started
    response.status = int(head[0].split(" ")[1])
    response.headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
    if "content-length" in response.headers:
        response.chunks.append(await reader.readexactly(int(response.headers["content-length"])))
        response.times.append(time.monotonic() - started)
        response.end = "whole"
        return
    while True:
        size = int((await reader.readuntil(b"\r\n")).strip(), 16)
        piece = (await reader.readexactly(size + 2))[:-2]
        if size == 0:
            response.end = "whole"
            return
        response.chunks.append(piece)
        response.times.append(time.monotonic() - started)
