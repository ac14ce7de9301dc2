"""The real Claude Code as a client of `/v1/messages`: a small task with its own tools, on the simulated service."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from claude_code_proxy import simulator
from claude_code_proxy.secret import Secret
from tests.server.running import Running, running
from tests.upstreams.claude_code import environment

pytestmark = pytest.mark.claude_code

KEY = "made-up-key-of-the-caller"
SECONDS = 120.0


@asynccontextmanager
async def house(**changes: Any) -> AsyncIterator[tuple[Running, simulator.Running]]:
    """Run a proxy that asks for a key, in front of the simulated service."""
    service = await simulator.serve(options=simulator.SimulatorOptions())
    try:
        async with running(service.url, proxy_api_key=(Secret(KEY),), **changes) as proxy:
            yield proxy, service
    finally:
        await service.close()


async def claude(proxy: Running, home: Path, *arguments: str, **variables: str) -> dict[str, Any]:
    """Run one turn without a terminal, with nothing of this machine's: its result."""
    home.mkdir(exist_ok=True)
    command = next(environment.python().parents[1].glob("lib/python*/site-packages/claude_agent_sdk/_bundled/claude"))
    process = await asyncio.create_subprocess_exec(
        *(str(command), "-p", "--output-format", "json", *arguments),
        cwd=home,
        env={
            "PATH": os.defpath,
            "HOME": str(home),
            "CLAUDE_CONFIG_DIR": str(home / "config"),
            "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{proxy.port}",
            "HTTPS_PROXY": "http://127.0.0.1:9",
            "NO_PROXY": "127.0.0.1",
            "DISABLE_AUTOUPDATER": "1",
            "IS_SANDBOX": "1",
            **variables,
        },
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(SECONDS):
        stdout, stderr = await process.communicate()
    assert process.returncode == 0, stdout + stderr
    result: dict[str, Any] = json.loads(stdout)
    return result


@pytest.mark.parametrize(
    ("model", "key"),
    [
        ("claude-opus-5-5", {"ANTHROPIC_API_KEY": KEY}),
        ("claude-sonnet-4-5", {"ANTHROPIC_AUTH_TOKEN": KEY}),
        ("house-model", {"ANTHROPIC_AUTH_TOKEN": KEY}),
    ],
)
async def test_a_task_with_its_own_tools(network: bool, tmp_path: Path, model: str, key: dict[str, str]) -> None:
    made = tmp_path / "home" / "made.txt"
    # An alias is taken for a current model; what an older one refuses of that, Claude Code leaves out once it is told.
    task = f"Make a file. file_path = {made}, content = forty-two. [[simulate: call=Write,Read steps=2]]"
    async with house(model_aliases={"house-model": "claude-sonnet-4-6"}) as (proxy, service):
        result = await claude(proxy, made.parent, "--model", model, "--allowedTools", "Write,Read", "--", task, **key)
        records = [record for record in proxy.records if record.endpoint == "messages"]
    assert not result["is_error"], result
    assert "forty-two" in result["result"]
    assert made.read_text() == "forty-two"
    refusals = [record.error_kind for record in records if record.status != 200]
    assert refusals == ([] if model.startswith("claude-") else ["invalid_request_error"]), records
    answered = [record for record in records if record.status == 200 and record.stream]
    assert len(answered) >= 3
    assert all(record.usage is not None and record.usage.output_tokens for record in answered)
    sent = [one for one in service.requests if one.path == "/v1/messages"]
    assert all(KEY not in str(one.headers) for one in sent)
