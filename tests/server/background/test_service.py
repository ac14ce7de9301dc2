"""Responses in the background, over a real socket: made without their caller, resumed, cancelled, left by a process."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.server.running import Reply, Running, eventually, running
from tests.server.scripted_upstream import Call, ScriptedUpstream, refusal
from tests.server.test_stored_replies import ADA, BOB, KEYS, RESPONSES, post


async def hang(call: Call) -> None:
    await call.until_gone()


async def ended(proxy: Running, id: str, *, seconds: float = 30.0, **headers: Any) -> dict[str, Any]:
    """Return a response once it has ended."""
    async with asyncio.timeout(seconds):
        while (found := (await proxy.get(f"{RESPONSES}/{id}", **headers)).json)["status"] in {"queued", "in_progress"}:
            await asyncio.sleep(0.02)
    assert isinstance(found, dict)
    return found


def events(reply: Reply) -> list[dict[str, Any]]:
    return [json.loads(frame.partition(b"\ndata: ")[2]) for frame in reply.frames if b"data: " in frame]


async def test_a_response_is_answered_at_once_and_made_later(upstream: ScriptedUpstream) -> None:
    async with running(upstream.url) as proxy:
        queued = (await post(proxy, background=True, metadata={"team": "a"})).json
        assert (queued["status"], queued["output"], queued["usage"], queued["background"]) == ("queued", [], None, True)
        assert "completed_at" not in queued
        made = await ended(proxy, queued["id"])
        assert (made["status"], made["id"], made["metadata"]) == ("completed", queued["id"], {"team": "a"})
        assert made["output"][0]["content"][0]["text"] == "Hello there."
        await post(proxy, previous_response_id=made["id"], input="And?")
    assert [message["role"] for message in upstream.calls[1].json["messages"]] == ["user", "assistant", "user"]


async def test_leaving_ends_nothing_and_the_stream_is_resumed(upstream: ScriptedUpstream) -> None:
    async with running(upstream.url) as proxy:
        async with proxy.client() as client:
            fields = {"model": "claude-sonnet-4-6", "input": "Hi.", "background": True, "stream": True}
            await client.post(fields, path=RESPONSES)
            head = await client.reply_head()
            first = await client.piece(head)
        assert first is not None
        id = json.loads(first.partition(b"\ndata: ")[2].partition(b"\n")[0])["response"]["id"]
        made = await ended(proxy, id)
        whole = events(await proxy.get(f"{RESPONSES}/{id}?stream=true"))
        rest = events(await proxy.get(f"{RESPONSES}/{id}?stream=true&starting_after=3"))
        wrong = await proxy.get(f"{RESPONSES}/{id}?stream=true&starting_after=x")
    assert [event["sequence_number"] for event in whole] == list(range(len(whole)))
    assert whole[0]["type"] == "response.created"
    assert whole[-1]["response"] == made
    assert rest == whole[4:]
    assert wrong.error["param"] == "starting_after"


async def test_only_what_is_made_in_the_background_is_streamed_and_cancelled(upstream: ScriptedUpstream) -> None:
    async with running(upstream.url) as proxy:
        made = (await post(proxy)).json
        assert (await proxy.get(f"{RESPONSES}/{made['id']}?stream=true")).status == 404
        assert (await proxy.get(f"{RESPONSES}/{made['id']}/cancel", method="POST")).status == 400
        refused = await post(proxy, background=True, store=False)
    assert (refused.status, refused.error["param"]) == (400, "background")


async def test_a_running_response_is_cancelled_and_stays_so(upstream: ScriptedUpstream) -> None:
    upstream.answers(hang)
    async with running(upstream.url) as proxy:
        id = (await post(proxy, background=True)).json["id"]
        call = await upstream.call()
        assert (await proxy.get(f"{RESPONSES}/{id}")).json["status"] == "in_progress"
        refused = await post(proxy, previous_response_id=id)
        assert (refused.status, refused.error["param"]) == (400, "previous_response_id")
        for _ in range(2):
            cancelled = await proxy.get(f"{RESPONSES}/{id}/cancel", method="POST")
            assert (cancelled.status, cancelled.json["status"]) == (200, "cancelled")
        await asyncio.wait_for(call.gone.wait(), 10)
        assert (await ended(proxy, id))["status"] == "cancelled"


async def test_one_that_the_upstream_refuses_has_failed(upstream: ScriptedUpstream) -> None:
    upstream.answers(refusal(400, "invalid_request_error", "That is not possible."))
    async with running(upstream.url) as proxy:
        made = await ended(proxy, (await post(proxy, background=True)).json["id"])
        events_read = events(await proxy.get(f"{RESPONSES}/{made['id']}?stream=true"))
    assert made["status"] == "failed"
    assert "That is not possible." in made["error"]["message"]
    assert events_read[-1]["type"] == "response.failed"


async def test_what_is_wrong_with_a_request_is_told_at_once(upstream: ScriptedUpstream) -> None:
    async with running(upstream.url) as proxy:
        assert (await post(proxy, background=True, input=[])).status == 400
        assert (await post(proxy, background=True, previous_response_id="resp_0")).status == 400


async def test_a_deleted_response_is_made_no_further(upstream: ScriptedUpstream) -> None:
    upstream.answers(hang)
    async with running(upstream.url) as proxy:
        id = (await post(proxy, background=True)).json["id"]
        call = await upstream.call()
        assert (await proxy.get(f"{RESPONSES}/{id}", method="DELETE")).json["deleted"] is True
        await asyncio.wait_for(call.gone.wait(), 10)
        assert (await proxy.get(f"{RESPONSES}/{id}")).status == 404


async def test_nobody_else_sees_a_response_in_the_background(upstream: ScriptedUpstream) -> None:
    async with running(upstream.url, **KEYS) as proxy:
        id = (await post(proxy, headers=ADA, background=True)).json["id"]
        assert (await ended(proxy, id, headers=ADA))["status"] == "completed"
        for method, page in (("GET", ""), ("GET", "?stream=true"), ("POST", "/cancel"), ("DELETE", "")):
            assert (await proxy.get(f"{RESPONSES}/{id}{page}", method=method, headers=BOB)).status == 404


@pytest.mark.parametrize("begun", [True, False])
async def test_after_a_restart(upstream: ScriptedUpstream, tmp_path: Path, *, begun: bool) -> None:
    """What was begun has failed, with words; what was not is made by the next process."""
    settings = {"state_dir": tmp_path, "store_content": True}
    async with running(upstream.url, **settings) as proxy:
        if begun:
            upstream.answers(hang)
        else:
            proxy.assembly._background._draining = True
        id = (await post(proxy, background=True)).json["id"]
        if begun:
            await upstream.call()
    async with running(upstream.url, **settings) as proxy:
        made = await ended(proxy, id)
    assert made["status"] == ("failed" if begun else "completed")
    assert begun == ("stop" in (made["error"] or {}).get("message", ""))


async def test_what_a_dead_process_was_making_has_failed(upstream: ScriptedUpstream, tmp_path: Path) -> None:
    settings = {"state_dir": tmp_path, "store_content": True}
    async with running(upstream.url, **settings) as proxy:
        proxy.assembly._background._draining = True
        id = (await post(proxy, background=True)).json["id"]
        job = await proxy.assembly._kept.stores.background.take("a dead process", now=0.0)
        assert job is not None
        assert job.id == id
        proxy.assembly._background._wake.set()
        made = await ended(proxy, id)
    assert made["status"] == "failed"
    assert "stopped" in made["error"]["message"]
    await eventually(lambda: not upstream.calls)
