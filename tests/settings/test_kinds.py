"""What the text of each kind of setting may be, and how a text that is not allowed is refused."""

from pathlib import Path

import pytest

from claude_code_proxy.secret import Secret
from tests.settings.loading import KEY, loaded, refusal


@pytest.mark.parametrize(
    ("variable", "text", "value"),
    [
        ("PORT", "0", 0),
        ("HOST", "[::1]", "::1"),
        ("HOST", "0.0.0.0", "0.0.0.0"),
        ("STRICT", "Yes", True),
        ("STRICT", "off", False),
        ("LOG_LEVEL", "DEBUG", "debug"),
        ("UPSTREAM", "simulated", "simulated"),
        ("CORS_ORIGINS", "https://a.test, https://b.test,", ("https://a.test", "https://b.test")),
        ("PROXY_API_KEY", " one ,two ", (Secret("one"), Secret("two"))),
        ("MODEL_ALIASES", "gpt-4o=claude-sonnet-5-5, low = haiku", {"gpt-4o": "claude-sonnet-5-5", "low": "haiku"}),
        ("ANTHROPIC_API_KEY", f" {KEY}\n", Secret(KEY)),
        ("CLAUDE_CREDENTIALS_PATH", "~/login.json", Path("/home/somebody/login.json")),
        ("KEEPALIVE_SECONDS", "0", 0.0),
    ],
)
def test_what_a_variable_may_say(variable: str, text: str, value: object) -> None:
    assert getattr(loaded(**{variable: text}), variable.lower()) == value


@pytest.mark.parametrize(
    "given",
    [
        "https://gateway.test/anthropic",
        "https://gateway.test/anthropic/",
        "https://gateway.test/anthropic/v1",
        "https://gateway.test/anthropic/v1/",
        "https://gateway.test/anthropic//v1//",
    ],
)
def test_the_upstreams_address_as_any_client_library_wants_it(given: str) -> None:
    assert loaded(ANTHROPIC_API_BASE=given).anthropic_api_base == "https://gateway.test/anthropic"


@pytest.mark.parametrize(
    ("variable", "text", "message"),
    [
        ("PORT", "http", "PORT (environment): 'http' is not a whole number from 0 to 65535"),
        ("PORT", "65536", "PORT (environment): '65536' is not a whole number from 0 to 65535"),
        ("MAX_BODY_BYTES", "1", "MAX_BODY_BYTES (environment): '1' is not a whole number from 1024 up"),
        ("IDLE_SECONDS", "inf", "IDLE_SECONDS (environment): 'inf' is not a number of seconds from 0.1 up"),
        ("IDLE_SECONDS", "nan", "IDLE_SECONDS (environment): 'nan' is not a number of seconds from 0.1 up"),
        ("STRICT", "maybe", "STRICT (environment): 'maybe' is not true or false"),
        ("LOG_FORMAT", "xml", "LOG_FORMAT (environment): 'xml' is not text or json"),
        ("HOST", "http://here", "HOST (environment): 'http://here' is not a host name or an IP address"),
        ("MODEL_ALIASES", "gpt-4o", "MODEL_ALIASES (environment): 'gpt-4o' is not a list like name=model,other=model"),
        (
            "ANTHROPIC_BASE_URL",
            "a.test",
            "ANTHROPIC_BASE_URL (environment): 'a.test' is not an http or https address without user or query",
        ),
        (
            "ANTHROPIC_WORKSPACE_ID",
            "a b",
            "ANTHROPIC_WORKSPACE_ID (environment): 'a b' is not one word of printable ASCII",
        ),
    ],
)
def test_a_value_that_is_not_allowed(variable: str, text: str, message: str) -> None:
    assert refusal(**{variable: text}) == message


@pytest.mark.parametrize("text", ["sk-ant-test with a space", "sk-ant-test\nx-other: header", "sk-ant-tést"])
@pytest.mark.parametrize("variable", ["ANTHROPIC_API_KEY", "CLAUDE_ACCESS_TOKEN", "PROXY_API_KEY", "HTTPS_PROXY"])
def test_a_bad_secret_is_refused_without_being_shown(variable: str, text: str) -> None:
    message = refusal(**{variable: text})
    assert message.startswith(f"{variable} (environment): the value is not ")
    assert "sk-ant" not in message


def test_a_lone_comma_does_not_open_the_door() -> None:
    assert refusal(PROXY_API_KEY=",").startswith("PROXY_API_KEY")


def test_an_address_with_a_password_is_refused_without_being_shown() -> None:
    assert "hunter2" not in refusal(ANTHROPIC_API_BASE="https://me:hunter2@gateway.test")
