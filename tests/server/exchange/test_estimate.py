"""Tokens counted without an upstream that counts."""

from tests.server.exchange.test_forwarded import BODY, sent
from tests.server.running import running
from tests.server.scripted_upstream import ScriptedUpstream

COUNT = "/v1/messages/count_tokens"
SHORT = BODY.replace(b'"max_tokens": 1.0e1, ', b"")


async def test_it_is_an_estimate_and_says_so(upstream: ScriptedUpstream) -> None:
    async with running(upstream.url) as proxy:
        proxy.assembly.state.forwarder = None
        counted = await sent(proxy, SHORT, COUNT)
        longer = await sent(proxy, SHORT.replace(b"caf", b"caf" * 1000), COUNT)
        record = await proxy.record(1)
    assert not upstream.calls
    assert counted.headers["x-claude-proxy-estimate"] == "true"
    assert 0 < counted.json["input_tokens"] < 100
    assert longer.json["input_tokens"] > 500
    assert (record.endpoint, record.status, record.usage) == ("count_tokens", 200, None)


async def test_a_request_that_cannot_be_read_is_refused(upstream: ScriptedUpstream) -> None:
    async with running(upstream.url) as proxy:
        proxy.assembly.state.forwarder = None
        refused = await sent(proxy, b'{"model":"claude-sonnet-4-6"}', COUNT)
    assert (refused.status, refused.json["error"]["type"]) == (400, "invalid_request_error")
    assert "messages" in refused.json["error"]["message"]


async def test_where_an_upstream_counts_it_does(upstream: ScriptedUpstream) -> None:
    async with running(upstream.url) as proxy:
        counted = await sent(proxy, BODY, COUNT, x_claude_proxy_adapt="true")
    assert "x-claude-proxy-estimate" not in counted.headers
    assert len(upstream.calls) == 1
