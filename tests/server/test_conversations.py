"""Conversations over a real socket: kept, read, changed, and continued by responses."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.server.running import Reply, Running, running
from tests.server.scripted_upstream import ScriptedUpstream
from tests.server.test_stored_replies import ADA, BOB, KEYS, post

CONVERSATIONS = "/v1/conversations"


async def send(
    proxy: Running, path: str = CONVERSATIONS, *, headers: Mapping[str, str] | None = None, **fields: Any
) -> Reply:
    async with proxy.client() as client:
        await client.post(fields, path=path, headers=dict(headers or {}))
        return await client.reply()


def texts(items: list[dict[str, Any]]) -> list[str]:
    return [item["content"][0]["text"] for item in items]


async def test_a_response_continues_a_conversation_and_adds_to_it(upstream: ScriptedUpstream) -> None:
    async with running(upstream.url) as proxy:
        items = [{"role": "developer", "content": "Be kind."}, {"role": "user", "content": "Hi."}]
        made = (await send(proxy, items=items)).json
        first = await post(proxy, conversation=made["id"], input="How are you?")
        second = await post(proxy, conversation={"id": made["id"]}, input="And now?", stream=True)
        listed = (await proxy.get(f"{CONVERSATIONS}/{made['id']}/items?order=asc")).json
    assert first.json["conversation"] == {"id": made["id"]}
    assert second.status == 200
    assert [block["text"] for block in upstream.calls[1].json["system"]] == ["Be kind."]
    said = [
        (message["role"], [block["text"] for block in message["content"]])
        for message in upstream.calls[1].json["messages"]
    ]
    assert said == [("user", ["Hi.", "How are you?"]), ("assistant", ["Hello there."]), ("user", ["And now?"])]
    assert texts(listed["data"]) == [
        "Be kind.",
        "Hi.",
        "How are you?",
        "Hello there.",
        "And now?",
        "Hello there.",
    ]
    assert listed["data"][3]["id"] == first.json["output"][0]["id"]


async def test_the_pages_of_a_conversation(upstream: ScriptedUpstream) -> None:
    async with running(upstream.url) as proxy:
        made = (await send(proxy, metadata={"team": "a"})).json
        assert (made["object"], made["metadata"]) == ("conversation", {"team": "a"})
        path = f"{CONVERSATIONS}/{made['id']}"
        assert (await proxy.get(path)).json == made
        assert (await send(proxy, path, metadata={"team": "b"})).json == made | {"metadata": {"team": "b"}}
        words = [{"role": "user", "content": word} for word in ("one", "two", "three")]
        added = (await send(proxy, f"{path}/items", items=words)).json
        assert (added["object"], texts(added["data"]), added["has_more"]) == ("list", ["one", "two", "three"], False)
        newest = (await proxy.get(f"{path}/items?limit=2")).json
        assert (texts(newest["data"]), newest["has_more"]) == (["three", "two"], True)
        rest = (await proxy.get(f"{path}/items?limit=2&after={newest['last_id']}")).json
        assert (texts(rest["data"]), rest["has_more"]) == (["one"], False)
        one = f"{path}/items/{added['data'][0]['id']}"
        assert (await proxy.get(one)).json == added["data"][0]
        assert (await proxy.get(one, method="DELETE")).json == (await proxy.get(path)).json
        assert (await proxy.get(one)).status == 404
        assert (await proxy.get(one, method="DELETE")).status == 404
        assert texts((await proxy.get(f"{path}/items?order=asc")).json["data"]) == ["two", "three"]
        deleted = await proxy.get(path, method="DELETE")
        assert deleted.json == {"id": made["id"], "object": "conversation.deleted", "deleted": True}
        gone = await proxy.get(path)
        assert (gone.status, gone.error["message"]) == (404, f"Conversation with id '{made['id']}' not found.")
        assert (await send(proxy, f"{path}/items", items=words)).status == 404


async def test_a_caller_sees_only_its_own_conversations(upstream: ScriptedUpstream) -> None:
    async with running(upstream.url, **KEYS) as proxy:
        made = (await send(proxy, headers=ADA, items=[{"role": "user", "content": "Hi."}])).json
        path = f"{CONVERSATIONS}/{made['id']}"
        for page in (path, f"{path}/items"):
            assert (await proxy.get(page, headers=BOB)).status == 404
            assert (await proxy.get(page, headers=ADA)).status == 200
        assert (await post(proxy, headers=BOB, conversation=made["id"])).status == 404


async def test_nothing_is_added_by_a_response_that_is_not_stored(upstream: ScriptedUpstream) -> None:
    async with running(upstream.url) as proxy:
        made = (await send(proxy, items=[{"role": "user", "content": "Hi."}])).json
        assert (await post(proxy, conversation=made["id"], input="Again.", store=False)).status == 200
        assert len((await proxy.get(f"{CONVERSATIONS}/{made['id']}/items")).json["data"]) == 1
    assert len(upstream.calls[0].json["messages"][0]["content"]) == 2  # but it was continued


async def test_a_response_of_a_conversation_is_continued_by_the_conversation(upstream: ScriptedUpstream) -> None:
    async with running(upstream.url) as proxy:
        made = (await send(proxy)).json
        first = (await post(proxy, conversation=made["id"])).json
        refused = await post(proxy, previous_response_id=first["id"])
    assert (refused.status, refused.error["param"]) == (400, "previous_response_id")
    assert made["id"] in refused.error["message"]


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"conversation": "conv_0"}, 404, None),
        ({"conversation": "conv_0", "previous_response_id": "resp_0"}, 400, "mutually_exclusive_parameters"),
        ({"metadata": {"team": "a" * 513}}, 400, "string_above_max_length"),
    ],
)
async def test_what_cannot_be_continued(
    upstream: ScriptedUpstream, fields: dict[str, Any], status: int, code: str | None
) -> None:
    async with running(upstream.url) as proxy:
        refused = await post(proxy, **fields)
    assert refused.status == status
    assert code is None or refused.error["code"] == code
