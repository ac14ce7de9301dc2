"""The Responses API under the same faults: an upstream that ends anywhere must not make half a response look whole."""

import asyncio
import json
from typing import Any

from chaos.client import MODEL, Reply, ask, post
from chaos.proxy import QUICK, Proxy
from chaos.row import Outcome, row, tally
from chaos.upstream import CHUNKED, LAST_CHUNK, SSE, TEXT, Upstream, head, stream
from chaos.upstream_faults import cut_at, sender
from chaos.wrong_answers import ANSWERS, CLOSE, HANG, RESET

THEME = "The Responses API"
_PATH = "/v1/responses"
_EVERY = 3  # bytes between two cuts; the step is odd to the length of every event


def create(text: str, *, stream: bool) -> bytes:
    return json.dumps({"model": MODEL, "input": text, "stream": stream, "store": False}).encode()


def judge(events: list[dict[str, Any]], *, ended_early: bool, whole: str | None = TEXT) -> str:
    """Return the verdict on the events that came, in the words of `client.verdict`."""
    kinds = [event.get("type") for event in events]
    text = "".join(event["delta"] for event in events if event.get("type") == "response.output_text.delta")
    if kinds and kinds[-1] in {"response.failed", "error"}:
        return "broken"
    if "response.completed" in kinds:
        return "whole" if kinds[-1] == "response.completed" and whole in {None, text} else "silent"
    return "broken" if ended_early else "shape"


def _verdict(reply: Reply, *, whole: str | None = TEXT) -> str:
    if reply.end == "timeout":
        return "hang"
    if reply.status != 200:
        return "error" if reply.error is not None else "shape"
    data = [line[5:] for line in reply.body.split(b"\n") if line.startswith(b"data:")]
    try:
        events = [json.loads(line) for line in data]
    except ValueError:
        return "shape"
    return judge(events, ended_early=reply.end in {"eof", "reset"}, whole=whole)


@row(
    THEME,
    fault="A stream that ends at every third byte, closed or reset",
    promise="`response.failed`, an error or a visible break, never a part that looks whole.",
)
async def cut_responses() -> Outcome:
    data = head("200 OK", SSE, CHUNKED) + stream() + LAST_CHUNK
    words: list[str] = []
    at_once = asyncio.Semaphore(24)

    async with Upstream() as upstream, Proxy(upstream.url, QUICK) as proxy:

        async def one(offset: int, end: str) -> None:
            key = f"{end}-{offset}"
            async with at_once:
                upstream.faults[key] = cut_at(data, offset, end)
                words.append(_verdict(await ask(proxy.port, post(create(f"FAULT={key}", stream=True), path=_PATH))))

        await asyncio.gather(*(one(at, end) for at in range(0, len(data), _EVERY) for end in (CLOSE, RESET)))
    return Outcome(set(words) <= {"whole", "error", "broken"}, f"{len(words)} cuts: {tally(words)}")


@row(
    THEME,
    fault="All wrong answers of the table above, as streams and whole",
    promise="The whole response, an error or a visible break; never a part that looks whole.",
)
async def wrong_responses() -> Outcome:
    wrong: list[str] = []
    words: list[str] = []
    faults = {f"q{number}": answer for number, answer in enumerate(ANSWERS) if answer.end != HANG}

    senders = {name: sender(answer) for name, answer in faults.items()}
    async with Upstream(senders) as upstream, Proxy(upstream.url, QUICK) as proxy:

        async def one(name: str, *, stream: bool) -> None:
            answer = faults[name]
            reply = await ask(proxy.port, post(create(f"FAULT={name}", stream=stream), path=_PATH))
            word = _verdict(reply, whole=answer.text) if stream else _of_whole(reply)
            words.append(word)
            if word not in answer.allowed and not (answer.kind == "events" and not stream):
                wrong.append(f"{answer.kind}, {answer.name}: {word}")

        await asyncio.gather(*(one(name, stream=stream) for name in faults for stream in (True, False)))
        alive = proxy.is_healthy()
    return Outcome(not wrong and alive, f"{len(faults)} faults: {tally(words)}" + "".join(f"; {x}" for x in wrong[:3]))


def _of_whole(reply: Reply) -> str:
    if reply.status != 200:
        return "error" if reply.error is not None else "shape"
    body = json.loads(reply.body)
    text = "".join(part["text"] for item in body["output"] for part in item.get("content", ()))
    return "whole" if body["status"] == "completed" and text == TEXT else "silent"
