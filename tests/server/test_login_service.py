"""Which way a login goes, and what is said about it."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from claude_code_proxy.errors import Misconfigured
from claude_code_proxy.secret import Secret
from claude_code_proxy.server.login_service import PUBLISHED_TERMS, LoginService
from claude_code_proxy.settings import Settings

KEY = Secret("sk-ant-test-key")


def settings(home: Path, **changes: Any) -> Settings:
    return Settings(claude_config_dir=home, **changes)


def sign_in(home: Path) -> None:
    oauth = {"accessToken": "sk-ant-oat01-test", "refreshToken": "r", "scopes": ["user:inference"]}
    (home / ".credentials.json").write_text(json.dumps({"claudeAiOauth": oauth}))


def unheard(error: object, *, retried: bool) -> None:
    pass


async def test_a_key_needs_no_claude_code(tmp_path: Path) -> None:
    login = LoginService(settings(tmp_path, anthropic_api_key=KEY), {})
    assert not login.credentials.through_claude_code
    login.start()
    await login.close()


async def test_without_a_key_claude_code_serves(tmp_path: Path) -> None:
    sign_in(tmp_path)
    login = LoginService(settings(tmp_path), {})
    assert login.credentials.through_claude_code
    upstream = login.upstream(unheard)
    login.start()
    await upstream.close()
    await login.close()


async def test_what_was_made_is_removed(tmp_path: Path) -> None:
    login = LoginService(settings(tmp_path), {})
    login.upstream(unheard)
    made = list(login.directories)
    assert [path.is_dir() for path in made] == [True]
    await login.close()
    assert [path.exists() for path in made] == [False]


async def test_several_workers_are_refused_where_there_is_a_login(tmp_path: Path) -> None:
    several = settings(tmp_path, workers=2)
    login = LoginService(several, {})
    await login.upstream(unheard).close()  # nobody to serve yet: that is told with each request
    await login.close()
    sign_in(tmp_path)
    with pytest.raises(Misconfigured, match="WORKERS=1"):
        LoginService(several, {}).upstream(unheard)


async def test_sent_straight_it_is_warned_of_with_the_link(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    sign_in(tmp_path)
    login = LoginService(settings(tmp_path, claude_login_via="messages-api"), {})
    with caplog.at_level(logging.WARNING):
        login.start()
    await login.close()
    assert PUBLISHED_TERMS in caplog.text
    assert "sk-ant" not in caplog.text
