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


async def claude(prompt: str, *, origin: str, folder: Path) -> dict[str, Any]:
    """Run Claude Code with a made-up key and scratch folders; a dead web proxy keeps it from the network."""
    (program,) = environment.python().parents[1].glob("lib/*/site-packages/claude_agent_sdk/_bundled/claude")
    process = await asyncio.create_subprocess_exec(
        *(program, "-p", prompt, "--output-format", "json", "--allowedTools", "Read,Write"),
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
    assert process.returncode == 0, output + errors
    reply: dict[str, Any] = json.loads(output)
    return reply


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
