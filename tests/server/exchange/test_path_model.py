"""The model of the address decides, and a body that says otherwise is told."""

import json

import pytest

from claude_code_proxy.models.catalogue import BUILT_IN
from claude_code_proxy.server.exchange.path_model import with_path_model
from tests.server.running import running
from tests.server.scripted_upstream import ScriptedUpstream, whole


@pytest.mark.parametrize(
    "body",
    [
        b'{"messages": []}',
        b'{"model": null}',
        b'{"model": "anthropic/claude-sonnet-4.6", "messages": []}',
        b"{oops",
        b"\xff",
        b'{"model": 7}',
        b"[" * 100_000,
    ],
)
def test_what_does_not_disagree_stays_byte_for_byte(body: bytes) -> None:
    assert with_path_model(body, "claude-sonnet-4-6", catalogue=BUILT_IN) == (body, ())


def test_the_address_decides_and_says_so() -> None:
    body, notes = with_path_model(b'{"model": "gpt-4o", "n": 1.0}', "claude-sonnet-4-6", catalogue=BUILT_IN)
    assert body == b'{"model": "claude-sonnet-4-6", "n": 1.0}'
    assert [(note.path, note.changes_meaning) for note in notes] == [("model", True)]


def test_a_deployment_may_have_any_name() -> None:
    body, notes = with_path_model(b'{"model": "a"}', 'my"deployment', catalogue=BUILT_IN)
    assert json.loads(body) == {"model": 'my"deployment'}
    assert notes


@pytest.mark.parametrize(
    ("fields", "adjusted"), [({}, True), ({"model": ""}, False), ({"model": "claude-haiku-4.5"}, False)]
)
async def test_azures_address_names_the_model(
    upstream: ScriptedUpstream, fields: dict[str, str], *, adjusted: bool
) -> None:
    upstream.answers(whole())
    async with running(upstream.url) as proxy:
        path = "/openai/deployments/claude-haiku-4-5/chat/completions?api-version=2024-10-21"
        reply = await proxy.ask(path=path, headers={"api-key": "anything"}, **fields)
    assert reply.status == 200
    assert upstream.calls[0].json["model"].startswith("claude-haiku-4-5")
    assert ("the address names another model" in reply.headers.get("x-claude-proxy-adjustments", "")) is adjusted
