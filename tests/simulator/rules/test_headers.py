"""Keys, bearer tokens, versions and betas."""

import pytest

from claude_code_proxy.simulator.refusal import Refusal
from claude_code_proxy.simulator.rules.headers import check_betas, check_key, check_version

OAUTH = {"anthropic-beta": "a,oauth-2025-04-20"}


@pytest.mark.parametrize(
    "headers",
    [
        {"x-api-key": "sk-ant-test-1"},
        {"authorization": "Bearer sk-ant-api03-made-up"},
        {"authorization": "bearer sk-ant-oat01-made-up", **OAUTH},
    ],
)
def test_any_made_up_key_will_do(headers: dict[str, str]) -> None:
    check_key(headers, None)


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({}, "x-api-key header is required"),
        ({"x-api-key": ""}, "x-api-key header is required"),
        ({"authorization": "Bearer "}, "x-api-key header is required"),
        ({"authorization": "Bearer sk-ant-oat01-made-up"}, "OAuth authentication is currently not supported."),
    ],
)
def test_without_a_key(headers: dict[str, str], words: str) -> None:
    with pytest.raises(Refusal) as caught:
        check_key(headers, None)
    assert (caught.value.status, caught.value.kind, caught.value.message) == (401, "authentication_error", words)


def test_only_the_keys_that_are_named() -> None:
    check_key({"x-api-key": "one"}, {"one"})
    with pytest.raises(Refusal, match=r"^invalid x-api-key$"):
        check_key({"x-api-key": "two"}, {"one"})
    with pytest.raises(Refusal, match=r"^Invalid bearer token$"):
        check_key({"authorization": "Bearer sk-ant-oat01-two", **OAUTH}, {"one"})


def test_versions() -> None:
    assert check_version({"anthropic-version": "2023-06-01"}) == "2023-06-01"
    with pytest.raises(Refusal, match=r"^anthropic-version: header is required$"):
        check_version({})
    with pytest.raises(Refusal, match="2024-01-01"):
        check_version({"anthropic-version": "2024-01-01"})


def test_betas() -> None:
    assert check_betas({}) == frozenset()
    assert check_betas({"anthropic-beta": "oauth-2025-04-20, files-api-2025-04-14"}) == {
        "oauth-2025-04-20",
        "files-api-2025-04-14",
    }
    with pytest.raises(Refusal) as caught:
        check_betas({"anthropic-beta": "files-api-2025-04-14,brand-new-2027-01-01"})
    assert caught.value.message == (
        "Unexpected value(s) `brand-new-2027-01-01` for the `anthropic-beta` header. Please consult our "
        "documentation at "
        "platform.claude.com/docs or try again without the header."
    )
