"""A thinking model keeps its thinking through a tool loop although the client forgets it: the whole proxy, the wire."""

import asyncio
import json
import urllib.request
from typing import Any

import pytest

from claude_code_proxy.models.table import MODELS
from claude_code_proxy.server.assembly import Assembly
from claude_code_proxy.settings import load
from claude_code_proxy.simulator import Running, serve
from tests.server.running import running

STEPS = 12
TOOL = {
    "type": "function",
    "function": {
        "name": "look_up",
        "description": "Looks a thing up.",
        "parameters": {"type": "object", "properties": {"what": {"type": "string"}}, "required": ["what"]},
    },
}


def post(url: str, body: dict[str, Any]) -> Any:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as reply:
        return reply.read()


def merged(stream: bytes) -> dict[str, Any]:
    """Return the calls and text of a streamed reply, as a client that ignores reasoning puts them together."""
    message: dict[str, Any] = {"role": "assistant", "content": "", "tool_calls": []}
    frames = [line.removeprefix("data: ") for line in stream.decode().split("\n\n") if line.startswith("data: {")]
    for delta in (choice["delta"] for frame in frames for choice in json.loads(frame)["choices"]):
        message["content"] += delta.get("content") or ""
        for call in delta.get("tool_calls", ()):
            if "id" in call:
                message["tool_calls"].append({"id": call["id"], "type": "function", "function": {**call["function"]}})
            else:
                message["tool_calls"][-1]["function"]["arguments"] += call["function"]["arguments"]
    return message


def faithful(reply: bytes) -> dict[str, Any]:
    """Return what a client keeps of an answer that hands thinking back."""
    message = json.loads(reply)["choices"][0]["message"]
    return {name: message[name] for name in ("role", "content", "tool_calls", "thinking_blocks") if name in message}


def forgetful(reply: bytes, *, stream: bool) -> dict[str, Any]:
    """Return what a typed OpenAI client keeps of an answer: the fields of OpenAI's API."""
    message = merged(reply) if stream else json.loads(reply)["choices"][0]["message"]
    kept = {"role": "assistant", "content": message["content"] or None}
    return kept | ({"tool_calls": message["tool_calls"]} if message.get("tool_calls") else {})


def questions(upstream: Running) -> list[dict[str, Any]]:
    """All but those for the list of models."""
    return [request.body for request in upstream.requests if request.body]


def thinking_of(upstream: Running) -> list[list[dict[str, Any]]]:
    """Return the thinking blocks of each assistant turn in the last request."""
    turns = [turn for turn in questions(upstream)[-1]["messages"] if turn["role"] == "assistant"]
    return [[block for block in turn["content"] if block["type"] == "thinking"] for turn in turns]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("model", ["claude-sonnet-5-5", "claude-opus-5", "claude-opus-4-6"])
async def test_every_turn_of_twelve_goes_back_with_its_thinking(model: str, stream: bool) -> None:
    upstream = await serve(host="127.0.0.1", port=0)
    told = {"HOME": "/nonexistent", "ANTHROPIC_API_KEY": "sk-ant-test-loop", "LOG_LEVEL": "error", "PORT": "0"}
    assembly = Assembly(load({}, {**told, "ANTHROPIC_API_BASE": upstream.url}), files=1024)
    await assembly.start()
    url = f"http://127.0.0.1:{assembly.server.port}/v1/chat/completions"
    said: list[dict[str, Any]] = [{"role": "user", "content": f"Use look_up for each part. steps: {STEPS}"}]
    asked = {"model": model, "tools": [TOOL], "reasoning_effort": "high", "stream": stream}
    try:
        for step in range(STEPS):
            message = forgetful(await asyncio.to_thread(post, url, {**asked, "messages": said}), stream=stream)
            (call,) = message["tool_calls"]
            before = thinking_of(upstream)
            assert len(before) == step
            assert all(blocks and all(block["signature"] for block in blocks) for blocks in before)
            said += [message, {"role": "tool", "tool_call_id": call["id"], "content": f"result {step}"}]
        last = forgetful(await asyncio.to_thread(post, url, {**asked, "messages": said}), stream=stream)
        assert "tool_calls" not in last
        assert len(thinking_of(upstream)) == STEPS
        seals = [block["signature"] for blocks in thinking_of(upstream) for block in blocks]
        assert len(set(seals)) == len(seals)
    finally:
        await assembly.drain(0)
        await assembly.close()
        await upstream.close()


@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
@pytest.mark.parametrize("model", ["claude-sonnet-5-5", "claude-fable-5-2"])
async def test_thinking_that_is_handed_back_after_an_edit_costs_one_refusal_at_most(model: str, known: bool) -> None:
    """Where the kept_thinking knows the turns there is none; what is thought after the edit is kept in either case."""
    upstream = await serve(host="127.0.0.1", port=0)
    told = {"HOME": "/nonexistent", "ANTHROPIC_API_KEY": "sk-ant-test-loop", "LOG_LEVEL": "error", "PORT": "0"}
    settings = load({}, {**told, "ANTHROPIC_API_BASE": upstream.url})
    assembly = Assembly(settings, files=1024)
    await assembly.start()
    said: list[dict[str, Any]] = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "steps: 5"}]
    asked = {"model": model, "tools": [TOOL]}
    sent: list[int] = []
    try:
        for step in range(5):
            if step == 3:
                said[0] = {"role": "system", "content": "Be verbose."}
            if step == 3 and not known:
                await assembly.drain(0)
                await assembly.close()
                assembly = Assembly(settings, files=1024)  # it has nothing in its kept_thinking
                await assembly.start()
            url = f"http://127.0.0.1:{assembly.server.port}/v1/chat/completions"
            before = len(questions(upstream))
            message = faithful(await asyncio.to_thread(post, url, {**asked, "messages": said}))
            sent.append(len(questions(upstream)) - before)
            (call,) = message["tool_calls"]
            said += [message, {"role": "tool", "tool_call_id": call["id"], "content": f"result {step}"}]
        assert sent == ([1, 1, 1, 1, 1] if known else [1, 1, 1, 2, 1])
        assert [len(blocks) for blocks in thinking_of(upstream)] == [0, 0, 0, 1]
    finally:
        await assembly.drain(0)
        await assembly.close()
        await upstream.close()


def deltas(stream: bytes) -> list[dict[str, Any]]:
    frames = [line.removeprefix("data: ") for line in stream.decode().split("\n\n") if line.startswith("data: {")]
    return [choice["delta"] for frame in frames for choice in json.loads(frame)["choices"]]


@pytest.mark.parametrize(
    "model", [each.id for each in MODELS if each.thinking_default != "off" and each.status != "retired"]
)
async def test_thinking_with_nothing_to_show_is_no_empty_text(model: str) -> None:
    """Microsoft.Extensions.AI makes a part of the answer of every `reasoning_content`, and no text follows for it."""
    upstream = await serve()
    async with running(upstream.url) as proxy:
        streamed = await proxy.ask(model=model, stream=True, max_tokens=2000)
        whole = await proxy.ask(model=model, max_tokens=2000)
    await upstream.close()
    sent = [*deltas(streamed.body), whole.json["choices"][0]["message"]]
    assert [delta for delta in sent if "reasoning_content" in delta and not delta["reasoning_content"]] == []
    assert sum("thinking_blocks" in delta for delta in sent) == 2, "it has thought, whole and streamed"
