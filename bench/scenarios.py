"""The requests that every target gets: bodies in OpenAI's form, how they are sent, and what a right answer holds."""

import base64
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

Body = dict[str, Any]
_TEXT = 'the build of "main" failed at step\n deploy; the token expired: see line é — and retry with backoff {"a": 1}'
_WORDS = _TEXT.split(" ")


@dataclass(frozen=True)
class Scenario:
    """`load` are the load generator's arguments; `expect` must stand in every reply, `tokens` is a stream's length."""

    name: str
    about: str
    body: Callable[[], Body]
    load: tuple[str, ...]
    expect: tuple[str, ...] = ("BEGIN400 ", "END400")
    tokens: int = 0
    path: str = "/v1/chat/completions"


NATIVE = "/v1/messages"  # only this proxy is measured there; its twin in chat's form is the yardstick


def native() -> Body:
    """Return the small request in the Messages API's own form."""
    body = small()
    system, *turns = body["messages"]
    return {**body, "system": system["content"], "messages": turns}


def native_stream() -> Body:
    return {**native(), "model": "claude-bench-s200", "stream": True}


def small(model: str = "claude-bench") -> Body:
    return {
        "model": model,
        "max_tokens": 1024,
        "temperature": 0.7,
        "messages": [
            {"role": "system", "content": "You are a helpful assistant. Answer briefly."},
            {"role": "user", "content": "Explain how a streaming proxy keeps latency low. " * 4},
        ],
    }


def stream(model: str) -> Callable[[], Body]:
    return lambda: {**small(model), "stream": True, "stream_options": {"include_usage": True}}


def tool(number: int) -> Body:
    about = "what it does and when to set it, with an example value. " * 2
    properties: Body = {
        f"param_{each}": {
            "type": random.Random(number * 50 + each).choice(["string", "integer", "boolean"]),
            "description": f"Parameter {each} of tool {number}: {about}",
        }
        for each in range(11)
    }
    properties["filters"] = {
        "type": "object",
        "properties": {"state": {"type": "array", "items": {"type": "string", "enum": ["open", "failed", "flaky"]}}},
    }
    parameters = {"type": "object", "properties": properties, "required": ["param_0"], "additionalProperties": False}
    description = f"Tool {number}. " + "Looks things up in the project's records. " * 4
    return {
        "type": "function",
        "function": {"name": f"tool_{number:02d}", "description": description, "parameters": parameters},
    }


def history(least_bytes: int) -> Iterator[Body]:
    """Yield rounds of a question, two calls, their results and an answer, until they have `least_bytes`."""
    chance = random.Random(7)

    def text(length: int) -> str:
        return " ".join(chance.choice(_WORDS) for _ in range(length // 3))[:length]

    made, number = 0, 0
    while made < least_bytes:
        ids = [f"call_{number:03d}_{which}" for which in range(2)]
        arguments = [json.dumps({"param_0": text(60), "filters": {"state": ["failed"]}}) for _ in ids]
        calls = [
            {"id": each, "type": "function", "function": {"name": f"tool_{(number + at) % 40:02d}", "arguments": what}}
            for at, (each, what) in enumerate(zip(ids, arguments, strict=True))
        ]
        turns: list[Body] = [
            {"role": "user", "content": text(600)},
            {"role": "assistant", "content": text(200), "tool_calls": calls},
        ]
        turns += [{"role": "tool", "tool_call_id": each, "content": text(1100)} for each in ids]
        turns.append({"role": "assistant", "content": text(500)})
        yield from turns
        made += len(json.dumps(turns))
        number += 1


@cache
def agent(tools: int = 40, least_bytes: int = 60_000) -> Body:
    """Return an agent's request: 164 KB with the defaults."""
    system = {"role": "system", "content": "You are an agent. " + "Look before you answer. " * 170}
    question = {"role": "user", "content": "What is the status of the nightly build?"}
    return {
        "model": "claude-bench",
        "max_tokens": 4096,
        "temperature": 0.2,
        "messages": [system, *history(least_bytes), question],
        "tools": [tool(number) for number in range(tools)],
        "tool_choice": "auto",
    }


@cache
def image(megabytes: float = 5) -> Body:
    data = base64.b64encode(random.Random(5).randbytes(int(megabytes * 1024 * 1024 * 3 / 4))).decode()
    url = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + data}}
    content = [{"type": "text", "text": "What is in this picture?"}, url]
    return {"model": "claude-bench", "max_tokens": 1024, "messages": [{"role": "user", "content": content}]}


SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario("ns1", "small answers, one at a time", small, ("-c", "1", "-d", "3")),
        Scenario("ns16", "small answers, 16 at once", small, ("-c", "16", "-d", "3")),
        Scenario("ns64", "small answers, 64 at once", small, ("-c", "64", "-d", "4")),
        Scenario(
            "st16", "bursts of 200 tokens, 16 at once", stream("claude-bench-s200"), ("-c", "16", "-d", "4"), tokens=200
        ),
        Scenario(
            "st10p20",
            "10 streams, 50 tokens/s each",
            stream("claude-bench-s200-p20"),
            ("-c", "10", "-n", "10", "-d", "6", "--ramp", "500"),
            tokens=200,
        ),
        Scenario(
            "st100p20",
            "100 streams, 50 tokens/s each",
            stream("claude-bench-s200-p20"),
            ("-c", "100", "-n", "100", "-d", "10", "--ramp", "2000"),
            tokens=200,
        ),
        Scenario(
            "agent8",
            "an agent's request of 164 KB with 40 tools, 8 at once",
            agent,
            ("-c", "8", "-d", "4"),
            expect=("BEGINARGS", "ENDARGS", "END400"),
        ),
        Scenario("nat16", "small answers of the native API, 16 at once", native, ("-c", "16", "-d", "3"), path=NATIVE),
        Scenario(
            "nst16",
            "bursts of 200 tokens of the native API, 16 at once",
            native_stream,
            ("-c", "16", "-d", "4"),
            tokens=200,
            path=NATIVE,
        ),
        Scenario("img2", "a 5 MB image, 2 at once", image, ("-c", "2", "-d", "4")),
        Scenario("rss10k", "10,000 small answers: memory", small, ("-c", "32", "-n", "10000", "-d", "45")),
    )
}
