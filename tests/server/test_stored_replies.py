"""Responses that are kept: continued by their id, read again, and nobody else's, over a real socket."""

import json
from pathlib import Path
from typing import Any

from claude_code_proxy.secret import Secret
from claude_code_proxy.state.reply_store import StoreFailed
from tests.server.running import Reply, Running, running
from tests.server.scripted_upstream import ScriptedUpstream

RESPONSES = "/v1/responses"
KEYS = {"proxy_api_key": (Secret("ada-key"), Secret("bob-key"))}
ADA, BOB = {"authorization": "Bearer ada-key"}, {"authorization": "Bearer bob-key"}


async def post(proxy: Running, *, headers: dict[str, str] | None = None, **fields: Any) -> Reply:
    async with proxy.client() as client:
        await client.post({"model": "claude-sonnet-4-6", "input": "Hi.", **fields}, path=RESPONSES, headers=headers)
        return await client.reply()


async def test_a_response_is_continued_by_its_id(upstream: ScriptedUpstream) -> None:
    async with running(upstream.url) as proxy:
        first = await post(
            proxy,
            instructions="Be brief.",
            input=[{"role": "developer", "content": "Be kind."}, {"role": "user", "content": "Hi."}],
        )
        await post(proxy, previous_response_id=first.json["id"], input="And again?")
    sent = upstream.calls[1].json
    assert [(message["role"], message["content"][0]["text"]) for message in sent["messages"]] == [
        ("user", "Hi."),
        ("assistant", "Hello there."),
        ("user", "And again?"),
    ]
    assert [block["text"] for block in sent["system"]] == ["Be kind."]  # instructions are not inherited


async def test_a_streamed_response_is_kept_before_its_last_event(upstream: ScriptedUpstream) -> None:
    async with running(upstream.url) as proxy:
        streamed = await post(proxy, stream=True)
        last = json.loads(streamed.frames[-1].partition(b"\ndata: ")[2])
        assert last["type"] == "response.completed"
        got = await proxy.get(f"{RESPONSES}/{last['response']['id']}")
    assert got.json == last["response"]


async def test_an_item_is_referred_to_by_its_id(upstream: ScriptedUpstream) -> None:
    async with running(upstream.url) as proxy:
        first = (await post(proxy)).json
        reference = {"type": "item_reference", "id": first["output"][0]["id"]}
        await post(proxy, input=[{"role": "user", "content": "Hi."}, reference, {"role": "user", "content": "Go on."}])
        missing = await post(proxy, input=[{"id": "msg_0001000"}])
    assert [message["role"] for message in upstream.calls[1].json["messages"]] == ["user", "assistant", "user"]
    assert missing.status == 404
    assert "msg_0001000" in missing.error["message"]


async def test_pages_about_a_response(upstream: ScriptedUpstream) -> None:
    async with running(upstream.url) as proxy:
        items = [{"role": "user", "content": word} for word in ("one", "two", "three")]
        made = (await post(proxy, input=items)).json
        path = f"{RESPONSES}/{made['id']}"
        assert (await proxy.get(path)).json == made
        newest = (await proxy.get(f"{path}/input_items?limit=2")).json
        assert [item["content"][0]["text"] for item in newest["data"]] == ["three", "two"]
        assert (newest["object"], newest["has_more"], newest["last_id"]) == ("list", True, newest["data"][1]["id"])
        rest = (await proxy.get(f"{path}/input_items?limit=2&after={newest['last_id']}")).json
        assert ([item["content"][0]["text"] for item in rest["data"]], rest["has_more"]) == (["one"], False)
        oldest = (await proxy.get(f"{path}/input_items?order=asc")).json
        assert [item["content"][0]["text"] for item in oldest["data"]] == ["one", "two", "three"]
        assert (await proxy.get(f"{path}/input_items?limit=0")).error["param"] == "limit"
        assert (await proxy.get(f"{path}/input_items?after=msg_0")).error["param"] == "after"
        assert (await proxy.get(f"{path}/cancel", method="POST")).status == 400
        deleted = await proxy.get(path, method="DELETE")
        assert deleted.json == {"id": made["id"], "object": "response", "deleted": True}
        for method, page in (
            ("GET", path),
            ("DELETE", path),
            ("GET", f"{path}/input_items"),
            ("POST", f"{path}/cancel"),
        ):
            gone = await proxy.get(page, method=method)
            assert (gone.status, gone.error["message"]) == (404, f"Response with id '{made['id']}' not found.")


async def test_a_caller_sees_only_what_its_key_has_made(upstream: ScriptedUpstream) -> None:
    async with running(upstream.url, **KEYS) as proxy:
        made = (await post(proxy, headers=ADA)).json
        path = f"{RESPONSES}/{made['id']}"
        assert (await proxy.get(path, headers=BOB)).status == 404
        assert (await proxy.get(path, headers=BOB, method="DELETE")).status == 404
        stolen = await post(proxy, headers=BOB, previous_response_id=made["id"])
        assert (stolen.status, stolen.error["code"]) == (400, "previous_response_not_found")
        assert (await proxy.get(path, headers=ADA)).json == made


async def test_nothing_is_left_of_one_that_is_not_to_be_stored(upstream: ScriptedUpstream) -> None:
    async with running(upstream.url) as proxy:
        for stream in (False, True):
            await post(proxy, store=False, stream=stream)
        assert [record.outcome for record in proxy.records] == ["answered", "answered"]
        store: Any = proxy.assembly._kept.stores.replies
        assert store.size == 0


async def test_a_store_that_fails_costs_no_answer(upstream: ScriptedUpstream) -> None:
    async with running(upstream.url) as proxy:
        proxy.assembly._kept.replies._store = Broken()  # type: ignore[assignment]
        assert (await post(proxy)).json["status"] == "completed"
        assert (await post(proxy, previous_response_id="resp_1")).status == 503
        assert (await proxy.get(f"{RESPONSES}/resp_1")).status == 503


class Broken:
    async def put(self, _: object) -> None:
        raise StoreFailed("it is locked")

    async def get(self, _: str, **__: object) -> None:
        raise StoreFailed("it is locked")

    chain = get


async def test_a_long_chain_branches_and_breaks(upstream: ScriptedUpstream) -> None:
    async with running(upstream.url) as proxy:
        ids = [(await post(proxy, input="0")).json["id"]]
        for number in range(1, 200):
            ids.append((await post(proxy, input=str(number), previous_response_id=ids[-1])).json["id"])
        assert len(upstream.calls[-1].json["messages"]) == 399
        branch = await post(proxy, input="another way", previous_response_id=ids[1])
        assert branch.json["previous_response_id"] == ids[1]
        assert len(upstream.calls[-1].json["messages"]) == 5
        await proxy.get(f"{RESPONSES}/{ids[0]}", method="DELETE")
        broken = await post(proxy, input="Go on.", previous_response_id=ids[-1])
    assert broken.status == 400
    assert broken.error == {
        "message": f"Previous response with id '{ids[-1]}' not found.",
        "type": "invalid_request_error",
        "param": "previous_response_id",
        "code": "previous_response_not_found",
    }


async def test_a_reply_tells_where_what_is_kept_is_gone_at_a_restart(
    upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    async with running(upstream.url) as proxy:
        for stream in (False, True):
            assert (await post(proxy, stream=stream)).headers["x-claude-proxy-state"] == "temporary"
        assert "x-claude-proxy-state" not in (await proxy.ask()).headers
    async with running(upstream.url, state_dir=tmp_path, store_content=True) as proxy:
        assert "x-claude-proxy-state" not in (await post(proxy)).headers
