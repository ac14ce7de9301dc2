"""A long session through the proxy on the strict simulator: it is compacted again and again, and forgets nothing."""

from typing import Any

import pytest

from claude_code_proxy.secret import Secret
from claude_code_proxy.simulator import serve
from tests.server.running import Running, running

NATIVE, IN_WORDS = "claude-sonnet-5-5", "claude-haiku-4-5"
REMEMBERED = "[[script:\ncall_ann {}\n]]"  # the simulated Claude has it in its summaries
TRIGGER = {"type": "compaction_trigger"}
KEY = {"state_key": (Secret("a made-up key of replicas"),)}


async def respond(proxy: Running, path: str = "/v1/responses", **fields: Any) -> Any:
    async with proxy.client() as client:
        await client.post(fields, path=path)
        reply = await client.reply()
    assert reply.status == 200, reply.body
    return reply.json


def said(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


@pytest.mark.parametrize("model", [NATIVE, IN_WORDS])
async def test_a_session_survives_ten_compactions(model: str) -> None:
    upstream = await serve()
    async with running(upstream.url, **KEY) as one, running(upstream.url, **KEY) as other:
        history: list[Any] = [said(REMEMBERED)]
        for round in range(10):
            proxy = (one, other)[round % 2]  # what one replica has sealed, the other opens
            history += (await respond(proxy, model=model, input=history, store=False))["output"]
            made = await respond(proxy, model=model, input=[*history, TRIGGER], store=False)
            (compaction,) = made["output"]
            assert (compaction["type"], made["usage"]["output_tokens"] > 0) == ("compaction", True)
            history = [compaction, said(f"This is round {round}.")]
        await respond(one, model=model, input=history, store=False)
    sent = str(upstream.simulation.requests[-1].body["messages"])
    assert "call_ann" in sent
    assert "This is round 9." in sent
    await upstream.close()


async def test_what_fails_is_sent_again_once_at_most() -> None:
    upstream = await serve()
    async with running(upstream.url) as proxy, proxy.client() as client:
        body = {"model": NATIVE, "input": "Hello. [[simulate: status=529]]"}
        await client.post(body, path="/v1/responses")
        assert (await client.reply()).status >= 500
    assert [received.method for received in upstream.simulation.requests].count("POST") == 2
    await upstream.close()
