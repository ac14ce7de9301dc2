"""Paths as people type them."""

import pytest

from claude_code_proxy.server.routes import plain_path


@pytest.mark.parametrize(
    "path",
    [
        "/chat/completions",
        "/v1/chat/completions",
        "/v1/v1/chat/completions",
        "/v1/v1/v1/chat/completions",
        "/v1/chat/completions/",
        "/v1/chat/completions///",
        "//v1/chat/completions",
        "/v1//chat/completions",
        "/v1//v1//chat//completions//",
        "/api/v1/chat/completions",
        "/openai/v1/chat/completions/",
    ],
)
def test_many_ways_to_one_place(path: str) -> None:
    assert plain_path(path) == "/chat/completions"


@pytest.mark.parametrize(
    ("path", "plain"),
    [
        ("/", "/"),
        ("", "/"),
        ("/v1", "/"),
        ("/v1/", "/"),
        ("//", "/"),
        ("/v1models", "/v1models"),
        ("/v10/models", "/v10/models"),
        ("/api/models", "/api/models"),
        ("/openai/api/v1/models", "/openai/api/v1/models"),
        ("/models/v1/x", "/models/v1/x"),
        ("/v1/models/a%2Fb", "/models/a%2Fb"),
        ("*", "*"),
    ],
)
def test_nothing_else_is_touched(path: str, plain: str) -> None:
    assert plain_path(path) == plain
