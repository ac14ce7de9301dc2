"""What the doctor sees in a scratch home, with the simulated service as the upstream."""

import json
import shutil
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from claude_code_proxy import simulator
from claude_code_proxy.cli import doctor
from claude_code_proxy.cli.arguments import parse
from claude_code_proxy.cli.doctor import claude_code, examine, login_file, runtime
from claude_code_proxy.cli.main import COMMANDS
from claude_code_proxy.cli.upstream_checks import Check
from claude_code_proxy.credentials.claude_command import find_claude, has_sdk
from claude_code_proxy.secret import Secret
from claude_code_proxy.settings import Settings

KEY = Secret("sk-ant-test-doctor")
TOKEN = "sk-ant-oat01-doctor"


@pytest.fixture
async def service() -> AsyncIterator[simulator.Running]:
    running = await simulator.serve()
    yield running
    await running.close()


def settings(home: Path, base: str, **changes: Any) -> Settings:
    return Settings(claude_config_dir=home, anthropic_api_base=base, log_level="error", **changes)


def sign_in(home: Path, *, mode: int = 0o600, **changes: Any) -> Path:
    path = home / ".credentials.json"
    oauth = {"accessToken": TOKEN, "refreshToken": "r", "scopes": ["user:inference"]}
    path.write_text(json.dumps({"claudeAiOauth": oauth | changes}))
    path.chmod(mode)
    return path


def by_name(checks: list[Check]) -> dict[str, Check]:
    return {check.check: check for check in checks}


async def test_with_a_key_and_a_service_all_is_well(
    tmp_path: Path, service: simulator.Running, caplog: pytest.LogCaptureFixture
) -> None:
    checks = await examine(settings(tmp_path, service.url, anthropic_api_key=KEY), call=True)
    assert [check for check in checks if not check.ok] == []
    assert {"credential", "upstream", "a model answers"} <= by_name(checks).keys()
    assert caplog.messages == [], "one request needs no two thousand places"


async def test_without_a_call_no_model_is_asked(tmp_path: Path, service: simulator.Running) -> None:
    await examine(settings(tmp_path, service.url, anthropic_api_key=KEY))
    assert [one.path for one in service.requests if one.path == "/v1/messages"] == []


@pytest.mark.parametrize(
    ("key", "setting"),
    [("sk-proj-a1", "Claude Console"), ("sk-ant-oat01-a1", "CLAUDE_CODE_OAUTH_TOKEN"), ("sk-ant-admin01-a1", "Admin")],
)
async def test_a_key_of_another_shape_is_named(
    tmp_path: Path, service: simulator.Running, key: str, setting: str
) -> None:
    check = by_name(await examine(settings(tmp_path, service.url, anthropic_api_key=Secret(key))))["credential"]
    assert not check.ok
    assert setting in check.do
    assert key not in check.do + check.found


async def test_nobody_signed_in(tmp_path: Path, service: simulator.Running) -> None:
    checks = by_name(await examine(settings(tmp_path, service.url)))
    assert not checks["credential"].ok
    assert checks["credential"].do.startswith("set ANTHROPIC_API_KEY; or, to use a Claude plan: ")
    assert ("agent sdk" in checks) == has_sdk(), "who has no login is not told to install what only logins need"


async def test_the_simulation_needs_nothing_of_this_machine(tmp_path: Path) -> None:
    checks = await examine(settings(tmp_path, "http://127.0.0.1:9", upstream="simulated"), call=True)
    assert [check for check in checks if not check.ok] == []
    found = by_name(checks)
    assert found["credential"].found == "none needed"
    assert "127.0.0.1:9 " not in found["upstream"].found
    assert "a model answers" in found
    assert "agent sdk" not in found
    quiet = by_name(await examine(settings(tmp_path, "http://127.0.0.1:9", upstream="simulated")))
    assert "a model answers" not in quiet


async def test_how_to_sign_in_is_told_for_the_claude_code_that_is_there(
    tmp_path: Path, service: simulator.Running
) -> None:
    sign_in(tmp_path, accessToken="")
    check = by_name(await examine(settings(tmp_path, service.url)))["credential"]
    assert "signed out" in check.found
    command = find_claude()
    name = "claude" if shutil.which("claude") else str(command)
    assert (f"`{name} auth login`" in check.do) == (command is not None)


async def test_a_login_sent_straight_needs_no_claude_code(tmp_path: Path, service: simulator.Running) -> None:
    sign_in(tmp_path)
    checks = by_name(await examine(settings(tmp_path, service.url, claude_login_via="messages-api")))
    assert checks["credential"].ok
    assert "agent sdk" not in checks


def test_a_login_that_others_can_read(tmp_path: Path) -> None:
    path = sign_in(tmp_path, mode=0o644)
    check = by_name(login_file([path], time.time()))["login file mode"]
    assert (check.ok, check.do) == (False, f"chmod 600 {path}")


def test_a_login_that_is_a_link(tmp_path: Path) -> None:
    path = sign_in(tmp_path)
    link = tmp_path / "elsewhere"
    link.mkdir()
    (link / ".credentials.json").symlink_to(path)
    check = by_name(login_file([link / ".credentials.json"], time.time()))["login file place"]
    assert (check.ok, check.do) == (False, "keep the file itself there")


def test_a_sign_in_that_ends_soon(tmp_path: Path) -> None:
    path = sign_in(tmp_path, refreshTokenExpiresAt=(time.time() + 3600) * 1000)
    check = by_name(login_file([path], time.time()))["sign-in"]
    assert (check.ok, check.do) == (False, "`claude auth login`")


def test_the_runtime_is_looked_for() -> None:
    assert [check.check for check in runtime()] == ["agent sdk", "claude code"]


def test_a_claude_code_that_tells_its_version(tmp_path: Path) -> None:
    assert claude_code(script(tmp_path, "echo 2.1.0")).found.startswith("2.1.0 /")
    assert claude_code(script(tmp_path, "exit 3")).found.startswith("version unknown /")
    assert claude_code(script(tmp_path, r"printf '\377'")).ok


def test_a_claude_code_that_does_not_start_or_end_is_a_failed_check(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.write_bytes(b"neither a program nor a script")
    broken.chmod(0o755)
    check = claude_code(broken)
    assert (check.ok, check.found) == (False, f"{broken} cannot be run: Exec format error")
    assert f"`{broken} --version`" in check.do
    check = claude_code(script(tmp_path, "exec sleep 60"), seconds=0.1)
    assert not check.ok
    assert check.found.endswith("claude cannot be run: no answer within 0.1 s")


def script(directory: Path, words: str) -> Path:
    path = directory / "claude"
    path.write_text(f"#!/bin/sh\n{words}\n")
    path.chmod(0o755)
    return path


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sign_in(tmp_path)
    arguments = parse(["doctor", "--json"], COMMANDS)
    assert arguments.own == {"json": "true"}
    assert doctor.run(settings(tmp_path, "http://127.0.0.1:9"), **arguments.own) == 1
    shown = capsys.readouterr().out
    assert TOKEN not in shown
    assert len(msgspec.json.decode(shown, type=list[Check])) >= 4
