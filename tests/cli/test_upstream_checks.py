"""What the doctor asks of the upstream, and what it makes of each answer."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from claude_code_proxy import simulator
from claude_code_proxy.cli.upstream_checks import SKEW_SECONDS, Check, model_answers, screen, upstream
from claude_code_proxy.secret import Secret
from claude_code_proxy.server.login_service import LoginService
from claude_code_proxy.settings import Settings

KEY = Secret("sk-ant-test-doctor")


async def checks(home: Path, base: str, **changes: Any) -> dict[str, Check]:
    settings = Settings(claude_config_dir=home, anthropic_api_base=base, log_level="error", **changes)
    return {check.check: check for check in await upstream(settings, LoginService(settings).credentials)}


@asynccontextmanager
async def answering(status: int, headers: str = "") -> AsyncIterator[str]:
    """Yield the address of a server that answers every request alike."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 {status} Any\r\n{headers}content-length: 0\r\nconnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_a_key_that_is_taken(tmp_path: Path) -> None:
    service = await simulator.serve()
    found = await checks(tmp_path, service.url, anthropic_api_key=KEY)
    await service.close()
    assert [check for check in found.values() if not check.ok] == []
    assert "ANTHROPIC_API_KEY" in found["access"].found


async def test_a_key_that_is_refused(tmp_path: Path) -> None:
    options = simulator.SimulatorOptions(api_keys=frozenset({"another"}))
    service = await simulator.serve(options=options)
    found = await checks(tmp_path, service.url, anthropic_api_key=KEY)
    settings = Settings(anthropic_api_base=service.url, anthropic_api_key=KEY, log_level="error")
    asked = await model_answers(settings)
    await service.close()
    assert found["upstream"].ok
    assert not found["access"].ok
    assert "HTTP 401" in found["access"].found
    assert "ANTHROPIC_API_BASE" in found["access"].do
    assert (asked.ok, asked.do) == (False, "fix the credential above")


@pytest.mark.parametrize(("status", "ok"), [(404, True), (405, True), (401, False), (403, False), (500, False)])
async def test_an_upstream_without_a_list_is_not_a_fault(tmp_path: Path, status: int, ok: bool) -> None:
    """A gateway may serve messages alone; whatever else it answers is told."""
    async with answering(status) as base:
        found = await checks(tmp_path, base, anthropic_api_key=KEY)
    assert found["access"].ok is ok
    assert f"HTTP {status}" in found["access"].found


async def test_without_a_credential_nothing_is_asked(tmp_path: Path) -> None:
    service = await simulator.serve()
    found = await checks(tmp_path, service.url, claude_login_via="messages-api")
    await service.close()
    assert "access" not in found
    assert [one.path for one in service.requests if one.path.startswith("/v1")] == []


async def test_an_upstream_out_of_reach(tmp_path: Path) -> None:
    found = await checks(tmp_path, "http://127.0.0.1:9", anthropic_api_key=KEY)
    assert not found["upstream"].ok
    assert "HTTPS_PROXY" in found["upstream"].do


@pytest.mark.parametrize("skew", [-3 * SKEW_SECONDS, 0.0, 3 * SKEW_SECONDS])
async def test_the_clocks_are_compared(tmp_path: Path, skew: float) -> None:
    async with answering(404, f"date: {formatdate(time.time() + skew, usegmt=True)}\r\n") as base:
        check = (await checks(tmp_path, base, anthropic_api_key=KEY))["clock"]
    assert check.ok is (skew == 0)
    assert ("NTP" in check.do) is (skew != 0)


def test_one_screen_and_what_to_do() -> None:
    text = screen([Check("a", ok=True, found="x"), Check("long name", ok=False, found="y", do="z")])
    assert text.splitlines() == ["ok    a          x", "FAIL  long name  y", "                 → z"]
