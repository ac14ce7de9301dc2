"""What is no upgrade to a WebSocket gets a 426, which Codex acts on at once."""

import pytest

from tests.server.running import running
from tests.server.scripted_upstream import ScriptedUpstream

OFFER = {"connection": "Upgrade", "upgrade": "websocket", "sec-websocket-version": "13"}


@pytest.mark.parametrize(
    "headers", [{}, {"connection": "Upgrade", "upgrade": "h2c"}, OFFER | {"sec-websocket-key": "short"}]
)
async def test_anything_else_is_told_to_upgrade(upstream: ScriptedUpstream, headers: dict[str, str]) -> None:
    async with running(upstream.url) as proxy:
        reply = await proxy.get("/v1/responses", headers=headers)
    assert (reply.status, reply.headers["upgrade"], reply.error["code"]) == (426, "websocket", "upgrade_required")
