"""Settings become what they say: limits, times, certificates, logs, state, and what workers share."""

import asyncio
import json
import os
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from claude_code_proxy.errors import Misconfigured
from claude_code_proxy.http1.server.types import ServerLimits
from claude_code_proxy.secret import Secret
from claude_code_proxy.server.assembly import Assembly, Place
from claude_code_proxy.server.process.memory_limit import memory_limit
from claude_code_proxy.settings import Settings
from claude_code_proxy.state.memory import MemoryThinkingStore
from claude_code_proxy.state.thinking_store import KeptEntry
from tests.http1.client.certificates import authority_pem, server_context
from tests.server.doubles import record
from tests.server.running import ASKED, KEY, running
from tests.server.scripted_upstream import ScriptedUpstream


def settings(**changes: Any) -> Settings:
    return Settings(**{"port": 0, "anthropic_api_key": Secret(KEY), "log_level": "error", **changes})


@asynccontextmanager
async def assembled(place: Place | None = None, *, files: int = 4096, **changes: Any) -> AsyncIterator[Assembly]:
    assembly = Assembly(settings(**changes), files=files, place=place)
    try:
        yield assembly
    finally:
        await assembly.close()


async def test_what_clients_may_use() -> None:
    async with assembled(max_header_bytes=4096, header_seconds=7.0, max_body_bytes=8192) as assembly:
        limits = assembly.server._limits
    assert (limits.head_bytes, limits.head_seconds, limits.body_bytes) == (4096, 7.0, 8192)
    assert limits.unread_seconds == ServerLimits().unread_seconds


@pytest.mark.parametrize(("workers", "bytes_each"), [(1, 9_000_000), (3, 3_000_000)])
async def test_the_memory_of_bodies_is_divided_among_workers(workers: int, bytes_each: int) -> None:
    async with assembled(max_body_memory=9_000_000, workers=workers) as assembly:
        assert assembly.server.memory.capacity == bytes_each


async def test_the_memory_of_bodies_is_a_sixth_of_what_there_is() -> None:
    async with assembled() as assembly:
        assert assembly.server.memory.capacity == memory_limit() // 6


async def test_how_long_the_upstream_may_take() -> None:
    async with assembled(connect_seconds=1.5, first_byte_seconds=2.5, idle_seconds=3.5) as assembly:
        timeouts = assembly.upstream._transport._timeouts  # type: ignore[attr-defined]
    assert (timeouts.connect, timeouts.first_byte, timeouts.idle) == (1.5, 2.5, 3.5)


@pytest.mark.parametrize(("files", "connections"), [(4160, 2048), (1_000_000, 10_000)])
async def test_upstream_connections_follow_the_open_files(files: int, connections: int) -> None:
    async with assembled(files=files, max_concurrent=100) as assembly:
        limits = assembly.upstream._transport._limits  # type: ignore[attr-defined]
    assert limits.max_connections == connections


async def test_what_exchanges_are_told() -> None:
    changes: dict[str, Any] = {"strict": True, "answer_seconds": 9.0, "max_retries": 5, "prompt_cache": "off"}
    async with assembled(default_model="m", model_aliases={"x": "claude-sonnet-4-6"}, **changes) as assembly:
        policy = assembly.state.policy
        assert assembly.state.catalogue.find("x").id == "claude-sonnet-4-6"
    assert (policy.default_model, policy.strict, policy.answer_seconds, policy.retries) == ("m", True, 9.0, 5)
    assert policy.adaptation.prompt_cache is False


class TestCertificates:
    async def test_those_of_the_file_are_trusted(self, tmp_path: Path) -> None:
        trusted = tmp_path / "authority.pem"
        trusted.write_text(authority_pem())
        upstream = ScriptedUpstream()
        listener = await asyncio.start_server(upstream.serve, "127.0.0.1", 0, ssl=server_context())
        url = f"https://localhost:{listener.sockets[0].getsockname()[1]}"
        try:
            async with running(url, ssl_cert_file=trusted) as proxy:
                assert (await proxy.ask()).status == 200
            async with running(url, max_retries=0) as proxy:
                refused = await proxy.ask()
                assert refused.status == 503
                assert "certificate" in refused.error["message"]
        finally:
            listener.close()
            await upstream.close()

    @pytest.mark.parametrize("content", [None, "nonsense"])
    async def test_a_file_that_holds_none(self, tmp_path: Path, content: str | None) -> None:
        if content is not None:
            (tmp_path / "certificates.pem").write_text(content)
        with pytest.raises(Misconfigured, match="SSL_CERT_FILE"):
            Assembly(settings(ssl_cert_file=tmp_path / "certificates.pem"), files=4096)

    async def test_none_means_the_systems(self) -> None:
        async with assembled(anthropic_api_base="https://localhost:1") as assembly:
            tls = assembly.upstream._transport._route.tls  # type: ignore[attr-defined]
        assert tls.verify_mode == ssl.CERT_REQUIRED
        assert tls.check_hostname


class TestLogs:
    @pytest.mark.parametrize(
        ("level", "told"),
        [("debug", [200, 502]), ("info", [200, 502]), ("warning", [502]), ("error", [])],
    )
    async def test_the_level_holds_for_access_lines(
        self, level: str, told: list[int], capfd: pytest.CaptureFixture[str]
    ) -> None:
        async with assembled(log_level=level, log_format="json") as assembly:
            for observer in assembly.state.observers:
                observer.observe(record(status=200))
                observer.observe(record(status=502, outcome="failed"))
        assert [json.loads(line)["status"] for line in capfd.readouterr().out.splitlines()] == told

    async def test_what_waits_is_written_at_the_end(self, capfd: pytest.CaptureFixture[str]) -> None:
        async with assembled(log_level="info") as assembly:
            for observer in assembly.state.observers:
                observer.observe(record())
            assert capfd.readouterr().out == ""
        assert " 200 answered " in capfd.readouterr().out


class TestState:
    async def test_without_a_directory_it_is_in_memory(self) -> None:
        async with assembled() as assembly:
            assert isinstance(assembly._kept.stores.thinking, MemoryThinkingStore)

    async def test_with_one_it_outlasts_the_process(self, tmp_path: Path) -> None:
        async with assembled(state_dir=tmp_path) as assembly:
            await assembly._kept.stores.thinking.put([KeptEntry("key", b"value", time.time() + 60)])
        async with assembled(state_dir=tmp_path) as again:
            assert await again._kept.stores.thinking.get(["key"], time.time()) == {"key": b"value"}

    async def test_one_that_cannot_be_written(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(Misconfigured, match="STATE_DIR"):
            Assembly(settings(state_dir=tmp_path / "file"), files=4096)


class TestWorkers:
    @staticmethod
    def place(slot: int, directory: Path) -> Place:
        return Place(slot, directory, parent=os.open(os.devnull, os.O_RDONLY), report=lambda: None)

    async def test_they_share_what_is_kept(self, tmp_path: Path) -> None:
        async with assembled(self.place(0, tmp_path)) as one, assembled(self.place(1, tmp_path)) as other:
            await one._kept.stores.thinking.put([KeptEntry("key", b"value", time.time() + 60)])
            assert await other._kept.stores.thinking.get(["key"], time.time()) == {"key": b"value"}

    async def test_what_one_counted_its_successor_counts_on_from(self, tmp_path: Path) -> None:
        async with assembled(self.place(0, tmp_path)) as first:
            first.metrics.observe(record())
        async with assembled(self.place(0, tmp_path)) as second:
            second.metrics.observe(record())
            (series,) = second.metrics.totals.series.values()
            assert series.requests == 2


async def test_gauges_are_read_when_asked_for(upstream: ScriptedUpstream) -> None:
    async with running(upstream.url) as proxy, proxy.client() as client:
        await client.post(ASKED)
        await client.reply()
        gauges = proxy.assembly.metrics.counts().gauges
        assert (gauges.client_connections, gauges.requests_in_progress, gauges.open_streams) == (1, 0, 0)


async def test_a_login_counts_down(upstream: ScriptedUpstream, tmp_path: Path) -> None:
    login = {"claudeAiOauth": {"accessToken": "sk-ant-oat-test", "expiresAt": (time.time() + 3600) * 1000}}
    (tmp_path / ".credentials.json").write_text(json.dumps(login))
    changes = {"anthropic_api_key": None, "claude_config_dir": tmp_path, "claude_login_via": "messages-api"}
    async with running(upstream.url, **changes) as proxy:
        page = (await proxy.get("/metrics")).body.decode()
    assert 'claude_proxy_credential_ready{kind="login"} 1.0' in page
    (line,) = [line for line in page.splitlines() if line.startswith("claude_proxy_credential_seconds_left{")]
    assert 3500 < float(line.split()[-1]) <= 3600
