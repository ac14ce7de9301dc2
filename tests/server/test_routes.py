"""Paths as people type them."""

import pytest

from claude_code_proxy.server.routes import Routes, deployment, plain_path


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
        "/api/chat/completions",
        "/openai/chat/completions",
        "/openai/deployments/claude-sonnet-4-6/chat/completions",
        "/openai/v1/deployments/claude-sonnet-4-6/chat/completions",
        "/deployments/claude-sonnet-4-6/chat/completions",
        "/models/chat/completions",
        "/v1/chat/completions/chat/completions",
        "/v1/chat/completions/v1/chat/completions",
        "/v1/messages/chat/completions",
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
        ("/api/models", "/models"),
        ("/openai/models", "/models"),
        ("/v1/chat/completions/models", "/models"),
        ("/v1/chat/completions/models/a", "/models/a"),
        ("/v1/messages/v1/messages", "/messages"),
        ("/v1/chat/completions/chatcmpl-1/messages", "/chat/completions/chatcmpl-1/messages"),
        ("/v1/messages/count_tokens", "/messages/count_tokens"),
        ("/v1/messages/batches", "/messages/batches"),
        ("/deployments", "/deployments"),
        ("/api", "/api"),
        ("/apix/models", "/apix/models"),
        ("/openai/api/v1/models", "/api/v1/models"),
        ("/models/v1/x", "/models/v1/x"),
        ("/v1/models/a%2Fb", "/models/a%2Fb"),
        ("*", "*"),
    ],
)
def test_each_path_has_one_plain_form(path: str, plain: str) -> None:
    assert plain_path(path) == plain


@pytest.mark.parametrize(
    ("path", "model"),
    [
        ("/openai/deployments/claude-sonnet-4-6/chat/completions", "claude-sonnet-4-6"),
        ("//deployments/gpt%2D4o/chat/completions", "gpt-4o"),
        ("/v1/chat/completions", None),
        ("/deployments/x", None),
        ("/v1/models/deployments/x/y", None),
    ],
)
def test_the_model_of_a_deployment(path: str, model: str | None) -> None:
    assert deployment(path) == model


ROUTES = Routes([
    ("POST", "/responses", "create"),
    ("GET", "/responses/{id}", "read"),
    ("DELETE", "/responses/{id}", "delete"),
    ("POST", "/responses/{id}/cancel", "cancel"),
    ("GET", "/models/{name...}", "model"),
])


@pytest.mark.parametrize(
    ("method", "path", "target", "parameters"),
    [
        ("POST", "/v1/responses", "create", {}),
        ("POST", "//v1/responses/", "create", {}),
        ("GET", "/v1/responses/resp_1", "read", {"id": "resp_1"}),
        ("HEAD", "/responses/resp%5F1/", "read", {"id": "resp_1"}),
        ("DELETE", "/v1/responses/resp_1", "delete", {"id": "resp_1"}),
        ("POST", "/v1/responses/resp_1/cancel", "cancel", {"id": "resp_1"}),
        ("GET", "/v1/models/anthropic/claude%20x", "model", {"name": "anthropic/claude x"}),
        ("PUT", "/v1/responses/resp_1", None, {"id": "resp_1"}),
    ],
)
def test_a_path_has_its_target_and_parameters(
    method: str, path: str, target: str | None, parameters: dict[str, str]
) -> None:
    route = ROUTES.find(path)
    assert route is not None
    assert (route.target(method), route.parameters(path)) == (target, parameters)


@pytest.mark.parametrize("path", ["/", "/v1/responses/a/b", "/v1/models", "/v1/responses/a/cancel/b"])
def test_other_paths_have_none(path: str) -> None:
    assert ROUTES.find(path) is None


def test_the_methods_of_a_path() -> None:
    route = ROUTES.find("/v1/responses/resp_1")
    assert route is not None
    assert route.methods == ("GET", "HEAD", "DELETE")
