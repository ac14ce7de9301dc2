"""The precedence, and what is said when there is nothing to send."""

import json
from pathlib import Path

import pytest

from claude_code_proxy.credentials.chain import CredentialSource, Readiness, Runtime, explicit, setup_token
from claude_code_proxy.credentials.credential import Credential
from claude_code_proxy.credentials.login_file import LoginFile
from claude_code_proxy.errors import Unauthenticated
from claude_code_proxy.secret import Secret

NOW = 1_795_348_800.0  # 2026-11-22 12:00 UTC
KEY, TOKEN, LOGIN = Secret("sk-ant-test-key"), Secret("sk-ant-test-token"), Secret("sk-ant-test-login")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".credentials.json"


def signed_in(path: Path, expires_at: float | None = None) -> None:
    told = {"accessToken": LOGIN.reveal(), "expiresAt": expires_at and expires_at * 1000}
    path.write_text(json.dumps({"claudeAiOauth": told}))


def source(
    path: Path, *, key: Secret | None = None, token: Secret | None = None, login_sent: bool = True
) -> CredentialSource:
    return CredentialSource(explicit(key, token), LoginFile([path]), login_sent=login_sent, clock=lambda: NOW)


def test_an_api_key_comes_first(path: Path) -> None:
    signed_in(path)
    chosen = source(path, key=KEY, token=TOKEN)
    assert chosen.resolve() == Credential("api_key", KEY, "ANTHROPIC_API_KEY")
    assert chosen.readiness() == Readiness(ok=True, reason="API key from ANTHROPIC_API_KEY")


def test_an_access_token_comes_second(path: Path) -> None:
    signed_in(path)
    chosen = source(path, token=TOKEN)
    assert chosen.resolve() == Credential("bearer", TOKEN, "CLAUDE_ACCESS_TOKEN")
    assert chosen.readiness().reason == "access token from CLAUDE_ACCESS_TOKEN"


def test_a_login_comes_last_and_only_if_the_owner_chose_to_send_it(path: Path) -> None:
    signed_in(path)
    assert source(path).resolve() == Credential("login", LOGIN, str(path))


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (None, ""),
        (90, ", valid for 1 min"),
        (3 * 3600 + 300, ", valid for 3 h 5 min"),
        (200_000, ", valid for 2 d 7 h"),
    ],
)
def test_how_long_a_login_is_good_is_said(path: Path, left: float | None, said: str) -> None:
    signed_in(path, left and NOW + left)
    assert source(path).readiness() == Readiness(ok=True, reason=f"Claude Code login from {path}{said}")


def test_where_a_credential_stood_is_said() -> None:
    key, token = explicit(KEY, TOKEN, origins=("/etc/proxy.toml", "CLAUDE_ACCESS_TOKEN"))
    assert (key.origin, token.origin) == ("/etc/proxy.toml", "CLAUDE_ACCESS_TOKEN")


def refusal(chosen: CredentialSource) -> str:
    with pytest.raises(Unauthenticated) as caught:
        chosen.resolve()
    assert chosen.readiness() == Readiness(ok=False, reason=caught.value.message)
    return caught.value.message


def test_without_any_it_names_the_ways_to_give_one(path: Path) -> None:
    message = refusal(source(path))
    for way in ("ANTHROPIC_API_KEY", "CLAUDE_ACCESS_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN", "claude auth login", str(path)):
        assert way in message
    assert len(message.replace(str(path), "")) < 200
    assert message.index("ANTHROPIC_API_KEY") < message.index("claude auth login")


def test_who_was_signed_out_is_told_to_sign_in_again(path: Path) -> None:
    runtime_login(path, accessToken="")
    message = refusal(through_claude_code(path))
    assert f"{path} is signed out" in message
    assert "Sign in again with `claude auth login`, or set ANTHROPIC_API_KEY." in message


def test_without_claude_code_a_login_names_both_ways_out(path: Path) -> None:
    runtime_login(path)
    chosen = CredentialSource((), LoginFile([path]), runtime=Runtime("get the extra"), clock=lambda: NOW)
    message = refusal(chosen)
    assert f"login was found in {path}" in message
    assert "get the extra" in message
    assert "CLAUDE_LOGIN_VIA=messages-api" in message
    assert LOGIN.reveal() not in message


def runtime_login(path: Path, expires_at: float | None = None, **others: object) -> None:
    told = {"accessToken": LOGIN.reveal(), "refreshToken": "r", "scopes": ["user:inference"], **others}
    path.write_text(json.dumps({"claudeAiOauth": told | {"expiresAt": expires_at and expires_at * 1000}}))


def through_claude_code(path: Path, problem: str = "") -> CredentialSource:
    return CredentialSource((), LoginFile([path]), runtime=Runtime(problem=lambda: problem), clock=lambda: NOW)


def test_claude_code_is_left_to_renew_what_has_expired(path: Path) -> None:
    runtime_login(path, NOW - 60)
    chosen = through_claude_code(path)
    assert chosen.through_claude_code
    assert chosen.renews
    assert chosen.resolve().secret == LOGIN
    assert chosen.readiness().reason.endswith("expired; Claude Code renews it")


def test_what_keeps_it_from_being_renewed_is_said(path: Path) -> None:
    runtime_login(path, NOW - 60)
    assert "was not renewed: the directory cannot be written" in refusal(
        through_claude_code(path, "the directory cannot be written")
    )


def test_a_file_that_claude_code_does_not_read_can_only_be_sent(path: Path) -> None:
    signed_in(path)
    assert "CLAUDE_LOGIN_VIA=messages-api" in refusal(through_claude_code(path))
    assert source(path).resolve().secret == LOGIN


def test_a_token_of_its_own_comes_before_the_file(path: Path) -> None:
    runtime_login(path)
    token = setup_token(Secret("sk-ant-oat01-test"))
    for sent in (False, True):
        chosen = CredentialSource((), LoginFile([path]), token=token, login_sent=sent, clock=lambda: NOW)
        assert chosen.resolve() == token
        assert chosen.is_login
        assert not chosen.renews
    assert setup_token(None) is None
    named = CredentialSource(explicit(None, TOKEN), LoginFile([path]), token=token)
    assert (named.resolve().secret, named.is_login, named.through_claude_code) == (TOKEN, False, False)


@pytest.mark.parametrize(
    ("left", "said"),
    [(30 * 86_400, ""), (2 * 86_400, "The sign-in itself ends in 2 d 0 h"), (-5, "The sign-in itself has ended")],
)
def test_the_end_of_the_sign_in_is_announced(path: Path, left: float, said: str) -> None:
    runtime_login(path, NOW + 3600, refreshTokenExpiresAt=(NOW + left) * 1000)
    reason = through_claude_code(path).readiness().reason
    assert said in reason
    assert ("claude auth login" in reason) == bool(said)


def test_an_expired_login_says_since_when_and_what_to_do(path: Path) -> None:
    signed_in(path, NOW - 60)
    message = refusal(source(path))
    assert "expired at 2026-11-22 11:59 UTC" in message
    assert "`claude`" in message


def test_a_login_that_comes_later_is_used(path: Path) -> None:
    moments = [NOW]
    late = CredentialSource((), LoginFile([path]), login_sent=True, clock=lambda: moments[-1])
    refusal(late)
    signed_in(path)
    moments.append(NOW + 2)
    assert late.resolve().secret == LOGIN
