"""Turns that the service pauses for its hosted tools, and turns through a Claude Code login."""

import asyncio
from typing import Any

from chaos.client import PROMISED, ask, chat, post, verdict
from chaos.proxy import QUICK, Proxy
from chaos.row import Outcome, row, tally
from chaos.upstream import CHUNKED, LAST_CHUNK, SSE, TEXT, Call, Event, Fault, Upstream, events, good, head, stream
from chaos.upstream_faults import cut_at, sender
from chaos.wrong_answers import ANSWERS, CLOSE, HANG, RESET, START

THEME = "Paused turns, and a Claude Code login"
_MOST_PAUSES = 8
_BUSY = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}


def _paused() -> list[Event]:
    """Return the events of a hosted search after which the service pauses the turn."""

    def block(index: int, content: dict[str, Any]) -> list[Event]:
        start = {"type": "content_block_start", "index": index, "content_block": content}
        return [start, {"type": "content_block_stop", "index": index}]

    call = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "x"}}
    result = {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []}
    delta = {"stop_reason": "pause_turn", "stop_sequence": None}
    ending = {"type": "message_delta", "delta": delta, "usage": {"output_tokens": 5}}
    return [START, *block(0, call), *block(1, result), ending, {"type": "message_stop"}]


async def _pause(call: Call) -> None:
    content = [one["content_block"] for one in _paused() if one["type"] == "content_block_start"]
    if call.streams:
        await call.send(head("200 OK", SSE, CHUNKED) + stream(_paused()) + LAST_CHUNK)
    else:
        await call.send_json({**START["message"], "content": content, "stop_reason": "pause_turn"})


def _then(fault: Fault) -> Fault:
    """Pause once; the turn that is taken up again meets the fault."""

    async def send(call: Call) -> None:
        await (fault if b'"role":"assistant"' in call.request else _pause)(call)

    return send


async def _busy(call: Call) -> None:
    await call.send_json(_BUSY, "529 x")


@row(
    THEME,
    fault="A paused turn (hosted search) whose second part fails: refused, silent, any wrong answer, cut anywhere",
    promise="The whole turn, an error or a visible break, never a part that looks whole.",
)
async def paused_turns() -> Outcome:
    data = head("200 OK", SSE, CHUNKED) + stream(events()) + LAST_CHUNK
    after: dict[str, Fault] = {"good": good, "busy": _busy}
    after |= {f"q{number}": sender(answer) for number, answer in enumerate(ANSWERS) if answer.end != HANG}
    after |= {f"cut-{end}-{at}": cut_at(data, at, end) for at in range(0, len(data), 29) for end in (CLOSE, RESET)}
    faults = {f"then-{name}": _then(fault) for name, fault in after.items()}
    words: list[str] = []
    at_once = asyncio.Semaphore(24)
    async with Upstream(faults) as upstream, Proxy(upstream.url, QUICK) as proxy:

        async def one(name: str, *, streams: bool) -> None:
            async with at_once:
                reply = await ask(proxy.port, post(chat(f"FAULT={name}", stream=streams, web_search_options={})))
            odd = name.startswith("then-q")  # some of these are whole answers with another text
            words.append(verdict(reply, stream=streams, whole=None if odd else TEXT))

        await asyncio.gather(*(one(name, streams=streams) for name in faults for streams in (True, False)))
    return Outcome(set(words) <= PROMISED and "whole" in words, f"{len(faults)} faults: {tally(words)}")


@row(THEME, fault="A service that pauses the turn for ever", promise=f"Taken up {_MOST_PAUSES} times, then an answer.")
async def endless_pauses() -> Outcome:
    seen = []
    async with Upstream({"pause": _pause}) as upstream, Proxy(upstream.url, QUICK) as proxy:
        for streams in (True, False):
            upstream.calls.clear()
            reply = await ask(proxy.port, post(chat("FAULT=pause", stream=streams, web_search_options={})))
            seen.append((verdict(reply, stream=streams), len(upstream.calls)))
    kept = all(word in PROMISED and count <= _MOST_PAUSES + 1 for word, count in seen)
    return Outcome(kept, "; ".join(f"{word} after {count} requests" for word, count in seen))


@row(
    THEME,
    fault="A Claude Code login: the service refuses, is cut in the middle, sends nonsense, or falls silent",
    promise="An error or a visible break; the next request is answered.",
)
async def claude_code_login() -> Outcome:
    data = head("200 OK", SSE, CHUNKED) + stream() + LAST_CHUNK

    async def refuse(call: Call) -> None:
        words = {"type": "error", "error": {"type": "invalid_request_error", "message": "no"}}
        await call.send_json(words, "400 x")

    async def nonsense(call: Call) -> None:
        await call.send(head("200 OK", SSE, CHUNKED) + stream([START, b"{oops"]) + LAST_CHUNK)

    async def silence(call: Call) -> None:
        await call.send(data[:900])
        await call.until_gone(40)

    faults = {"refuse": refuse, "nonsense": nonsense, "silence": silence, "cut": cut_at(data, 900, CLOSE)}
    settings = {**QUICK, "CONNECT_SECONDS": 5, "FIRST_BYTE_SECONDS": 20, "IDLE_SECONDS": 5, "ANSWER_SECONDS": 40}
    async with Upstream(faults) as upstream, Proxy(upstream.url, settings, claude_code=True) as proxy:
        first = verdict(await ask(proxy.port, post(chat()), seconds=60), stream=False, whole=TEXT)
        seen = {}
        for name in faults:
            reply = await ask(proxy.port, post(chat(f"FAULT={name}", stream=True)), seconds=60)
            seen[name] = verdict(reply, stream=True, whole=TEXT)
        last = verdict(await ask(proxy.port, post(chat()), seconds=60), stream=False, whole=TEXT)
    kept = (first, last) == ("whole", "whole") and set(seen.values()) <= {"error", "broken"}
    figures = ", ".join(f"{name}: {word}" for name, word in seen.items())
    return Outcome(kept, f"before: {first}; {figures}; after: {last}")
