"""Clients that lie, stall, leave, flood and send monsters."""

import asyncio
import json
import re
import socket
import time
from contextlib import suppress

from chaos.client import PROMISED, ask, chat, exchange, get, post, verdict
from chaos.proxy import QUICK, Proxy
from chaos.row import Outcome, row, tally
from chaos.upstream import CHUNKED, SSE, Call, Upstream, head, stream
from chaos.wrong_answers import BLOCK, DELTAS, START

THEME = "Clients that lie, leave and flood"
_STATUS = re.compile(rb"(?:^|\r\n|(?<=\}))HTTP/1\.1 (\d{3})")
_REFUSALS = frozenset({400, 404, 405, 408, 413, 414, 431, 501, 505})
_POST = b"POST /v1/chat/completions HTTP/1.1\r\n"
_FIELDS = b"host: 127.0.0.1\r\ncontent-type: application/json\r\n"
_SMUGGLED = post(chat("FAULT=smuggled"))
_CODED = b"transfer-encoding: chunked\r\n"


def _with(fields: bytes, body: bytes = b"0\r\n\r\n") -> bytes:
    return _POST + _FIELDS + fields + b"\r\n" + body


def _bad_heads() -> dict[str, bytes]:
    lengths = (b"5, 5", b"+5", b"-5", b"0x5", b"5 5", b"", b"9" * 400, b"1e3", b"1_0")
    codings = (
        b"xchunked",
        b"chunked, identity",
        b"identity",
        b"gzip, chunked",
        b"chunked;q=1",
        b"chunked chunked",
        b"",
    )
    sizes = (b"0x5", b"+5", b"-5", b" 5", b"5 ", b"5_0", b"g", b"", b"F" * 16, b"5\x0b")
    names = (
        b"nocolon",
        b": empty",
        b"a b: c",
        b"a(b: c",
        b"\x80: c",
        b"x: a\0b",
        b"x: a\x1bb",
        b"x: a\r\n folded",
        b"x : y",
    )
    lines = (
        b"GET  /health HTTP/1.1",
        b" GET /health HTTP/1.1",
        b"GET /hea lth HTTP/1.1",
        b"GET",
        b"G(T /health HTTP/1.1",
    )
    versions = (b"HTTP/0.9", b"HTTP/1.2", b"HTTP/2.0", b"http/1.1", b"HTTP/1.10", b"XTTP/1.1")
    hosts = (
        b"x y",
        b"evil.example/.localhost",
        b"evil.example#.localhost",
        b"localhost:evil.example",
        b"[::1].evil",
        b"[evil]",
    )
    return {
        "length and coding": _with(_CODED + b"content-length: 5\r\n"),
        "two lengths": _with(b"content-length: 3\r\ncontent-length: 5\r\n"),
        "two codings": _with(_CODED * 2),
        "bare line feeds": _with(b"x: y\n"),
        "no Host": b"GET /health HTTP/1.1\r\n\r\n",
        "two Hosts": b"GET /health HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n",
        "129 fields": _with(b"".join(b"x-%d: y\r\n" % number for number in range(129))),
        "a field of 70 KB": _with(b"x: " + b"a" * 70_000 + b"\r\n"),
        "a path of 100 KB": b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n" + _FIELDS + b"\r\n",
        "an extension of 10 KB": _with(_CODED, b"5;" + b"a" * 10_000 + b"\r\nhello\r\n0\r\n\r\n"),
        "trailers of 20 KB": _with(_CODED, b"5\r\nhello\r\n0\r\n" + b"x: y\r\n" * 4000 + b"\r\n"),
        **{f"length {value[:9]!r}": _with(b"content-length: " + value + b"\r\n") for value in lengths},
        **{f"coding {value!r}": _with(b"transfer-encoding: " + value + b"\r\n") for value in codings},
        **{f"chunk size {value!r}": _with(_CODED, value + b"\r\nhello\r\n0\r\n\r\n") for value in sizes},
        **{f"field {value!r}": _with(value + b"\r\n") for value in names},
        **{f"line {value!r}": value + b"\r\n" + _FIELDS + b"\r\n" for value in lines},
        **{f"version {value!r}": b"GET /health " + value + b"\r\n" + _FIELDS + b"\r\n" for value in versions},
        **{f"host {value!r}": b"GET /v1/models HTTP/1.1\r\nhost: " + value + b"\r\n\r\n" for value in hosts},
    }


@row(
    THEME,
    fault="Heads made to smuggle a second request past another server",
    promise="Refused; the second is never heard.",
)
async def smuggling() -> Outcome:
    wrong = []
    heads = _bad_heads()
    async with Upstream() as upstream, Proxy(upstream.url, QUICK) as proxy:
        for name, data in heads.items():
            received, _ = await exchange(proxy.port, data + _SMUGGLED, quiet=0.4)
            statuses = [int(status) for status in _STATUS.findall(received)]
            if len(statuses) != 1 or statuses[0] not in _REFUSALS or "smuggled" in upstream.calls:
                wrong.append(f"{name}: {statuses}")
            upstream.calls.clear()
    return Outcome(
        not wrong, f"{len(heads)} heads, {len(heads) - len(wrong)} refused" + "".join(f"; {one}" for one in wrong[:4])
    )


def _nested(depth: int) -> list[bytes]:
    opened, closed = b"[" * depth, b"]" * depth
    schema = b'{"type":"object","properties":{"a":' * depth + b'{"type":"string"}' + b"}}" * depth
    tool = b'"tools":[{"type":"function","function":{"name":"f","parameters":' + schema + b"}}]"
    start = chat()[:-1]
    return [opened + closed, start + b',"zz":' + opened + closed + b"}", start + b"," + tool + b"}"]


def _definitions(levels: int, width: int, template: str) -> dict[str, object]:
    """Definitions that each refer to the next one several times: small to send, vast when written out."""

    def refers(level: int) -> dict[str, object]:
        reference = {"$ref": f"#/$defs/d{level + 1}", "description": "x"}
        if template == "union":
            return {"anyOf": [reference] * width}
        return {"type": "object", "properties": {f"p{number}": reference for number in range(width)}}

    defs: dict[str, object] = {f"d{level}": refers(level) for level in range(levels)}
    defs[f"d{levels}"] = {"type": "string"}
    return {"type": "object", "properties": {"a": {"$ref": "#/$defs/d0"}}, "$defs": defs}


def _schema_bombs() -> list[bytes]:
    bombs = []
    for schema in (_definitions(12, 10, "object"), _definitions(12, 10, "union"), _definitions(20, 2, "object")):
        format_ = {"type": "json_schema", "json_schema": {"name": "a", "schema": schema, "strict": True}}
        bombs.append(chat(response_format=format_))
        functions = [{"name": "f", "strict": strict, "parameters": schema} for strict in (False, True)]
        bombs += [chat(tools=[{"type": "function", "function": function}]) for function in functions]
    return bombs


async def _with_pauses(bodies: list[bytes]) -> tuple[list[str], float]:
    """Ask for each; (verdicts, the longest time that liveness took meanwhile)."""
    longest = 0.0

    async def watch(proxy: Proxy) -> None:
        nonlocal longest
        while True:
            began = time.monotonic()
            await ask(proxy.port, get("/health"), seconds=20)
            longest = max(longest, time.monotonic() - began)
            await asyncio.sleep(0.02)

    async with Upstream() as upstream, Proxy(upstream.url, QUICK) as proxy:
        watcher = asyncio.create_task(watch(proxy))
        replies = [await ask(proxy.port, post(body), seconds=15) for body in bodies]
        await asyncio.sleep(0.1)
        watcher.cancel()
    words = [verdict(reply, stream=False) for reply in replies]
    return words, longest


@row(
    THEME,
    fault="Bodies and schemas nested 100 to 100,000 levels deep",
    promise="An answer or a 400; nobody waits over a second.",
)
async def deep_bodies() -> Outcome:
    words, longest = await _with_pauses([body for depth in (100, 1000, 20_000, 100_000) for body in _nested(depth)])
    return Outcome(
        set(words) <= {"whole", "error"} and longest < 1, f"{tally(words)}; longest pause {longest * 1000:.0f} ms"
    )


@row(
    THEME,
    fault="Schemas of 2 KB that are vast when written out",
    promise="An answer or a 400; nobody waits over half a second.",
)
async def schema_bombs() -> Outcome:
    words, longest = await _with_pauses(_schema_bombs())
    return Outcome(
        set(words) <= {"whole", "error"} and longest < 0.5, f"{tally(words)}; longest pause {longest * 1000:.0f} ms"
    )


@row(THEME, fault="A conversation of 60,000 messages", promise="Under 15 µs of CPU a message; over 100,000 a 400.")
async def long_conversations() -> Outcome:
    def turns(count: int) -> bytes:
        roles = ("user", "assistant")
        messages = [{"role": roles[number % 2], "content": "x"} for number in range(count)]
        return json.dumps({**json.loads(chat()), "messages": [*messages, {"role": "user", "content": "x"}]}).encode()

    async with Upstream() as upstream, Proxy(upstream.url, QUICK) as proxy:
        await ask(proxy.port, post(turns(100)))
        before = proxy.cpu_seconds()
        reply = await ask(proxy.port, post(turns(60_000)), seconds=60)
        used = proxy.cpu_seconds() - before
        refused = await ask(proxy.port, post(turns(100_002)), seconds=60)
    word = verdict(reply, stream=False)
    kept = word == "whole" and used < 60_000 * 15e-6 + 0.1 and refused.status == 400
    return Outcome(kept, f"{word}, {used / 60_000 * 1e6:.0f} µs a message; 100,003 messages: {refused.status}")


async def _paced(call: Call) -> None:
    await call.send(head("200 OK", SSE, CHUNKED) + stream([START, BLOCK]))
    for _ in range(600):
        await call.send(stream([DELTAS[0]]))
        await asyncio.sleep(0.1)


@row(
    THEME,
    fault="200 clients that leave in the middle of a stream",
    promise="Every upstream request ends within a second.",
)
async def departures() -> Outcome:
    async with Upstream({"paced": _paced}) as upstream, Proxy(upstream.url, {"MAX_RETRIES": 0}) as proxy:
        connections = []
        for _ in range(200):
            reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
            writer.write(post(chat("FAULT=paced", stream=True)))
            connections.append((reader, writer))
        await asyncio.gather(*(reader.readuntil(b"data:") for reader, _ in connections))
        for _, writer in connections:
            writer.close()
        began = time.monotonic()
        while upstream.connections and time.monotonic() - began < 10:
            await asyncio.sleep(0.02)
        took, left = time.monotonic() - began, upstream.connections
    return Outcome(not left and took < 1.5, f"the last after {took:.2f} s, {left} left")


@row(
    THEME,
    fault="Bodies a byte at a time, heads that never end, 300 silent connections",
    promise="Cut off in time; others are served.",
)
async def slow_clients() -> Outcome:
    async with Upstream() as upstream, Proxy(upstream.url, QUICK) as proxy:
        silent = [socket.create_connection(("127.0.0.1", proxy.port)) for _ in range(300)]
        half = [socket.create_connection(("127.0.0.1", proxy.port)) for _ in range(50)]
        for connection in half:
            connection.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nhost:")
        words = [verdict(await ask(proxy.port, post(chat())), stream=False) for _ in range(20)]
        await asyncio.sleep(13)
        ended = sum(_has_ended(connection) for connection in half)
        for connection in (*silent, *half):
            connection.close()
    return Outcome(
        set(words) == {"whole"} and ended == len(half), f"{tally(words)}; {ended} of 50 unfinished heads ended in 13 s"
    )


def _has_ended(connection: socket.socket) -> bool:
    connection.setblocking(False)
    with suppress(BlockingIOError):
        try:
            while connection.recv(4096):
                pass
        except ConnectionError:
            return True
        return True
    return False


@row(
    THEME,
    fault="60 unfinished bodies of 28 MB at once",
    promise="One budget for all bodies: memory stays under 500 MB.",
)
async def unfinished_bodies() -> Outcome:
    size = 28 << 20
    async with Upstream() as upstream, Proxy(upstream.url, {"MAX_BODY_MEMORY": 300 << 20, **QUICK}) as proxy:
        loop = asyncio.get_running_loop()
        connections = []

        async def send() -> None:
            connection = socket.socket()
            connection.setblocking(False)
            connections.append(connection)
            with suppress(OSError, TimeoutError):
                await loop.sock_connect(connection, ("127.0.0.1", proxy.port))
                await loop.sock_sendall(connection, post(b"x" * size)[: size // 2])
                await asyncio.wait_for(loop.sock_sendall(connection, b"x" * (size // 2 - 1000)), 8)

        await asyncio.gather(*(send() for _ in range(60)))
        memory, word = proxy.megabytes(), verdict(await ask(proxy.port, post(chat())), stream=False)
        for connection in connections:
            connection.close()
    return Outcome(memory < 500 and word in PROMISED, f"{memory:.0f} MB; a small request then: {word}")
