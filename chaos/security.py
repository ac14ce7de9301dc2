"""Attacks on keys, pages, secrets and the log."""

import asyncio
from itertools import product

from chaos.client import ask, chat, get, post
from chaos.proxy import CALLER_KEY, QUICK, Proxy
from chaos.row import Outcome, row
from chaos.upstream import Upstream

THEME = "Attacks"
_PATHS = (
    "/v1/chat/completions",
    "/v1/completions",
    "/v1/translate",
    "/chat/completions",
    "//v1//chat/completions/",
    "/v1/messages",
)


@row(THEME, fault="Every path with a missing, wrong, cut, doubled or re-cased key", promise="401 without exception.")
async def wrong_keys() -> Outcome:
    wrong = (
        "",
        "x",
        CALLER_KEY[:-1],
        CALLER_KEY + "x",
        CALLER_KEY.upper(),
        f"{CALLER_KEY},{CALLER_KEY}",
        "null",
        "*",
        "é",
    )
    forms = (
        "authorization: Bearer {}",
        "authorization: {}",
        "authorization: Basic {}",
        "x-api-key: {}",
        "api-key: {}",
        "cookie: {}",
    )
    passed: list[str] = []
    tried = 0
    async with Upstream() as upstream, Proxy(upstream.url, {"PROXY_API_KEY": CALLER_KEY, **QUICK}) as proxy:
        at_once = asyncio.Semaphore(16)  # wrong keys from one address wait

        async def one(path: str, form: str, key: str) -> None:
            nonlocal tried
            header = form.format(key).encode("utf-8").decode("latin-1")
            async with at_once:
                reply = await ask(proxy.port, post(chat(), path=path, headers=[header]))
            tried += 1
            if reply.status == 200:
                passed.append(f"{path} {form} {key!r}")

        await asyncio.gather(*(one(*case) for case in product(_PATHS, forms, wrong)))
        upstream_calls = len(upstream.calls)
    return Outcome(
        not passed and not upstream_calls, f"{tried} tries, {len(passed)} passed, {upstream_calls} requests upstream"
    )


@row(
    THEME,
    fault="Web pages of strangers, and names that point here (DNS rebinding)",
    promise="403, before the body is read.",
)
async def strangers_pages() -> Outcome:
    origins = ("https://evil.example", "null", "http://localhost.evil.example", "http://127.0.0.1.evil.example")
    hosts = ("evil.example", "evil.example:80", "localhost.evil.example", "127.0.0.1.nip.io")
    async with Upstream() as upstream, Proxy(upstream.url, QUICK) as proxy:
        replies = [await ask(proxy.port, post(chat(), headers=[f"origin: {origin}"])) for origin in origins]
        replies += [await ask(proxy.port, post(chat(), host=host)) for host in hosts]
        replies += [await ask(proxy.port, get("/metrics").replace(b"host: 127.0.0.1", b"host: evil.example"))]
        upstream_calls = len(upstream.calls)
    statuses = [reply.status for reply in replies]
    return Outcome(
        set(statuses) <= {400, 403} and not upstream_calls, f"{statuses}, {upstream_calls} requests upstream"
    )


@row(
    THEME,
    fault="Control characters, markup and line ends in every field that is shown",
    promise="No header, no log line is forged.",
)
async def forged_lines() -> Outcome:
    evil = "x\r\nx-evil: 1\r\n\r\n<script>\x1b[31m\u2028"
    bodies = [
        chat(other={evil: 1}),
        chat(user=evil),
        chat(stop=[evil]),
        chat(service_tier=evil),
        chat(metadata={evil: evil}),
        chat(tools=[{"type": "function", "function": {"name": evil}}]),
        chat().replace(b"claude-sonnet-4-5", evil.encode("unicode_escape")),
    ]
    forged = 0
    async with Upstream() as upstream, Proxy(upstream.url, {"LOG_FORMAT": "json", **QUICK}) as proxy:
        for body in bodies:
            for path in _PATHS[:3]:
                reply = await ask(proxy.port, post(body, path=path))
                forged += "x-evil" in reply.headers or "text/html" in reply.headers.get("content-type", "")
        await asyncio.sleep(1.5)
        lines = proxy.output().splitlines()
    dirty = sum(any(byte < 32 or byte == 127 for byte in line) for line in lines)
    return Outcome(
        not forged and not dirty,
        f"{len(bodies) * 3} requests: {forged} forged heads, {dirty} of {len(lines)} lines dirty",
    )
