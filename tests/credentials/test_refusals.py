"""A refusal of our own credential is told so that nobody looks for the fault in the caller's key."""

import pytest

from claude_code_proxy.credentials.credential import Credential
from claude_code_proxy.credentials.refusals import explain
from claude_code_proxy.secret import Secret
from tests.rejections import rejected

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
