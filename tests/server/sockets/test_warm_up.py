"""A request that is only prepared is an exchange too: counted, and refused where it is wrong."""

import json

from websockets.asyncio.client import connect

from tests.server.running import running
from tests.server.scripted_upstream import ScriptedUpstream


async def test_it_is_recorded_and_costs_nothing(upstream: ScriptedUpstream) -> None:
    async with running(upstream.url) as proxy:
        async with connect(f"ws://127.0.0.1:{proxy.port}/v1/responses") as socket:
            message = {"type": "response.create", "generate": False, "model": "claude-sonnet-4-6", "input": "Hi."}
            await socket.send(json.dumps(message))
            created = json.loads(await socket.recv())
            await socket.send(json.dumps(message | {"temperature": 7}))
            refused = [json.loads(await socket.recv()) for _ in range(3)][-1]
        first, second = await proxy.record(0), await proxy.record(1)
    assert created["response"]["status"] == "in_progress"
    assert (first.outcome, first.model, first.usage) == ("answered", "claude-sonnet-4-6", None)
    assert (refused["type"], refused["error"]["param"]) == ("error", "temperature")
    assert second.outcome == "failed"
    assert upstream.calls == []
