"""A record, as it is before anything is known."""

from typing import Any

import pytest

from claude_code_proxy.secret import Secret
from claude_code_proxy.server.exchange.record import CLIENT_LEFT, Record
from tests.server.running import running
from tests.server.scripted_upstream import MESSAGE, ScriptedUpstream, whole


def test_at_first_nothing_is_known() -> None:
    record = Record("id", "chat_completions", 1.0)
    assert (record.status, record.outcome, record.attempts) == (0, "running", 0)
    assert (record.requested_model, record.model, record.known_model) == ("", "", False)
    assert (record.first_byte, record.usage, record.cost, record.error_kind) == (None, None, None, None)
    assert not record.adjustments
    assert not record.reply_headers


def test_the_status_of_a_client_that_left_is_none_that_is_ever_sent() -> None:
    assert CLIENT_LEFT == 499


@pytest.mark.parametrize("reason", ["end_turn", "max_tokens", "refusal"])
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/v1/chat/completions", {}),
        ("/v1/chat/completions", {"n": 2}),
        ("/v1/completions", {"prompt": "Hello"}),
        ("/v1/responses", {"input": "Hello"}),
        ("/v1/messages", {"max_tokens": 9}),
    ],
)
async def test_why_an_answer_ended(
    upstream: ScriptedUpstream, reason: str, stream: bool, path: str, fields: dict[str, Any]
) -> None:
    upstream.answers(whole({**MESSAGE, "stop_reason": reason}))
    async with running(upstream.url) as proxy:
        reply = await proxy.ask(path=path, stream=stream, **fields)
        record = await proxy.record()
    assert reply.status == 200
    assert (record.outcome, record.stop_reason, record.path, record.key) == ("answered", reason, "", "")


async def test_where_a_request_without_an_endpoint_went_and_whose_it_was(upstream: ScriptedUpstream) -> None:
    key = {"authorization": "Bearer key-of-a-caller"}
    async with running(upstream.url, proxy_api_key=(Secret("key-of-a-caller"),)) as proxy:
        await proxy.get("/v1/nowhere?secret=1", headers=key)
        await proxy.get("/v1/chat/completions", headers=key)
        await proxy.ask(headers=key)
        await proxy.ask(headers={"authorization": "Bearer wrong"})
        seen = [(record.status, record.method, record.path, record.key) for record in proxy.records]
    assert seen == [
        (404, "GET", "/v1/nowhere", "default"),
        (405, "GET", "/v1/chat/completions", "default"),
        (200, "", "", "default"),
        (401, "", "", ""),
    ]
