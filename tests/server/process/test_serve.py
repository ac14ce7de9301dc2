"""What signals do to a server: real ones, to a real process, in the middle of real streams."""

import asyncio
import json
import signal
import socket
from collections.abc import Mapping
from contextlib import ExitStack
from functools import reduce
from pathlib import Path

import pytest

from claude_code_proxy.credentials.chain import Readiness
from claude_code_proxy.http1.server.listeners import bind
from claude_code_proxy.server.process.serve import listening, url_of
from tests.server.running import ASKED, CHAT, Client, Reply, eventually, head
from tests.server.scripted_upstream import (
    LAST_CHUNK,
    STREAM_HEAD,
    Call,
    ScriptedUpstream,
    end,
    start,
    text,
    text_start,
    whole,
)
from tests.server.server_process import process

USER = [{"role": "user", "content": "Hi"}]
ASKED_OF: dict[str, dict[str, object]] = {
    "/v1/chat/completions": {"model": "claude-haiku-4-5", "messages": USER},
    "/v1/messages": {"model": "claude-haiku-4-5", "max_tokens": 100, "messages": USER},
    "/v1/responses": {"model": "claude-haiku-4-5", "input": "Hi"},
}
READY = Readiness(ok=True, reason="API key from ANTHROPIC_API_KEY")


class Paced:
    """A script whose stream begins at once and ends when the test says so."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()
        self.broken = asyncio.Event()

    async def __call__(self, call: Call) -> None:
        await call.send(STREAM_HEAD)
        await call.events(start(), text_start(), text("Hello"))
        watching = asyncio.create_task(call.until_gone())
        watching.add_done_callback(lambda _: self.broken.set())
        await self.go_on.wait()
        watching.cancel()
        await call.events(text(" there"), *end())
        await call.send(LAST_CHUNK)


async def begun(client: Client, fields: Mapping[str, object] = ASKED, *, path: str = CHAT) -> Reply:
    """Begin a stream and wait for its first words."""
    await client.post({**fields, "stream": True}, path=path)
    reply = await client.reply_head()
    while b"Hello" not in reply.body:
        piece = await client.piece(reply)
        assert piece
        reply.body += piece
    return reply


async def rest_of(client: Client, reply: Reply) -> Reply:
    while (piece := await client.piece(reply)) is not None:
        reply.body += piece
    return reply


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_an_idle_server_ends_at_once(upstream: ScriptedUpstream, tmp_path: Path, number: signal.Signals) -> None:
    async with process(upstream.url, tmp_path) as proxy, proxy.client() as client:
        await client.post(ASKED)
        assert (await client.reply()).status == 200  # and the connection rests
        proxy.signal(number)
        assert await proxy.ended(seconds=10) == 0
        assert await client.gone()
        assert proxy.errors.count(b"\n") == 1, "what it says of the list of models"


async def test_running_streams_finish_and_nothing_else_begins(upstream: ScriptedUpstream, tmp_path: Path) -> None:
    paced = Paced()
    upstream.answers(paced)
    async with process(upstream.url, tmp_path) as proxy, proxy.client() as client, proxy.client() as probe:
        await probe.send(head("GET", "/health/ready", {})[:10])  # of which the rest comes later
        reply = await begun(client)
        proxy.signal(signal.SIGTERM)
        await proxy.stopped_accepting()
        await probe.send(head("GET", "/health/ready", {})[10:])
        ready = await probe.reply()
        assert (ready.status, ready.json["reason"]) == (503, "shutting down")
        assert ready.headers["connection"] == "close"
        assert proxy.running
        paced.go_on.set()
        await rest_of(client, reply)
        assert reply.ended
        assert reply.text == "Hello there"
        assert reply.frames[-1] == b"data: [DONE]"
        assert await proxy.ended(seconds=10) == 0
        assert b" 200 answered chat_completions " in proxy.output


async def test_a_whole_answer_finishes_too(upstream: ScriptedUpstream, tmp_path: Path) -> None:
    go_on = asyncio.Event()

    async def slow(call: Call) -> None:
        await go_on.wait()
        await whole()(call)

    upstream.answers(slow)
    async with process(upstream.url, tmp_path) as proxy, proxy.client() as client:
        await client.post(ASKED)
        await upstream.call()
        proxy.signal(signal.SIGTERM)
        await asyncio.sleep(0.1)
        go_on.set()
        reply = await client.reply()
        assert (reply.status, reply.headers["connection"]) == (200, "close")
        assert await proxy.ended(seconds=10) == 0


@pytest.mark.parametrize("path", ASKED_OF)
async def test_whole_answers_that_a_drain_does_not_wait_for_are_a_503(
    upstream: ScriptedUpstream, tmp_path: Path, path: str
) -> None:
    upstream.answers(Call.until_gone)
    async with process(upstream.url, tmp_path, DRAIN_SECONDS=0.3) as proxy, proxy.client() as client:
        await client.post(ASKED_OF[path], path=path)
        call = await upstream.call()
        proxy.signal(signal.SIGTERM)
        reply = await client.reply()
        assert (reply.status, reply.ended, reply.headers["connection"]) == (503, True, "close")
        assert "stopping" in reply.json["error"]["message"]
        assert await proxy.ended(seconds=10) == 0
        await asyncio.wait_for(call.gone.wait(), 5)


@pytest.mark.parametrize(
    ("path", "ends", "fields"),
    [
        ("/v1/chat/completions", False, ["error"]),
        ("/v1/messages", False, ["error"]),
        ("/v1/responses", True, ["response", "error"]),
    ],
)
async def test_streams_that_a_drain_does_not_wait_for_end_in_an_error(
    upstream: ScriptedUpstream, tmp_path: Path, *, path: str, ends: bool, fields: list[str]
) -> None:
    """The connection is cut behind it, but for the API whose clients know a last event of a failed reply."""
    paced = Paced()
    upstream.answers(paced)
    async with process(upstream.url, tmp_path, DRAIN_SECONDS=0.3) as proxy, proxy.client() as client:
        reply = await begun(client, ASKED_OF[path], path=path)
        proxy.signal(signal.SIGTERM)
        await rest_of(client, reply)
        assert reply.ended is ends
        assert b"data: [DONE]" not in reply.body
        last = json.loads(reply.frames[-1].rpartition(b"data: ")[2])
        error = reduce(lambda value, name: value[name], fields, last)
        assert "stopping" in error["message"]
        assert last.get("type") == {"/v1/messages": "error", "/v1/responses": "response.failed"}.get(path)
        assert await proxy.ended(seconds=10) == 0
        await asyncio.wait_for(paced.broken.wait(), 5)


async def test_what_takes_too_long_is_ended(upstream: ScriptedUpstream, tmp_path: Path) -> None:
    paced = Paced()
    upstream.answers(paced)
    async with process(upstream.url, tmp_path, DRAIN_SECONDS=0.3) as proxy, proxy.client() as client:
        reply = await begun(client)
        proxy.signal(signal.SIGTERM)
        assert await proxy.ended(seconds=10) == 0
        await rest_of(client, reply)
        assert not reply.ended
        await asyncio.wait_for(paced.broken.wait(), 5)
        assert b" 200 stopped chat_completions " in proxy.output


async def test_a_second_signal_ends_at_once(upstream: ScriptedUpstream, tmp_path: Path) -> None:
    paced = Paced()
    upstream.answers(paced)
    async with process(upstream.url, tmp_path, DRAIN_SECONDS=60) as proxy, proxy.client() as client:
        reply = await begun(client)
        proxy.signal(signal.SIGTERM)
        await proxy.stopped_accepting()
        assert proxy.running
        proxy.signal(signal.SIGTERM)
        assert await proxy.ended(seconds=10) == 0
        await rest_of(client, reply)
        assert not reply.ended
        assert b"data: [DONE]" not in reply.body
        await asyncio.wait_for(paced.broken.wait(), 5)
        assert b"Traceback" not in proxy.errors + proxy.output
        notice = b"stopping: waiting up to 60 s for requests being answered (1); a second Ctrl-C or SIGTERM ends them"
        assert proxy.errors.count(notice) == 1
        assert b" 200 stopped chat_completions " in proxy.output
        assert b" left " not in proxy.output


async def test_what_had_no_answer_yet_is_told_as_stopped_too(upstream: ScriptedUpstream, tmp_path: Path) -> None:
    upstream.answers(Call.until_gone)
    async with process(upstream.url, tmp_path, LOG_LEVEL="warning") as proxy, proxy.client() as client:
        await client.post(ASKED)
        await upstream.call()
        proxy.signal(signal.SIGINT)
        await proxy.stopped_accepting()
        proxy.signal(signal.SIGINT)
        assert await proxy.ended(seconds=10) == 0
        refused = await client.reply()
        assert (refused.status, refused.error["type"]) == (503, "service_unavailable_error")
        assert await client.gone()
        assert b" 503 stopped chat_completions " in proxy.output


async def test_a_client_that_leaves_meanwhile_has_left(upstream: ScriptedUpstream, tmp_path: Path) -> None:
    paced = Paced()
    upstream.answers(paced)
    async with process(upstream.url, tmp_path, DRAIN_SECONDS=60) as proxy:
        async with proxy.client() as client:
            await begun(client)
            proxy.signal(signal.SIGTERM)
            await proxy.stopped_accepting()
        assert await proxy.ended(seconds=5) == 0
        assert b" 200 left chat_completions " in proxy.output


async def test_the_log_is_complete_when_it_has_ended(upstream: ScriptedUpstream, tmp_path: Path) -> None:
    async with process(upstream.url, tmp_path, LOG_FORMAT="json") as proxy, proxy.client() as client:
        for _ in range(5):
            await client.post(ASKED)
            assert (await client.reply()).status == 200
        proxy.signal(signal.SIGTERM)
        assert await proxy.ended() == 0
        assert proxy.output.count(b'"outcome":"answered"') == 5


async def test_the_limit_of_open_files_is_raised(upstream: ScriptedUpstream, tmp_path: Path) -> None:
    async with process(upstream.url, tmp_path) as proxy:
        soft, hard = proxy.most_open_files()
        assert soft == hard


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


BOTH = "every IPv4 and IPv6 address" if has_ipv6() else "every IPv4 address"


@pytest.mark.parametrize(
    ("host", "local", "wildcard"),
    [
        ("0.0.0.0", "127.0.0.1", "every IPv4 address"),
        ("::", "127.0.0.1", BOTH),
        ("127.0.0.1", "127.0.0.1", ""),
        ("localhost", "localhost", ""),
    ],
)
def test_what_is_told_of_the_address_is_what_was_bound(host: str, local: str, wildcard: str) -> None:
    with ExitStack() as stack:
        sockets = [stack.enter_context(each) for each in bind(host, 0)]
        shown = listening(host, sockets, upstream="anthropic", credential=READY)
        port = sockets[0].getsockname()[1]
    assert (shown.url, shown.wildcard) == (f"http://{local}:{port}/v1", wildcard)


def test_an_address_of_one_family_is_told_alone() -> None:
    if not has_ipv6():
        pytest.skip("this machine has no IPv6")
    with socket.socket(socket.AF_INET6) as only:
        only.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        only.bind(("::", 0))
        shown = listening("::", [only], upstream="anthropic", credential=READY)
    assert shown.url.startswith("http://[::1]:")
    assert shown.wildcard == "every IPv6 address"


def test_where_to_reach_it() -> None:
    assert url_of("fd00::1", 80) == "http://[fd00::1]:80/v1"
    assert url_of("proxy.example", 80) == "http://proxy.example:80/v1"


async def test_hundreds_of_streams_end_together(upstream: ScriptedUpstream, tmp_path: Path) -> None:
    paced = Paced()
    upstream.answers(paced)
    async with process(upstream.url, tmp_path) as proxy:
        async with asyncio.TaskGroup() as group:

            async def one() -> Reply:
                async with proxy.client() as client:
                    reply = await begun(client)
                    return await rest_of(client, reply)

            streams = [group.create_task(one()) for _ in range(200)]
            await eventually(lambda: len(upstream.calls) == 200, seconds=10)
            await asyncio.sleep(0.2)
            proxy.signal(signal.SIGTERM)
            await asyncio.sleep(0.2)
            paced.go_on.set()
        assert all(stream.result().ended for stream in streams)
        assert await proxy.ended(seconds=5) == 0
        assert proxy.output.count(b" 200 answered ") == 200
