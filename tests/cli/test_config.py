"""The settings in effect, as they are printed."""

import pytest

from claude_code_proxy.cli.config import run, table
from claude_code_proxy.settings import SETTINGS, load


def test_every_setting_has_its_line() -> None:
    lines = [line.split()[0] for line in table(load({}, {"HOME": "/h"})).splitlines() if line.startswith("  ")]
    assert lines == [setting.key for setting in SETTINGS]


def test_what_is_not_the_default_says_where_it_came_from() -> None:
    shown = table(load({"port": "9000"}, {"HOME": "/h", "LOG_LEVEL": "debug"}))
    assert "port                     9000   (--port)" in shown
    assert "log_level                debug   (LOG_LEVEL)" in shown
    assert "host                     127.0.0.1\n" in shown


def test_secrets_are_masked(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(load({}, {"HOME": "/h", "ANTHROPIC_API_KEY": "sk-ant-test-1", "PROXY_API_KEY": "k1,k2"})) == 0
    shown = capsys.readouterr().out
    assert "anthropic_api_key        ****   (ANTHROPIC_API_KEY)" in shown
    assert not any(secret in shown for secret in ("sk-ant-test-1", "k1", "k2"))
