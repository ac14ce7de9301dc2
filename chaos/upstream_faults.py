"""What the proxy does with an upstream that answers wrongly, breaks off at any byte, or is very large."""

import asyncio

from chaos.client import PROMISED, ask, chat, post, verdict
from chaos.proxy import QUICK, Proxy
from chaos.row import Outcome, row, tally
from chaos.upstream import (
    CHUNKED,
    LAST_CHUNK,
    SSE,
    TEXT,
    Call,
    Fault,
    Upstream,
    chunk,
    frame,
    head,
    message,
    stream,
    text_delta,
)
from chaos.wrong_answers import (
    ANSWERS,
    BLOCK,
    BODY,
    CLOSE,
    EITHER,
    END,
    ENDING,
    HANG,
    RESET,
    START,
    STOP,
    Answer,
    json_head,
)

THEME = "An upstream that fails"
_FORMS = ((False, 100), (False, 9000), (True, 100))  # whole, whole but streamed inside, streamed


def sender(answer: Answer) -> Fault:
    async def send(call: Call) -> None:
        await call.send(answer.streamed if call.streams else answer.whole)
        if answer.end == HANG:
            await call.until_gone(30)
        elif answer.end == RESET:
            await asyncio.sleep(0.01)
            call.reset()
        elif answer.end == CLOSE:
            call.close()

    return send


async def _judged(kind: str) -> Outcome:
    """Ask for every answer of a kind in each form; all of them must be among those allowed."""
    answers = {f"{kind}-{number}".replace(" ", "-"): one for number, one in enumerate(ANSWERS) if one.kind == kind}
    words: list[str] = []
    wrong: list[str] = []

    async def one(proxy: Proxy, name: str, *, streams: bool, tokens: int) -> None:
        answer = answers[name]
        reply = await ask(proxy.port, post(chat(f"FAULT={name}", stream=streams, max_tokens=tokens)))
        word = verdict(reply, stream=streams, whole=answer.text)
        words.append(word)
        inside = not streams and tokens > 4096
        allowed = answer.allowed if not inside else answer.allowed | EITHER
        if word not in allowed:
            wrong.append(f"{answer.name} ({'streamed' if streams else tokens}): {word}")

    faults = {name: sender(answer) for name, answer in answers.items()}
    async with Upstream(faults) as upstream, Proxy(upstream.url, QUICK) as proxy:
        forms = _FORMS[1:] if kind == "events" else _FORMS
        asks = [one(proxy, name, streams=streams, tokens=tokens) for name in answers for streams, tokens in forms]
        await asyncio.gather(*asks)
        alive = proxy.is_healthy()
    return Outcome(
        not wrong and alive, f"{len(answers)} faults: {tally(words)}" + "".join(f"; {one}" for one in wrong[:3])
    )


_VISIBLE = "Each client sees the whole answer, an error or a visible break, never a part that looks whole."


@row(THEME, fault="Answers that are cut off: in the head, in the body, closed or reset", promise=_VISIBLE)
async def cut_answers() -> Outcome:
    return await _judged("cut")


@row(
    THEME,
    fault="Silence: before the head, within it, within the body, before the end",
    promise="An error within the set times.",
)
async def stalls() -> Outcome:
    return await _judged("stall")


@row(THEME, fault="No HTTP: random bytes, other protocols, endless heads", promise="502, and the server lives.")
async def no_http() -> Outcome:
    return await _judged("no HTTP")


@row(THEME, fault="Wrong lengths and chunks, packed bodies, HTTP/1.0", promise=_VISIBLE)
async def framing() -> Outcome:
    return await _judged("framing")


@row(
    THEME,
    fault="Odd statuses, pages of a CDN, redirects, absurd retry times",
    promise="An error object with a true status.",
)
async def statuses() -> Outcome:
    return await _judged("status")


@row(
    THEME,
    fault="Bodies that are no message: null, lists, 50,000 levels, other APIs",
    promise="502 with an error object.",
)
async def bodies() -> Outcome:
    return await _judged("body")


@row(THEME, fault="Events missing, doubled, crossed, out of order, unreadable; absurd counts", promise=_VISIBLE)
async def odd_events() -> Outcome:
    return await _judged("events")


def cut_at(data: bytes, offset: int, end: str) -> Fault:
    """Send so many bytes, in two parts, and end the connection."""

    async def send(call: Call) -> None:
        await call.send(data[: offset // 2])
        await asyncio.sleep(0.003)
        await call.send(data[offset // 2 : offset])
        await asyncio.sleep(0.003)
        call.reset() if end == RESET else call.close()

    return send


@row(THEME, fault="A stream and a whole answer that end at every single byte", promise="Never a part that looks whole.")
async def every_byte() -> Outcome:
    streamed = head("200 OK", SSE, CHUNKED) + stream() + LAST_CHUNK
    sources = {"stream": (streamed, True), "whole": (json_head() + BODY, False)}
    words: list[str] = []
    at_once = asyncio.Semaphore(24)

    async with Upstream() as upstream, Proxy(upstream.url, QUICK) as proxy:

        async def one(name: str, offset: int, end: str) -> None:
            data, streams = sources[name]
            key = f"{name}-{end}-{offset}"
            async with at_once:
                upstream.faults[key] = cut_at(data, offset, end)
                reply = await ask(proxy.port, post(chat(f"FAULT={key}", stream=streams)))
                words.append(verdict(reply, stream=streams, whole=TEXT))

        cuts = (
            (name, at, end) for name, (data, _) in sources.items() for at in range(len(data)) for end in (CLOSE, RESET)
        )
        await asyncio.gather(*(one(*cut) for cut in cuts))
        files = proxy.open_files()
    return Outcome(set(words) <= PROMISED, f"{len(words)} cuts: {tally(words)}; {files} open files after them")


@row(
    THEME,
    fault="An upstream that shows the credential in errors, headers and bodies",
    promise="Nobody sees it, the log neither.",
)
async def echoed_credential() -> Outcome:
    async def echo(call: Call) -> None:
        secret = next(line for line in call.request.split(b"\r\n") if line.lower().startswith(b"x-api-key"))[
            11:
        ].decode()
        words = {"type": "error", "error": {"type": "invalid_request_error", "message": f"key {secret} is odd"}}
        await call.send_json(words, "400 x", f"request-id: {secret}", f"anthropic-ratelimit-requests-limit: {secret}")

    async with Upstream({"echo": echo}) as upstream, Proxy(upstream.url, {"LOG_LEVEL": "debug", **QUICK}) as proxy:
        replies = [await ask(proxy.port, post(chat("FAULT=echo", stream=streams))) for streams in (False, True)]
        await asyncio.sleep(0.5)
        shown = sum(b"SECRET" in reply.body or "SECRET" in str(reply.headers) for reply in replies)
        logged = proxy.output().count(b"SECRET")
    return Outcome(not shown and not logged, f"shown in {shown} replies, {logged} lines of the log")


def _one_event(megabytes: int) -> Fault:
    async def send(call: Call) -> None:
        await call.send(head("200 OK", SSE, CHUNKED) + stream([START, BLOCK]))
        data = frame(text_delta("x" * (megabytes << 20)))
        for at in range(0, len(data), 65536):
            await call.send(chunk(data[at : at + 65536]))
        await call.send(stream([STOP, ENDING, END]) + LAST_CHUNK)

    return send


async def _endless(call: Call) -> None:
    batch = stream([text_delta("q" * 4000)]) * 50
    await call.send(head("200 OK", SSE, CHUNKED) + stream([START, BLOCK]))
    for _ in range(2000):
        await call.send(batch)


@row(THEME, fault="One event of 60 MB", promise="Linear: under 1.5 s of CPU; others are answered meanwhile.")
async def large_event() -> Outcome:
    async with Upstream({"large": _one_event(60)}) as upstream, Proxy(upstream.url, QUICK) as proxy:
        before = proxy.cpu_seconds()
        reply = await ask(proxy.port, post(chat("FAULT=large", stream=True)), seconds=60)
        used = proxy.cpu_seconds() - before
    word = verdict(reply, stream=True)
    return Outcome(word in PROMISED and used < 1.5, f"{word}, {used:.1f} s of CPU")


@row(THEME, fault="A whole answer, streamed inside, of 400 MB", promise="Given up at 64 MB; memory stays under 200 MB.")
async def endless_answer() -> Outcome:
    async with Upstream({"endless": _endless}) as upstream, Proxy(upstream.url, QUICK) as proxy:
        reply = await ask(proxy.port, post(chat("FAULT=endless", max_tokens=9000)), seconds=60)
        peak = proxy.megabytes(peak=True)
    word = verdict(reply, stream=False)
    return Outcome(word == "error" and peak < 200, f"{word} {reply.status}, peak {peak:.0f} MB")


def _second(end: str, after: float) -> Fault:
    """Good on a new connection; on a kept one the request is read, and the connection ends after that time."""

    async def send(call: Call) -> None:
        if call.number < 2:
            await call.send_json(message())
            return
        await asyncio.sleep(after)
        call.reset() if end == RESET else call.close()

    return send


async def _kept(end: str, after: float) -> tuple[str, int]:
    async with Upstream({"second": _second(end, after)}) as upstream:
        async with Proxy(upstream.url, {**QUICK, "FIRST_BYTE_SECONDS": 10}) as proxy:
            await ask(proxy.port, post(chat("FAULT=second")))
            upstream.calls.clear()
            reply = await ask(proxy.port, post(chat("FAULT=second")), seconds=30)
        return verdict(reply, stream=False), len(upstream.calls)


@row(
    THEME,
    fault="A kept connection that ends at once, or after 3 s of work, with MAX_RETRIES=0",
    promise="Sent again if the end comes at once; never after work.",
)
async def kept_connections() -> Outcome:
    cases = ((CLOSE, 0.0), (RESET, 0.0), (CLOSE, 3.0), (RESET, 3.0))
    seen = [(end, after, *await _kept(end, after)) for end, after in cases]
    kept = all(word in PROMISED and (count == 1 if after else count <= 2) for _, after, word, count in seen)
    return Outcome(
        kept, "; ".join(f"{end} after {after:.0f} s: {word}, sent {count} times" for end, after, word, count in seen)
    )
