"""What a request to the service says of us, and what it shows."""

import pytest

from claude_code_proxy import __version__
from claude_code_proxy.credentials.credential import Credential
from claude_code_proxy.secret import Secret
from claude_code_proxy.upstreams.anthropic.headers import forwarded_headers, request_headers

KEY = Credential("api_key", Secret("sk-ant-test-1"), "ANTHROPIC_API_KEY")
TOKEN = Credential("bearer", Secret("sk-ant-oat-test-1"), "CLAUDE_ACCESS_TOKEN")
LOGIN = Credential("login", Secret("sk-ant-oat-test-2"), "a file")


def fields(credential: Credential, betas: tuple[str, ...] = (), workspace_id: str = "") -> dict[str, str]:
    lines = request_headers(credential, betas, workspace_id=workspace_id).decode().removesuffix("\r\n").split("\r\n")
    pairs = [(name, value) for name, _, value in (line.partition(": ") for line in lines)]
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


def test_an_api_key() -> None:
    assert fields(KEY) == {
        "content-type": "application/json",
        "accept": "application/json",
        "accept-encoding": "identity",
        "user-agent": f"claude-code-proxy/{__version__}",
        "anthropic-version": "2023-06-01",
        "x-api-key": "sk-ant-test-1",
    }


@pytest.mark.parametrize("credential", [TOKEN, LOGIN])
def test_a_token_goes_with_its_beta(credential: Credential) -> None:
    shown = fields(credential)
    assert shown["authorization"] == f"Bearer {credential.secret.reveal()}"
    assert shown["anthropic-beta"] == "oauth-2025-04-20"
    assert "x-api-key" not in shown


def test_betas() -> None:
    assert fields(KEY, ("one-1", "two-2"))["anthropic-beta"] == "one-1,two-2"
    assert fields(TOKEN, ("one-1",))["anthropic-beta"] == "oauth-2025-04-20,one-1"


def test_the_workspace() -> None:
    assert fields(KEY, workspace_id="wrkspc_1")["anthropic-workspace-id"] == "wrkspc_1"
    assert "anthropic-workspace-id" not in fields(KEY)


def forwarded(credential: Credential, *caller: tuple[bytes, bytes], workspace_id: str = "") -> dict[str, str]:
    block = forwarded_headers(credential, caller, workspace_id=workspace_id).decode()
    return dict(line.split(": ", 1) for line in block.removesuffix("\r\n").split("\r\n"))


@pytest.mark.parametrize(
    ("credential", "betas", "sent"),
    [
        (KEY, None, None),
        (KEY, b"one-1", "one-1"),
        (TOKEN, None, "oauth-2025-04-20"),
        (TOKEN, b"one-1", "one-1,oauth-2025-04-20"),
        (LOGIN, b"oauth-2025-04-20,one-1", "oauth-2025-04-20,one-1"),
    ],
)
def test_a_forwarded_request_keeps_its_betas(credential: Credential, betas: bytes | None, sent: str | None) -> None:
    caller = [] if betas is None else [(b"anthropic-beta", betas)]
    assert forwarded(credential, *caller).get("anthropic-beta") == sent


def test_a_forwarded_request_keeps_its_version_and_has_the_workspace_of_the_settings() -> None:
    assert forwarded(KEY)["anthropic-version"] == "2023-06-01"
    shown = forwarded(KEY, (b"anthropic-version", b"2030-01-01"), workspace_id="wrkspc_1")
    assert (shown["anthropic-version"], shown["anthropic-workspace-id"]) == ("2030-01-01", "wrkspc_1")
    assert shown["x-api-key"] == "sk-ant-test-1"
