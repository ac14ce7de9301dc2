"""A credential in the wrong setting is named by its shape; one of an unknown shape is not judged."""

from typing import Literal

import pytest

from claude_code_proxy.credentials.credential import Credential
from claude_code_proxy.credentials.key_shape import wrong_shape
from claude_code_proxy.secret import Secret


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
