"""Whose envelope an error has that no endpoint renders."""

import pytest

from claude_code_proxy.endpoints.fallback import fallback_envelope
from claude_code_proxy.endpoints.messages.envelope import ANTHROPIC
from claude_code_proxy.endpoints.openai.envelope import OPENAI


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/messages/count_tokens", "/messages", "/v1/messages/nothing"])
def test_anthropics_under_its_path(path: str) -> None:
    assert fallback_envelope(path, {}) is ANTHROPIC


def test_anthropics_for_those_who_name_its_version() -> None:
    assert fallback_envelope("/v1/models/x", {b"anthropic-version": b"2023-06-01"}) is ANTHROPIC


@pytest.mark.parametrize("path", ["", "/v1/models", "/nowhere", "/v1/chat/completions"])
def test_openais_for_all_others(path: str) -> None:
    assert fallback_envelope(path, {b"x-api-key": b"k"}) is OPENAI
