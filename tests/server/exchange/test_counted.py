"""The tokens of a request for a response: counted as it would be sent."""

from typing import Any

from tests.server.running import Reply, Running, running
from tests.server.scripted_upstream import ScriptedUpstream, whole
from tests.server.test_stored_replies import post

COUNT = "/v1/responses/input_tokens"


async def count(proxy: Running, **fields: Any) -> Reply:
    async with proxy.client() as client:
        await client.post({"model": "claude-sonnet-4-6", "input": "Hi.", **fields}, path=COUNT)
        return await client.reply()


async def test_the_upstream_counts_what_would_be_sent(upstream: ScriptedUpstream) -> None:
    async with running(upstream.url) as proxy:
        first = (await post(proxy)).json
        upstream.answers(whole({"input_tokens": 42}))
        counted = await count(
            proxy, previous_response_id=first["id"], instructions="Be kind.", input="And?", max_output_tokens=99
        )
    assert counted.json == {"object": "response.input_tokens", "input_tokens": 42}
    assert "x-claude-proxy-estimate" not in counted.headers
    call = upstream.calls[1]
    assert call.head.startswith(b"POST /v1/messages/count_tokens ")
    assert [message["role"] for message in call.json["messages"]] == ["user", "assistant", "user"]
    assert call.json["system"][0]["text"] == "Be kind."
    assert "max_tokens" not in call.json


async def test_without_one_that_counts_it_is_an_estimate(upstream: ScriptedUpstream) -> None:
    async with running(upstream.url) as proxy:
        proxy.assembly.state.forwarder = None
        counted = await count(proxy, input="Hi. " * 100)
    assert not upstream.calls
    assert counted.headers["x-claude-proxy-estimate"] == "true"
    assert counted.json["input_tokens"] > 50


async def test_what_is_no_count_is_an_error_of_the_upstream(upstream: ScriptedUpstream) -> None:
    async with running(upstream.url) as proxy:
        assert (await count(proxy)).status == 502
        assert (await count(proxy, input=[])).status == 400
