"""The table of settings: its defaults, what it derives, and that it is whole."""

import dataclasses
from pathlib import Path

import pytest

from claude_code_proxy.settings import SETTINGS, Settings
from tests.settings.loading import KEY, loaded


def test_nothing_set_gives_the_defaults() -> None:
    settings = loaded()
    assert (settings.host, settings.port, settings.default_model) == ("127.0.0.1", 8080, "claude-sonnet-4-6")
    assert settings.anthropic_api_base == "https://api.anthropic.com"
    assert settings.login_paths() == (
        Path("/home/somebody/.claude/.credentials.json"),
        Path("/home/somebody/.claude/credentials.json"),
    )
    assert settings.origins == {}
    assert settings.origin("port") == "default"


def test_a_login_file_that_is_named_is_the_only_one() -> None:
    assert loaded(CLAUDE_CREDENTIALS_PATH="/a/b.json").login_paths() == (Path("/a/b.json"),)
    assert loaded(CLAUDE_CONFIG_DIR="/c").login_paths()[0] == Path("/c/.credentials.json")


@pytest.mark.parametrize(
    ("host", "alone"), [("127.0.0.1", True), ("localhost", True), ("0.0.0.0", False), ("a.b", False)]
)
def test_whether_only_this_machine_can_call(host: str, alone: bool) -> None:
    assert loaded(HOST=host).loopback_only is alone


def test_secrets_are_in_no_repr() -> None:
    settings = loaded(
        ANTHROPIC_API_KEY=KEY, PROXY_API_KEY="key-of-a-caller", HTTPS_PROXY="http://me:hunter2@proxy.test"
    )
    for secret in (KEY, "key-of-a-caller", "hunter2"):
        assert secret not in repr(settings)


def test_the_table_covers_every_field_and_nothing_twice() -> None:
    assert [setting.key for setting in SETTINGS] == [
        field.name for field in dataclasses.fields(Settings) if field.name not in {"origins", "flags"}
    ]
    variables = [name for setting in SETTINGS for name in setting.env]
    assert len(variables) == len(set(variables))
    assert all(setting.flag is None for setting in SETTINGS if setting.kind.secret)
    assert all(setting.doc.endswith(".") for setting in SETTINGS)
