"""The exchange that queues a response is recorded beside the one that makes it."""

from tests.server.background.test_service import ended
from tests.server.running import running
from tests.server.scripted_upstream import ScriptedUpstream
from tests.server.test_stored_replies import post


async def test_both_exchanges_are_recorded(upstream: ScriptedUpstream) -> None:
    async with running(upstream.url) as proxy:
        queued = await post(proxy, background=True)
        await ended(proxy, queued.json["id"])
        first = await proxy.record(0)
        made = next(record for record in proxy.records if record.usage is not None)
    assert (first.endpoint, first.status, first.outcome, first.usage) == ("responses", 200, "answered", None)
    assert (made.status, made.outcome, f"resp_{made.id}") == (200, "answered", queued.json["id"])
