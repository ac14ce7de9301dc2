"""The real Claude Code at the native Messages endpoint: on the simulator itself, and through the proxy."""

import asyncio
import json
import os
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from claude_code_proxy import simulator
from tests.proxy_process import running_proxy
from tests.upstreams.claude_code import environment

pytestmark = [pytest.mark.claude_code, pytest.mark.xdist_group("claude_code_native")]


@pytest.fixture(params=["the simulator", "the proxy"])
async def origin(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    if request.param == "the proxy":
        with running_proxy(tmp_path, "--upstream", "simulated") as url:
            yield url.removesuffix("/v1")
    else:
        running = await simulator.serve()
        yield running.url
        await running.close()


async def run(prompt: str, *flags: str, origin: str, folder: Path) -> tuple[int, list[dict[str, Any]]]:
    """Run Claude Code with a made-up key and scratch folders; a dead web proxy keeps it from the network.

    Return its exit status, and the JSON of each line of its output.
    """
    (program,) = environment.python().parents[1].glob("lib/*/site-packages/claude_agent_sdk/_bundled/claude")
    process = await asyncio.create_subprocess_exec(
        str(program),
        "-p",
        prompt,
        "--allowedTools",
        "Read,Write",
        *flags,
        cwd=folder,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(folder / "home"),
            "CLAUDE_CONFIG_DIR": str(folder / "config"),
            "ANTHROPIC_BASE_URL": origin,
            "ANTHROPIC_API_KEY": "sk-ant-api03-made-up",
            "HTTPS_PROXY": "http://127.0.0.1:9",
            "NO_PROXY": "127.0.0.1",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        },
        stdout=PIPE,
        stderr=PIPE,
    )
    output, errors = await asyncio.wait_for(process.communicate(), 120)
    assert output, errors
    return process.returncode or 0, [json.loads(line) for line in output.splitlines()]


async def claude(prompt: str, *flags: str, origin: str, folder: Path) -> dict[str, Any]:
    """Return the result of a run that succeeds."""
    status, (reply,) = await run(prompt, "--output-format", "json", *flags, origin=origin, folder=folder)
    assert status == 0, reply
    return reply


async def test_it_answers(origin: str, tmp_path: Path) -> None:
    reply = await claude("Say hello.", origin=origin, folder=tmp_path)
    assert (reply["is_error"], "Say hello." in reply["result"]) == (False, True)


async def test_it_streams(origin: str, tmp_path: Path) -> None:
    flags = ("--output-format", "stream-json", "--verbose", "--include-partial-messages")
    status, lines = await run("Tell me about the sea in a few words.", *flags, origin=origin, folder=tmp_path)
    events = [line["event"] for line in lines if line["type"] == "stream_event"]
    pieces = [event["delta"].get("text", "") for event in events if event["type"] == "content_block_delta"]
    assert status == 0
    assert len(pieces) > 3
    assert "about the sea" in "".join(pieces)


async def test_it_answers_by_a_schema(origin: str, tmp_path: Path) -> None:
    schema = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "population": {"type": "integer"}},
        "required": ["name", "population"],
        "additionalProperties": False,
    }
    reply = await claude("Describe Paris.", "--json-schema", json.dumps(schema), origin=origin, folder=tmp_path)
    assert {name: type(value) for name, value in reply["structured_output"].items()} == {"name": str, "population": int}


async def test_a_wrong_key_is_its_error(tmp_path: Path) -> None:
    with running_proxy(tmp_path, "--upstream", "simulated", settings={"PROXY_API_KEY": "sk-proxy-test-key"}) as url:
        flags = ("--output-format", "json")
        status, (reply,) = await run("Say hello.", *flags, origin=url.removesuffix("/v1"), folder=tmp_path)
    assert status != 0
    assert reply["is_error"]
    assert "API key" in reply["result"]


async def test_it_writes_a_file(origin: str, tmp_path: Path) -> None:
    path = tmp_path / "made.txt"
    reply = await claude(f"Use the Write tool: file_path = {path}, content = forty two", origin=origin, folder=tmp_path)
    assert (reply["is_error"], reply["num_turns"]) == (False, 2)
    assert path.read_text() == "forty two"


async def test_it_reads_a_file(origin: str, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("The sea is blue.\n")
    reply = await claude(f"Use the Read tool on {path}.", origin=origin, folder=tmp_path)
    assert "The sea is blue." in reply["result"]


async def test_it_counts_its_context(origin: str, tmp_path: Path) -> None:
    assert "Context Usage" in (await claude("/context", origin=origin, folder=tmp_path))["result"]
