"""A credential in the wrong setting is named by its shape; one that was refused is named with its remedy."""

from typing import Literal

import pytest

from claude_code_proxy.credentials.advice import explain, wrong_shape
from claude_code_proxy.credentials.credential import Credential
from claude_code_proxy.secret import Secret
from tests.rejections import rejected


@pytest.mark.parametrize(
    ("kind", "text", "advice"),
    [
        ("api_key", "sk-proj-a1", "Claude Console"),
        ("api_key", "sk-svcacct-a1", "Claude Console"),
        ("api_key", "sk-ant-oat01-a1", "CLAUDE_CODE_OAUTH_TOKEN"),
        ("api_key", "sk-ant-ort01-a1", "refresh token"),
        ("api_key", "sk-ant-admin01-a1", "Admin API key"),
        ("login", "sk-ant-api03-a1", "ANTHROPIC_API_KEY"),
        ("bearer", "sk-proj-a1", "Claude Console"),
    ],
)
def test_a_wrong_place_is_named(kind: Literal["api_key", "bearer", "login"], text: str, advice: str) -> None:
    words = wrong_shape(Credential(kind, Secret(text), "X"))
    assert advice in words
    assert text not in words


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("api_key", "sk-ant-api03-a1"),
        ("api_key", "sk-gateway-a1"),
        ("api_key", "anything"),
        ("bearer", "sk-ant-oat01-a1"),
        ("bearer", "eyJhbGciOi"),
        ("login", "sk-ant-oat01-a1"),
    ],
)
def test_a_fitting_or_an_unknown_shape_is_fine(kind: Literal["api_key", "bearer", "login"], text: str) -> None:
    assert wrong_shape(Credential(kind, Secret(text), "X")) == ""


KEY = Credential("api_key", Secret("sk-ant-test-key"), "ANTHROPIC_API_KEY")
TOKEN = Credential("bearer", Secret("t"), "CLAUDE_ACCESS_TOKEN")
LOGIN = Credential("login", Secret("l"), "/home/a/.claude/.credentials.json")


@pytest.mark.parametrize("credential", [KEY, TOKEN, LOGIN], ids=lambda credential: credential.kind)
def test_a_refused_credential_is_named_with_its_setting(credential: Credential) -> None:
    error = explain(rejected("invalid x-api-key", 401, "authentication_error"), credential, renews=True)
    assert error.message.startswith(f"Anthropic refused this proxy's {credential.origin}: invalid x-api-key")
    assert (error.status, error.code) == (401, "upstream_authentication")
    assert credential.secret.reveal() not in error.message.replace(credential.origin, "").split()


@pytest.mark.parametrize(("renews", "way"), [(True, "`claude -p hello`"), (False, "`claude setup-token`")])
def test_a_login_that_is_refused_before_its_time_says_what_renews_it(way: str, *, renews: bool) -> None:
    error = explain(rejected("Invalid bearer token", 401, "authentication_error"), LOGIN, renews=renews)
    assert way in error.message


@pytest.mark.parametrize(
    "words",
    [
        "This credential is only authorized for use with Claude Code and cannot be used for other API requests.",
        "OAuth authentication is currently not supported.",
        "Third-party apps now draw from your extra usage, not your plan limits.",
        "You're out of extra usage. Add more at claude.ai/settings/usage",
    ],
)
def test_a_refusal_of_a_login_sent_straight_names_both_ways_out(words: str) -> None:
    error = explain(rejected(words), LOGIN, renews=True)
    assert error.message.startswith(words)
    assert "ANTHROPIC_API_KEY" in error.message
    assert "CLAUDE_LOGIN_VIA" in error.message
    assert explain(rejected(words), KEY, renews=False).message == words


def test_any_other_refusal_is_left_as_it_is() -> None:
    error = rejected("max_tokens: too large")
    assert explain(error, LOGIN, renews=True) is error
