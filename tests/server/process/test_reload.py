"""SIGHUP on real processes: what changes while they run, and that a bad file changes nothing."""

import asyncio
import signal
from dataclasses import fields
from pathlib import Path

import pytest

from claude_code_proxy.secret import Secret
from claude_code_proxy.server.process.reload import RELOADED, reload
from claude_code_proxy.settings import Settings, load
from tests.server.running import ASKED, eventually
from tests.server.scripted_upstream import ScriptedUpstream
from tests.server.server_process import Process, process

HOLD = 0.05


def write(file: Path, *, key: str = "key-one", alias: str = "claude-haiku-5-5", body: int = 100_000) -> None:
    text = f'proxy_api_key = "{key}"\nmax_body_bytes = {body}\n[model_aliases]\nlow = "{alias}"\n'
    file.write_text(text, encoding="utf-8")


async def status(proxy: Process, key: str, *, size: int = 0) -> int:
    async with proxy.client() as client:
        body = {**ASKED, "model": "low", "user": "x" * size}
        await client.post(body, headers={"authorization": f"Bearer {key}"})
        return (await client.reply()).status


async def statuses(proxy: Process, key: str, *, size: int = 0) -> set[int]:
    """Of enough requests on connections of their own to come to every worker."""
    return {await status(proxy, key, size=size) for _ in range(16)}


@pytest.mark.parametrize("workers", [1, 2])
async def test_keys_aliases_and_limits_change_while_it_runs(
    upstream: ScriptedUpstream, tmp_path: Path, workers: int
) -> None:
    file = tmp_path / "settings.toml"
    write(file)
    async with process(upstream.url, tmp_path, WORKERS=workers, CLAUDE_PROXY_CONFIG=file) as proxy:
        assert await statuses(proxy, "key-one") == {200}
        assert await status(proxy, "key-two") == 401
        write(file, key="key-two", alias="claude-opus-5-5", body=2_000)
        proxy.signal(signal.SIGHUP)
        read = b"changed: PROXY_API_KEY, MODEL_ALIASES, MAX_BODY_BYTES"
        await eventually(lambda: proxy.errors.count(read) == (1 if workers == 1 else 1 + workers))
        upstream.calls.clear()
        assert await statuses(proxy, "key-one") == {401}
        assert await statuses(proxy, "key-two") == {200}
        assert {call.json["model"] for call in upstream.calls} == {"claude-opus-5-5"}
        assert await statuses(proxy, "key-two", size=5_000) == {413}
        assert b"key-two" not in proxy.errors


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("proxy_api_key = ", b"not valid TOML"),
        ('proxy_api_keys = "x"', b"unknown setting"),
        ("max_body_bytes = -1", b"max_body_bytes in "),
        (None, b"cannot read"),
    ],
)
async def test_a_bad_file_changes_nothing_and_the_log_says_so(
    upstream: ScriptedUpstream, tmp_path: Path, workers: int, text: str | None, problem: bytes
) -> None:
    file = tmp_path / "settings.toml"
    write(file)
    async with process(upstream.url, tmp_path, WORKERS=workers, CLAUDE_PROXY_CONFIG=file) as proxy:
        if text is None:
            file.unlink()
        else:
            file.write_text(text, encoding="utf-8")
        proxy.signal(signal.SIGHUP)
        await proxy.says(b"SIGHUP: nothing is changed: ")
        assert problem in proxy.errors
        assert await statuses(proxy, "key-one") == {200}
        assert await status(proxy, "wrong") == 401


@pytest.mark.parametrize("workers", [1, 2])
async def test_signals_that_mean_nothing_end_nothing(upstream: ScriptedUpstream, tmp_path: Path, workers: int) -> None:
    async with process(upstream.url, tmp_path, WORKERS=workers) as proxy:
        children = proxy.workers()
        for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM, signal.SIGHUP):
            proxy.signal(number)
            await asyncio.sleep(HOLD)
        await proxy.says(b"none of those that can change")
        assert await status(proxy, "any") == 200
        assert (proxy.running, proxy.workers()) == (True, children)


def test_a_key_that_is_gone_opens_no_door(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "settings.toml"
    environ = {"HOME": str(tmp_path), "HOST": "0.0.0.0", "CLAUDE_PROXY_CONFIG": str(file)}
    write(file)
    settings = load({}, environ)
    file.write_text("max_queued = 3", encoding="utf-8")
    assert reload(settings, environ) is settings
    assert "ALLOW_KEYLESS" in caplog.text


def test_a_flag_still_beats_the_file_and_other_settings_wait(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    environ = {"HOME": str(tmp_path), "CLAUDE_PROXY_CONFIG": str(file)}
    write(file)
    settings = load({"max_queued": "7"}, environ)
    file.write_text('max_queued = 3\nproxy_api_key = "key-three"\nport = 1234\nstrict = true\n', encoding="utf-8")
    changed = reload(settings, environ)
    assert (changed.max_queued, changed.proxy_api_key) == (7, (Secret("key-three"),))
    assert (changed.port, changed.strict) == (settings.port, False)


def test_what_can_change_is_a_setting() -> None:
    assert set(RELOADED) <= {each.name for each in fields(Settings)}
