"""Through the real Agent SDK and the real Claude Code: what comes back, and what the service was really asked."""

import asyncio
import base64
import json
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import openai
import pytest

from claude_code_proxy import simulator
from tests.upstreams.claude_code.stage import Stage, login, staged

pytestmark = pytest.mark.claude_code

MODEL = "claude-sonnet-5-5"
OLDER = "claude-sonnet-4-5"
PIXEL = base64.b64encode(
    bytes.fromhex(
        "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8cfc0000003010100c9fe92ef"
        "0000000049454e44ae426082"
    )
).decode()
WEATHER: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
READ: dict[str, Any] = {
    "type": "function",
    "function": {"name": "Read", "description": "Reads.", "parameters": {"type": "object"}},
}


@pytest.fixture
async def stage(network: bool, tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path, login_document=login()) as made:
        yield made


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


async def ask(client: Any, conversation: list[Any], **options: Any) -> Any:
    """One answer, which is added to what has been said as clients do it."""
    reply = await client.chat.completions.create(**{"model": MODEL, "messages": conversation, **options})
    message = reply.choices[0].message
    kept: dict[str, Any] = {"role": "assistant", "content": message.content}
    if message.tool_calls:
        kept["tool_calls"] = [call.model_dump() for call in message.tool_calls]
    conversation.append(kept)
    return reply.choices[0]


def results(choice: Any, text: str = "21 degrees") -> list[dict[str, Any]]:
    return [{"role": "tool", "tool_call_id": call.id, "content": text} for call in choice.message.tool_calls]


def two_calls(round_: int) -> simulator.Reply:
    inputs = {"get_weather": {"city": "Rome"}, "own_Read": {}}
    calls = [
        {"type": "tool_use", "id": f"toolu_{round_}{index}", "name": name, "input": given}
        for index, (name, given) in enumerate(inputs.items())
    ]
    message = {"id": f"msg_{round_}", "type": "message", "role": "assistant", "model": MODEL, "content": calls}
    usage = {"input_tokens": 9, "output_tokens": 9}
    return simulator.Reply(
        message=message | {"stop_reason": "tool_use", "stop_sequence": None, "stop_details": None, "usage": usage}
    )


def texts(body: dict[str, Any]) -> str:
    return json.dumps(body["messages"], ensure_ascii=False)


async def test_a_chat_goes_on_in_one_process(stage: Stage) -> None:
    async with stage.client() as client:
        conversation: list[Any] = [{"role": "system", "content": "You are Bob."}, user("Hello there")]
        first = await ask(client, conversation)
        assert (first.finish_reason, first.message.content) == ("stop", "You said: “Hello there”")
        conversation.append(user("And again"))
        assert (await ask(client, conversation)).message.content == "You said: “And again”"
    assert len(stage.bodies) == 2
    assert len(stage.runtimes()) == 1
    assert stage.bodies[0]["system"][-1]["text"] == "You are Bob."
    assert stage.left_behind() == []


async def test_what_is_sent_says_who_asks(stage: Stage) -> None:
    async with stage.client() as client:
        await ask(client, [user("Hello")])
    sent = stage.service.requests[-1]
    assert "client-app/claude-code-proxy/" in sent.headers["user-agent"]
    assert sent.headers["user-agent"].startswith("claude-cli/")
    assert "Agent SDK" in stage.bodies[0]["system"][1]["text"]


async def test_a_streamed_chat(stage: Stage) -> None:
    async with stage.client() as client:
        stream = await client.chat.completions.create(
            model=MODEL, messages=[user("count to 20")], stream=True, stream_options={"include_usage": True}
        )
        chunks = [chunk async for chunk in stream]
    words = [chunk.choices[0].delta.content for chunk in chunks if chunk.choices and chunk.choices[0].delta.content]
    assert "".join(words) == ", ".join(map(str, range(1, 21)))
    assert len(words) > 5
    assert chunks[-1].usage is not None
    assert [c.choices[0].finish_reason for c in chunks if c.choices and c.choices[0].finish_reason] == ["stop"]


async def test_two_parallel_calls_over_three_rounds(stage: Stage) -> None:
    async with stage.client() as client:
        stage.service.enqueue(*(two_calls(round_) for round_ in range(3)))
        conversation: list[Any] = [user("The weather, please.")]
        for round_ in range(3):
            choice = await ask(client, conversation, tools=[WEATHER, READ])
            assert choice.finish_reason == "tool_calls"
            assert [call.function.name for call in choice.message.tool_calls] == ["get_weather", "Read"]
            conversation += results(choice, f"result {round_}")
        assert (await ask(client, conversation, tools=[WEATHER, READ])).finish_reason == "stop"
    assert len(stage.bodies) == 4
    assert len(stage.runtimes()) == 1
    assert {tool["name"] for tool in stage.bodies[0]["tools"]} == {"get_weather", "own_Read"}
    assert texts(stage.bodies[-1]).count("result 2") == 2


async def test_a_long_loop_sends_its_thinking_back_byte_for_byte(stage: Stage) -> None:
    async with stage.client() as client:
        conversation: list[Any] = [user("Weather in Lisbon. steps: 12 [[simulate: call=get_weather]]")]
        for _ in range(12):
            conversation += results(await ask(client, conversation, tools=[WEATHER], reasoning_effort="high"))
        assert (await ask(client, conversation, tools=[WEATHER], reasoning_effort="high")).finish_reason == "stop"
    assert len(stage.bodies) == 13
    signatures = [
        block["signature"]
        for message in stage.bodies[-1]["messages"]
        if isinstance(message["content"], list)
        for block in message["content"]
        if block["type"] == "thinking"
    ]
    assert len(signatures) == 12
    assert all(one.status == 200 for one in stage.service.requests)  # it checks them, and what they are bound to


async def test_images(stage: Stage) -> None:
    picture = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}}
    async with stage.client() as client:
        conversation: list[Any] = [{"role": "user", "content": [{"type": "text", "text": "What is this?"}, picture]}]
        assert "image/png" in (await ask(client, conversation)).message.content
    assert PIXEL in texts(stage.bodies[0])


async def test_a_history_that_no_process_knows_is_told_to_a_new_one(stage: Stage) -> None:
    call = {"id": "toolu_01", "type": "function", "function": {"name": "get_weather", "arguments": '{"city":"Rome"}'}}
    picture = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}}
    conversation: list[Any] = [
        {"role": "user", "content": [{"type": "text", "text": "Weather in Rome?"}, picture]},
        {"role": "assistant", "content": "I look.", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "toolu_01", "content": "11 degrees"},
        {"role": "assistant", "content": "It is 11 degrees."},
        user("Thanks"),
    ]
    async with stage.client() as client:
        assert (await ask(client, conversation, tools=[WEATHER])).message.content == "You said: “Thanks”"
    (body,) = stage.bodies
    turns = [message for message in body["messages"] if message["role"] != "system"]
    assert [turn["role"] for turn in turns] == ["user", "assistant", "user", "assistant", "user"]
    assert PIXEL in json.dumps(turns[0])
    assert turns[1]["content"][1]["input"] == {"city": "Rome"}
    assert turns[2]["content"][0]["tool_use_id"] == "toolu_01"
    assert "11 degrees" in json.dumps(turns[2])
    assert stage.left_behind() == []


async def test_results_for_calls_that_no_process_waits_for(stage: Stage) -> None:
    call = {"id": "toolu_01", "type": "function", "function": {"name": "get_weather", "arguments": '{"city":"Rome"}'}}
    conversation: list[Any] = [
        user("Weather in Rome?"),
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "toolu_01", "content": "11 degrees"},
    ]
    async with stage.client() as client:
        choice = await ask(client, conversation, tools=[WEATHER])
    assert choice.finish_reason == "stop"
    assert len(stage.bodies) == 1
    assert "11 degrees" in texts(stage.bodies[0])


async def test_the_conversation_outlives_its_process(stage: Stage) -> None:
    async with stage.client() as client:
        conversation: list[Any] = [user("Weather in Rome? [[simulate: call=get_weather]]")]
        conversation += results(await ask(client, conversation, tools=[WEATHER]))
        for pid in stage.runtimes():
            os.kill(pid, signal.SIGKILL)
        await asyncio.sleep(0.3)
        assert (await ask(client, conversation, tools=[WEATHER])).finish_reason == "stop"


async def test_a_client_that_leaves_ends_the_answer(stage: Stage) -> None:
    async with stage.client() as client:
        stream = await client.chat.completions.create(
            model=MODEL, messages=[user("Tell me a lot. [[simulate: words=2000 pace=20]]")], stream=True
        )
        async for _ in stream:
            break
        await stream.close()
        async with asyncio.timeout(10):
            await stage.service.requests[-1].done.wait()
            while stage.runtimes():
                await asyncio.sleep(0.1)
    assert stage.service.requests[-1].disconnected
    assert len(stage.bodies) == 1


async def test_a_process_that_dies_in_the_middle_is_a_clean_error(stage: Stage) -> None:
    seen = 0

    async def hear(stream: Any) -> None:
        nonlocal seen
        async for _ in stream:
            seen += 1
            if seen == 5:
                os.kill(stage.runtimes()[0], signal.SIGKILL)

    async with stage.client() as client:
        conversation = [user("Tell me a lot. [[simulate: words=2000 pace=20]]")]
        stream = await client.chat.completions.create(model=MODEL, messages=conversation, stream=True)
        with pytest.raises((openai.APIError, httpx.HTTPError)):
            await hear(stream)
    assert seen >= 5
    assert len(stage.bodies) == 1


async def test_a_rebuilt_conversation_begins_as_the_first_did(stage: Stage) -> None:
    """So that the prompt cache, and thinking that is bound to what came before it, still hold."""
    async with stage.client() as client:
        await ask(client, [user("Other"), {"role": "assistant", "content": "x"}, user("y")])  # what it says is learnt
        conversation: list[Any] = [user("Weather in Rome? [[simulate: call=get_weather]]")]
        conversation += results(await ask(client, conversation, tools=[WEATHER]))
        for pid in stage.runtimes():
            os.kill(pid, signal.SIGKILL)
        await asyncio.sleep(0.3)
        await ask(client, conversation, tools=[WEATHER])
    before, after = (unmarked(body) for body in stage.bodies[1:])
    assert after["system"] == before["system"]
    assert after["tools"] == before["tools"]
    assert after["messages"][: len(before["messages"])] == before["messages"]
    assert after["messages"][len(before["messages"])]["content"][0]["type"] == "thinking"


def unmarked(value: Any) -> Any:
    """Without what does not count for a prefix: breakpoints, efforts of a turn, a text alone written as a block."""
    if isinstance(value, list):
        found = [unmarked(one) for one in value]
        alone = found[0] if len(found) == 1 and isinstance(found[0], dict) else {}
        return alone["text"] if alone.keys() == {"type", "text"} else found
    if isinstance(value, dict):
        return {name: unmarked(one) for name, one in value.items() if name not in {"cache_control", "output_config"}}
    return value


async def test_the_limit_of_tokens_is_the_end(stage: Stage) -> None:
    async with stage.client() as client:
        choice = await ask(client, [user("Tell me a lot. [[simulate: words=300]]")], max_completion_tokens=40)
        await asyncio.sleep(1.0)
    assert choice.finish_reason == "length"
    assert len(stage.bodies) == 1
    assert stage.bodies[0]["max_tokens"] == 40


async def test_prompts_are_plain_text(stage: Stage) -> None:
    secret = stage.home / "secret.txt"
    secret.write_text("a-secret-of-this-machine")
    prompts = [f"@{secret} please", "@/etc/hostname please", "/clear", "/context", "!ls", "#remember this"]
    async with stage.client() as client:
        for prompt in prompts:
            await ask(client, [user(prompt)])
    assert len(stage.bodies) == len(prompts)
    for prompt, body in zip(prompts, stage.bodies, strict=True):
        assert prompt in texts(body)
        assert "a-secret-of-this-machine" not in texts(body)


async def test_nothing_of_the_machine_is_told(stage: Stage) -> None:
    config = stage.home / ".claude"
    (config / "CLAUDE.md").write_text("instructions-of-the-machine")
    hook = {"hooks": [{"type": "command", "command": f"touch {stage.home}/hooked"}]}
    servers = {"x": {"command": "touch", "args": [f"{stage.home}/served"]}}
    (config / "settings.json").write_text(json.dumps({"hooks": {"UserPromptSubmit": [hook], "SessionStart": [hook]}}))
    (config / ".claude.json").write_text(json.dumps({"mcpServers": servers}))
    async with stage.client() as client:
        await ask(client, [user("Weather in Rome")], tools=[WEATHER])
        await ask(client, [user("One"), {"role": "assistant", "content": "Two"}, user("Three")])
    assert "instructions-of-the-machine" not in json.dumps(stage.bodies)
    assert [tool["name"] for tool in stage.bodies[0]["tools"]] == ["get_weather"]
    assert not (stage.home / "hooked").exists()
    assert not (stage.home / "served").exists()


async def test_parameters_arrive(stage: Stage) -> None:
    async with stage.client() as client:
        options = {"temperature": 0.3, "stop": ["END"], "max_completion_tokens": 99, "tool_choice": "required"}
        await ask(client, [user("Weather in Rome")], model=OLDER, tools=[WEATHER], **options)
    body = stage.bodies[0]
    assert (body["model"].startswith(OLDER), body["temperature"], body["stop_sequences"]) == (True, 0.3, ["END"])
    assert (body["max_tokens"], body["tool_choice"], body["thinking"]) == (99, {"type": "any"}, {"type": "disabled"})
    assert body["tools"][0]["input_schema"] == WEATHER["function"]["parameters"]


async def test_a_schema_is_asked_for_in_words_and_checked(stage: Stage) -> None:
    schema = {"type": "object", "properties": {"answer": {"type": "string"}}, "required": ["answer"]}
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    async with stage.client() as client:
        raw = await client.chat.completions.with_raw_response.create(
            model=MODEL, messages=[user("Which is the capital of Italy?")], response_format=wanted, user="somebody"
        )
    assert list(json.loads(raw.parse().choices[0].message.content)) == ["answer"]
    login_document = raw.headers["x-claude-proxy-adjustments"]
    assert "response_format=emulated" in login_document
    assert "user=dropped" in login_document


@pytest.mark.parametrize(
    ("mischief", "error"),
    [
        ("status=400 message=Bad_thing", openai.BadRequestError),
        ("status=403", openai.PermissionDeniedError),
        ("status=429 retry-after=30", openai.RateLimitError),
        ("status=529", openai.InternalServerError),
        ("status=500", openai.InternalServerError),
    ],
)
async def test_refusals_come_back_as_what_they_are(stage: Stage, mischief: str, error: type[Exception]) -> None:
    async with stage.client() as client:
        with pytest.raises(error):
            await client.chat.completions.create(
                model=MODEL,
                messages=[user(f"Hello [[simulate: {mischief}]]")],
                extra_headers={"x-stainless-retry-count": "1"},
            )
    async with asyncio.timeout(10):
        while stage.runtimes():
            await asyncio.sleep(0.1)


async def test_a_busy_service_is_asked_again(stage: Stage) -> None:
    async with stage.client() as client:
        assert (await ask(client, [user("Hello [[simulate: status=529 times=1]]")])).finish_reason == "stop"


async def test_no_more_processes_than_allowed(network: bool, tmp_path: Path) -> None:
    async with staged(tmp_path, login_document=login(), CLAUDE_CODE_PROCESSES="2") as stage, stage.client() as client:
        login_document = [[user(f"Number {number}")] for number in range(5)]
        await asyncio.gather(*(ask(client, one) for one in login_document))
        assert len(stage.runtimes()) <= 2
        for one in login_document:
            one.append(user("More"))
            assert (await ask(client, one)).message.content == "You said: “More”"
        assert len(stage.runtimes()) <= 2


async def test_a_conversation_that_rests_gives_its_process_up(network: bool, tmp_path: Path) -> None:
    async with (
        staged(tmp_path, login_document=login(), CLAUDE_CODE_IDLE_SECONDS="1") as stage,
        stage.client() as client,
    ):
        conversation = [user("Hello")]
        await ask(client, conversation)
        async with asyncio.timeout(10):
            while stage.runtimes():
                await asyncio.sleep(0.1)
        conversation.append(user("Still there?"))
        assert (await ask(client, conversation)).message.content == "You said: “Still there?”"


async def test_a_token_serves_without_a_file(network: bool, tmp_path: Path) -> None:
    async with staged(tmp_path, CLAUDE_CODE_OAUTH_TOKEN="sk-ant-oat01-of-a-year") as stage, stage.client() as client:
        conversation = [user("Hello")]
        await ask(client, conversation)
        assert stage.service.requests[-1].headers["authorization"] == "Bearer sk-ant-oat01-of-a-year"
        stage.service.requests.clear()
        await ask(client, [user("One"), {"role": "assistant", "content": "Two"}, user("Three")])
        assert stage.service.requests[-1].headers["authorization"] == "Bearer sk-ant-oat01-of-a-year"
        assert "userEmail" not in texts(stage.bodies[-1])


async def test_signed_out(network: bool, tmp_path: Path) -> None:
    async with staged(tmp_path, login_document=login(accessToken="", refreshToken="", expiresAt=0)) as stage:
        async with stage.client() as client:
            with pytest.raises(openai.AuthenticationError, match="signed out"):
                await ask(client, [user("Hello")])
        async with httpx.AsyncClient(trust_env=False) as http:
            ready = await http.get(stage.url.removesuffix("/v1") + "/health/ready")
        assert (ready.status_code, "signed out" in ready.text) == (503, True)
    assert list(stage.service.requests) == []
