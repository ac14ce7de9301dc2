"""A proxy in the test's own process and loop, and a client that sees every byte of its replies."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from claude_code_proxy.secret import Secret
from claude_code_proxy.server.assembly import Assembly
from claude_code_proxy.server.exchange.record import Record
from claude_code_proxy.settings import Settings

KEY = "sk-ant-test-of-the-proxy"
ASKED: dict[str, Any] = {"model": "claude-sonnet-4-6", "messages": [{"role": "user", "content": "Hello, Claude"}]}
CHAT = "/v1/chat/completions"


class Running:
    """`records` are all exchanges that have ended, in order."""

    def __init__(self, assembly: Assembly) -> None:
        self.assembly = assembly
        self.records: list[Record] = []
        assembly.state.observers = [*assembly.state.observers, self]

    def observe(self, record: Record) -> None:
        self.records.append(record)

    @property
    def port(self) -> int:
        return self.assembly.server.port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    async def record(self, number: int = 0) -> Record:
        """Wait for that exchange to end."""
        await eventually(lambda: len(self.records) > number)
        return self.records[number]

    async def ask(self, *, path: str = CHAT, headers: dict[str, str] | None = None, **fields: Any) -> "Reply":
        """One chat completion, on a connection of its own."""
        async with self.client() as client:
            await client.post({**ASKED, **fields}, path=path, headers=headers)
            return await client.reply()

    async def get(self, path: str, *, method: str = "GET", headers: dict[str, str] | None = None) -> "Reply":
        async with self.client() as client:
            await client.send(head(method, path, headers or {}))
            return await client.reply(bodiless=method == "HEAD")

    @asynccontextmanager
    async def client(self) -> "AsyncIterator[Client]":
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 26)
        client = Client(reader, writer)
        try:
            yield client
        finally:
            writer.close()


@asynccontextmanager
async def running(upstream: str, **changes: Any) -> AsyncIterator[Running]:
    """Run a proxy in front of `upstream`; `changes` are settings. It must be able to end at once."""
    usual = {"port": 0, "anthropic_api_key": Secret(KEY), "anthropic_api_base": upstream, "log_level": "error"}
    assembly = Assembly(Settings(**{**usual, **changes}), files=4096)
    await assembly.start()
    try:
        yield Running(assembly)
    finally:
        await assembly.drain(0)
        await assembly.close()


class Reply:
    """One reply. `ended` tells whether its body came to its proper end, by length or last chunk."""

    def __init__(self, status: int, headers: dict[str, str]) -> None:
        self.status = status
        self.headers = headers
        self.body = b""
        self.ended = False

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> dict[str, Any]:
        """The error of an envelope that is complete, and nothing else."""
        assert self.headers["content-type"] == "application/json"
        assert list(self.json) == ["error"]
        error: dict[str, Any] = self.json["error"]
        assert set(error) == {"message", "type", "param", "code"}
        return error

    @property
    def frames(self) -> list[bytes]:
        """What stands between the blank lines: data and comments."""
        assert self.body.endswith(b"\n\n") or not self.body, self.body[-200:]
        return self.body.split(b"\n\n")[:-1]

    @property
    def chunks(self) -> list[Any]:
        """The JSON of all data frames but the end mark."""
        data = [frame.removeprefix(b"data: ") for frame in self.frames if frame.startswith(b"data: ")]
        return [json.loads(each) for each in data if each != b"[DONE]"]

    @property
    def text(self) -> str:
        return "".join(c["delta"].get("content") or "" for chunk in self.chunks for c in chunk.get("choices", []))


class Client:
    """A connection to the proxy, read byte by byte."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def post(self, fields: Any, *, path: str = CHAT, headers: dict[str, str] | None = None) -> None:
        body = fields if isinstance(fields, bytes) else json.dumps(fields).encode()
        await self.send(head("POST", path, {"content-length": str(len(body)), **(headers or {})}) + body)

    async def reply(self, *, bodiless: bool = False) -> Reply:
        """Read the next reply, as far as it comes."""
        reply = await self.reply_head()
        if not bodiless:
            while (data := await self.piece(reply)) is not None:
                reply.body += data
        return reply

    async def reply_head(self) -> Reply:
        async with asyncio.timeout(10):
            head_text = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        status, *lines = head_text.removesuffix("\r\n\r\n").split("\r\n")
        pairs = [line.partition(": ") for line in lines]
        headers = {name: value for name, _, value in pairs}
        assert len(headers) == len(lines), f"a header twice: {head_text}"
        return Reply(int(status.split(" ")[1]), headers)

    async def piece(self, reply: Reply) -> bytes | None:
        """Read the next chunk of the body, or all of it where it is counted; None at its end, proper or not."""
        async with asyncio.timeout(10):
            try:
                return await self._piece(reply)
            except (asyncio.IncompleteReadError, OSError):
                return None

    async def gone(self) -> bool:
        """Whether the proxy closes the connection, and in order."""
        async with asyncio.timeout(10):
            return await self.reader.read(1) == b""

    async def _piece(self, reply: Reply) -> bytes | None:
        if reply.ended:
            return None
        length = reply.headers.get("content-length")
        if length is not None:
            data = await self.reader.readexactly(int(length))
            reply.ended = True
            return data
        if "transfer-encoding" not in reply.headers:
            reply.ended = reply.status == 204
            return None
        size = int(await self.reader.readuntil(b"\r\n"), 16)
        data = (await self.reader.readexactly(size + 2))[:-2]
        reply.ended = size == 0
        return data if size else None


def head(method: str, path: str, headers: dict[str, str]) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "host: proxy", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


async def eventually(condition: Callable[[], bool], *, seconds: float = 5.0) -> None:
    """Wait, but not for ever, until it holds."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.002)
