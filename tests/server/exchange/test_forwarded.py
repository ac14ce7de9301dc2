"""Requests in the upstream's own form: what goes up and what comes back, byte for byte, over real sockets."""

import asyncio
import json
from typing import Any

import pytest

from claude_code_proxy.secret import Secret
from tests.server.running import KEY, Reply, Running, running
from tests.server.scripted_upstream import (
    LAST_CHUNK,
    MESSAGE,
    STREAM_HEAD,
    USAGE,
    ScriptedUpstream,
    breaking_off,
    chunk,
    error_event,
    frames,
    refusal,
    reply,
    saying,
    silent,
    spelled,
    start,
    text,
)

PATH = "/v1/messages"
# White space, number forms, escapes and fields that no proxy knows: all must arrive as they are.
BODY = (
    b'{ "max_tokens": 1.0e1, "model":"claude-sonnet-4-6",\n '
    b'"messages":[{"role":"user","content":"caf\\u00e9 \xf0\x9f\x98\x80"}],'
    b'"system":[{"type":"text","text":"x-anthropic-billing-header: a"}],"thread":{"type":"create"},"new_field":[1.50] }'
)
STREAM = BODY.replace(b'"max_tokens"', b'"stream":true,"max_tokens"')


async def sent(proxy: Running, body: bytes = BODY, path: str = PATH, **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with proxy.client() as client:
        await client.post(body, path=path, headers=named)
        return await client.reply()


def header(head: bytes, name: str) -> list[str]:
    lines = head.decode("latin-1").lower().split("\r\n")
    return [line.partition(": ")[2] for line in lines if line.startswith(f"{name}: ")]


class TestRequests:
    @pytest.mark.parametrize("path", [PATH, "/v1/messages?beta=true", "/v1/messages/count_tokens?beta=true"])
    async def test_the_body_and_the_path_arrive_as_they_are(self, upstream: ScriptedUpstream, path: str) -> None:
        async with running(upstream.url) as proxy:
            assert (await sent(proxy, path=path)).status == 200
        (call,) = upstream.calls
        assert call.body == BODY
        assert call.head.startswith(f"POST {path} HTTP/1.1".encode())

    async def test_version_betas_and_other_headers_of_the_api_go_along(self, upstream: ScriptedUpstream) -> None:
        async with running(upstream.url) as proxy:
            await sent(
                proxy, anthropic_version="2026-10-21", anthropic_beta="new-2027-01-01,oauth-x", anthropic_new="1"
            )
        head = upstream.calls[0].head
        assert header(head, "anthropic-version") == ["2026-10-21"]
        assert header(head, "anthropic-beta") == ["new-2027-01-01,oauth-x"]
        assert header(head, "anthropic-new") == ["1"]

    async def test_a_version_is_put_in_where_there_is_none(self, upstream: ScriptedUpstream) -> None:
        async with running(upstream.url) as proxy:
            await sent(proxy)
        assert header(upstream.calls[0].head, "anthropic-version") == ["2023-06-01"]

    @pytest.mark.parametrize(
        "headers",
        [
            {"authorization": "Bearer first-key"},
            {"x_api_key": "first-key"},
            {"x_api_key": "first-key", "authorization": "Bearer something-else"},
        ],
    )
    async def test_a_callers_key_opens_the_proxy_and_goes_no_further(
        self, upstream: ScriptedUpstream, headers: dict[str, str]
    ) -> None:
        async with running(upstream.url, proxy_api_key=(Secret("first-key"),)) as proxy:
            assert (await sent(proxy, BODY, PATH, **headers)).status == 200
            refused = await sent(proxy, x_api_key="wrong")
        assert refused.status == 401
        assert refused.json["error"]["type"] == "authentication_error"
        (call,) = upstream.calls
        assert header(call.head, "x-api-key") == [KEY]
        assert header(call.head, "authorization") == []
        assert b"first-key" not in call.head

    async def test_a_login_token_brings_its_beta(self, upstream: ScriptedUpstream) -> None:
        token = {"anthropic_api_key": None, "claude_access_token": Secret("sk-ant-oat01-made-up")}
        async with running(upstream.url, **token) as proxy:
            await sent(proxy, anthropic_beta="a-1")
            await sent(proxy)
        assert [header(call.head, "anthropic-beta") for call in upstream.calls] == [
            ["a-1,oauth-2025-04-20"],
            ["oauth-2025-04-20"],
        ]

    @pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"model":7}', b"\xff", b"[" * 100_000])
    async def test_what_is_no_request_is_refused_in_anthropics_words(
        self, upstream: ScriptedUpstream, body: bytes
    ) -> None:
        async with running(upstream.url) as proxy:
            refused = await sent(proxy, body)
        assert not upstream.calls
        assert (refused.status, refused.json["type"]) == (400, "error")
        assert refused.json["error"]["type"] == "invalid_request_error"
        assert refused.json["request_id"] == refused.headers["request-id"] == refused.headers["x-request-id"]


class TestAliases:
    async def test_a_window_in_the_name_is_left_out(self, upstream: ScriptedUpstream) -> None:
        async with running(upstream.url) as proxy:
            await sent(proxy, BODY.replace(b"claude-sonnet-4-6", b"claude-sonnet-4-6[1m]"))
        assert [call.body for call in upstream.calls] == [BODY]

    async def test_effort_in_the_name_is_refused_and_not_lost(self, upstream: ScriptedUpstream) -> None:
        async with running(upstream.url) as proxy:
            refused = await sent(proxy, BODY.replace(b"claude-sonnet-4-6", b"claude-sonnet-4-6-high"))
        assert not upstream.calls
        assert (refused.status, "output_config.effort" in refused.json["error"]["message"]) == (400, True)

    async def test_the_name_is_replaced_both_ways_and_nothing_else(self, upstream: ScriptedUpstream) -> None:
        body = BODY.replace(b"claude-sonnet-4-6", b"house-model")
        async with running(upstream.url, model_aliases={"house-model": "claude-sonnet-4-6"}) as proxy:
            whole = await sent(proxy, body)
            streamed = await sent(proxy, body.replace(b'"max_tokens"', b'"stream":true,"max_tokens"'))
            record = proxy.records[-1]
        assert [call.body for call in upstream.calls] == [BODY, STREAM]
        assert whole.body == json.dumps({**MESSAGE, "model": "house-model"}).encode()
        named = start({**MESSAGE, "model": "house-model"})
        assert streamed.body == frames(named, *spelled(MESSAGE)[1:])
        assert (record.requested_model, record.model) == ("house-model", "claude-sonnet-4-6")


class TestWholeReplies:
    async def test_the_body_comes_back_as_it_is(self, upstream: ScriptedUpstream) -> None:
        body = json.dumps({**MESSAGE, "new": 1.50}).encode() + b"\n"
        upstream.answers(saying(reply(200, body, "anthropic-ratelimit-requests-limit: 50")))
        async with running(upstream.url) as proxy:
            answered = await sent(proxy)
            record = await proxy.record()
        assert (answered.status, answered.body) == (200, body)
        assert answered.headers["request-id"] == "req_1"
        assert answered.headers["anthropic-ratelimit-requests-limit"] == "50"
        assert (record.endpoint, record.outcome, record.model) == ("messages", "answered", "claude-sonnet-4-6")
        assert record.usage is not None
        assert (record.usage.input_tokens, record.usage.output_tokens) == tuple(USAGE.values())
        assert record.cost is not None
        assert record.cost > 0

    async def test_an_answer_that_is_no_json_is_a_502(self, upstream: ScriptedUpstream) -> None:
        upstream.answers(saying(reply(200, b"<html>")))
        async with running(upstream.url) as proxy:
            answered = await sent(proxy)
        assert (answered.status, answered.json["error"]["type"]) == (502, "api_error")


class TestErrors:
    @pytest.mark.parametrize("stream", [False, True])
    async def test_a_refusal_comes_back_as_the_upstream_wrote_it(
        self, upstream: ScriptedUpstream, stream: bool
    ) -> None:
        said = {
            "type": "error",
            "error": {"type": "invalid_request_error", "message": "No.", "details": {"error_code": "thread_not_found"}},
            "request_id": "req_inside",
            "new": 1,
        }
        body = json.dumps(said, indent=1).encode()
        upstream.answers(saying(reply(400, body, "x-should-retry: false", "anthropic-ratelimit-tokens-limit: 9")))
        async with running(upstream.url) as proxy:
            refused = await sent(proxy, STREAM if stream else BODY)
            record = await proxy.record()
        assert (refused.status, refused.body) == (400, body)
        assert refused.headers["content-type"] == "application/json"
        assert refused.headers["request-id"] == "req_1"
        assert refused.headers["x-should-retry"] == "false"
        assert refused.headers["anthropic-ratelimit-tokens-limit"] == "9"
        assert (record.status, record.outcome, record.error_kind) == (400, "failed", "invalid_request_error")

    async def test_an_overload_is_tried_again_and_stays_a_529(self, upstream: ScriptedUpstream) -> None:
        upstream.answers(refusal(529, "overloaded_error", "Overloaded", "retry-after: 0"))
        async with running(upstream.url, max_retries=1) as proxy:
            refused = await sent(proxy)
        assert len(upstream.calls) == 2
        assert (refused.status, refused.json["error"]["type"]) == (529, "overloaded_error")
        assert refused.headers["retry-after"] == "1"

    async def test_a_refusal_of_the_proxys_own_credential_is_told_in_its_own_words(
        self, upstream: ScriptedUpstream
    ) -> None:
        upstream.answers(refusal(401, "authentication_error", f"invalid x-api-key {KEY}"))
        async with running(upstream.url) as proxy:
            refused = await sent(proxy)
        assert (refused.status, refused.json["error"]["type"]) == (401, "authentication_error")
        assert KEY.encode() not in refused.body

    async def test_what_is_no_error_of_the_api_is_put_into_its_form(self, upstream: ScriptedUpstream) -> None:
        upstream.answers(saying(reply(404, b"<html>Not found</html>")))
        async with running(upstream.url) as proxy:
            refused = await sent(proxy)
        assert (refused.status, refused.json["error"]["type"]) == (502, "api_error")
        assert "ANTHROPIC_API_BASE" in refused.json["error"]["message"]
        assert b"html" not in refused.body

    async def test_a_secret_in_an_error_is_masked(self, upstream: ScriptedUpstream) -> None:
        upstream.answers(refusal(400, "invalid_request_error", f"you sent {KEY}"))
        async with running(upstream.url) as proxy:
            refused = await sent(proxy)
        assert KEY.encode() not in refused.body
        assert refused.json["request_id"] == "req_inside"

    @pytest.mark.parametrize(
        ("method", "path", "status", "kind"),
        [
            ("GET", PATH, 405, "invalid_request_error"),
            ("POST", "/v1/messages/nothing", 404, "not_found_error"),
            ("GET", "/v1/messages/nothing", 404, "not_found_error"),
        ],
    )
    async def test_addresses_and_methods_that_are_not(
        self, upstream: ScriptedUpstream, method: str, path: str, status: int, kind: str
    ) -> None:
        async with running(upstream.url) as proxy:
            refused = await proxy.get(path, method=method, headers={"content-length": "0"})
        assert (refused.status, refused.json["error"]["type"]) == (status, kind)

    async def test_a_body_that_is_too_large(self, upstream: ScriptedUpstream) -> None:
        async with running(upstream.url, max_body_bytes=2048) as proxy:
            refused = await sent(proxy, BODY + b" " * 4096)
        assert (refused.status, refused.json["error"]["type"]) == (413, "request_too_large")


STRANGE = (
    b': a comment\n\nevent: ping\ndata: {"type": "ping"}\n\nevent: new_event\nid: 7\ndata: {"type":"new_event"}\n\n'
    b'data: {"type":"content_block_delta",\ndata: "index":0,"delta":{"type":"new_delta","signature":"a+/="}}\n\n'
)


class TestStreams:
    async def test_every_byte_comes_back(self, upstream: ScriptedUpstream) -> None:
        events = spelled(MESSAGE)
        body = frames(events[0]) + STRANGE + frames(*events[1:])
        upstream.answers(saying(STREAM_HEAD + chunk(body) + LAST_CHUNK))
        async with running(upstream.url) as proxy:
            answered = await sent(proxy, STREAM)
            record = await proxy.record()
        assert (answered.status, answered.body, answered.ended) == (200, body, True)
        assert answered.headers["content-type"].startswith("text/event-stream")
        assert answered.headers["request-id"] == "req_1"
        assert record.usage is not None
        assert (record.usage.input_tokens, record.usage.output_tokens) == tuple(USAGE.values())
        assert (record.stream, record.outcome) == (True, "answered")

    async def test_in_any_pieces_and_line_ends(self, upstream: ScriptedUpstream) -> None:
        body = (frames(spelled(MESSAGE)[0]) + STRANGE + frames(*spelled(MESSAGE)[1:])).replace(b"\n", b"\r\n")

        async def piecemeal(call: Any) -> None:
            await call.send(STREAM_HEAD)
            for position in range(0, len(body), 7):
                await call.send(chunk(body[position : position + 7]))
            await call.send(LAST_CHUNK)

        upstream.answers(piecemeal)
        async with running(upstream.url) as proxy:
            answered = await sent(proxy, STREAM)
        assert (answered.body, answered.ended) == (body, True)

    async def test_events_are_passed_on_as_they_come(self, upstream: ScriptedUpstream) -> None:
        more = asyncio.Event()

        async def script(call: Any) -> None:
            await call.send(STREAM_HEAD + chunk(frames(start())))
            await more.wait()
            await call.send(chunk(frames(*spelled(MESSAGE)[1:])) + LAST_CHUNK)

        upstream.answers(script)
        async with running(upstream.url) as proxy, proxy.client() as client:
            await client.post(STREAM, path=PATH)
            answered = await client.reply_head()
            assert await client.piece(answered) == frames(start())
            more.set()
            assert await client.piece(answered) == frames(*spelled(MESSAGE)[1:])

    async def test_one_that_breaks_off_ends_in_an_error_event(self, upstream: ScriptedUpstream) -> None:
        upstream.answers(breaking_off(STREAM_HEAD + chunk(frames(start(), text("Hel"))) + chunk(b'data: {"ty')))
        async with running(upstream.url) as proxy:
            answered = await sent(proxy, STREAM)
            record = await proxy.record()
        passed = frames(start(), text("Hel"))
        assert answered.body.startswith(passed)
        assert not answered.ended
        name, data = answered.body[len(passed) :].decode().removesuffix("\n\n").split("\n")
        assert name == "event: error"
        error = json.loads(data.removeprefix("data: "))
        assert (error["type"], error["error"]["type"], error["request_id"]) == ("error", "api_error", "req_1")
        assert (record.outcome, record.status) == ("broken", 200)

    async def test_one_that_ends_without_its_end_is_broken(self, upstream: ScriptedUpstream) -> None:
        upstream.answers(saying(STREAM_HEAD + chunk(frames(start(), text("Hel"))) + LAST_CHUNK))
        async with running(upstream.url) as proxy:
            answered = await sent(proxy, STREAM)
        assert b"event: error" in answered.body
        assert not answered.ended

    async def test_an_error_event_of_the_upstreams_is_passed_on(self, upstream: ScriptedUpstream) -> None:
        body = frames(start(), text("Hel"), error_event())
        upstream.answers(saying(STREAM_HEAD + chunk(body[:-20]) + chunk(body[-20:]) + LAST_CHUNK))
        async with running(upstream.url) as proxy:
            answered = await sent(proxy, STREAM)
            record = await proxy.record()
        assert answered.body == body
        assert (record.outcome, record.error_kind) == ("broken", "overloaded_error")

    async def test_one_that_begins_with_an_error_is_a_refusal(self, upstream: ScriptedUpstream) -> None:
        upstream.answers(saying(STREAM_HEAD + chunk(frames(error_event())) + LAST_CHUNK))
        async with running(upstream.url, max_retries=0) as proxy:
            refused = await sent(proxy, STREAM)
        assert (refused.status, refused.json) == (529, error_event())

    async def test_silence_is_filled_between_events(self, upstream: ScriptedUpstream) -> None:
        async def script(call: Any) -> None:
            body = frames(*spelled(MESSAGE))
            await call.send(STREAM_HEAD + chunk(body[:-9]))
            await asyncio.sleep(0.3)
            await call.send(chunk(body[-9:]) + LAST_CHUNK)

        upstream.answers(script)
        async with running(upstream.url, keepalive_seconds=0.05) as proxy:
            answered = await sent(proxy, STREAM)
        assert b": keep-alive\n\n" in answered.body
        assert answered.body.replace(b": keep-alive\n\n", b"") == frames(*spelled(MESSAGE))

    async def test_an_error_after_the_first_comment_is_an_event(self, upstream: ScriptedUpstream) -> None:
        async def script(call: Any) -> None:
            await asyncio.sleep(0.2)
            await refusal(400, "invalid_request_error", "No.")(call)

        upstream.answers(script)
        async with running(upstream.url, keepalive_seconds=0.05) as proxy:
            answered = await sent(proxy, STREAM)
        assert answered.status == 200
        assert b"event: error\ndata: {" in answered.body

    async def test_a_client_that_leaves_ends_the_upstreams_work(self, upstream: ScriptedUpstream) -> None:
        upstream.answers(silent(STREAM_HEAD + chunk(frames(start()))))
        async with running(upstream.url) as proxy:
            async with proxy.client() as client:
                await client.post(STREAM, path=PATH)
                await client.piece(await client.reply_head())
            call = await upstream.call()
            async with asyncio.timeout(10):
                await call.gone.wait()
            assert (await proxy.record()).outcome == "left"

    async def test_the_connection_is_kept_after_the_last_event(self, upstream: ScriptedUpstream) -> None:
        async with running(upstream.url) as proxy:
            assert (await sent(proxy, STREAM)).ended
            connections = upstream.connections
            for _ in range(3):
                assert (await sent(proxy, STREAM)).ended
            assert upstream.connections == connections

    async def test_a_whole_answer_to_a_streamed_request_is_passed_on(self, upstream: ScriptedUpstream) -> None:
        body = json.dumps(MESSAGE).encode()
        upstream.answers(saying(reply(200, body)))
        async with running(upstream.url) as proxy:
            answered = await sent(proxy, STREAM)
        assert (answered.headers["content-type"], answered.body) == ("application/json", body)


class TestDecoded:
    """Where the request is not forwarded: adaptation is asked for, or the upstream takes only what it can carry."""

    PLAIN = b'{"model":"claude-sonnet-4-6","max_tokens":10,"messages":[{"role":"user","content":"Hi."}]}'

    async def test_adaptation_is_on_where_it_is_asked_for(self, upstream: ScriptedUpstream) -> None:
        body = self.PLAIN.replace(b"sonnet-4-6", b"sonnet-5-5").replace(
            b'"max_tokens"', b'"temperature":0.2,"max_tokens"'
        )
        async with running(upstream.url) as proxy:
            as_it_is = await sent(proxy, body)
            adapted = await sent(proxy, body, PATH, x_claude_proxy_adapt="true")
        first, second = (call.json for call in upstream.calls)
        assert (first["temperature"], "temperature" in second) == (0.2, False)
        assert "x-claude-proxy-adjustments" not in as_it_is.headers
        assert "temperature" in adapted.headers["x-claude-proxy-adjustments"]
        assert adapted.json["content"] == MESSAGE["content"]
        assert adapted.json["model"] == "claude-sonnet-5-5"

    async def test_a_stream_is_rendered_again(self, upstream: ScriptedUpstream) -> None:
        body = self.PLAIN.replace(b'"max_tokens"', b'"stream":true,"max_tokens"')
        async with running(upstream.url) as proxy:
            answered = await sent(proxy, body, PATH, x_claude_proxy_adapt="true")
        names = [frame.split(b"\n")[0].removeprefix(b"event: ").decode() for frame in answered.frames]
        assert names == [event["type"] for event in spelled(MESSAGE)]

    async def test_what_cannot_be_carried_is_refused_and_nothing_is_dropped(self, upstream: ScriptedUpstream) -> None:
        body = self.PLAIN.replace(b'"max_tokens"', b'"thread":{"type":"create"},"max_tokens"')
        async with running(upstream.url) as proxy:
            proxy.assembly.state.forwarder = None
            assert (await sent(proxy, self.PLAIN)).json["content"] == MESSAGE["content"]
            refused = await sent(proxy, body)
            adapted = await sent(proxy, body, PATH, x_claude_proxy_adapt="true")
        assert (refused.status, refused.json["error"]["type"]) == (400, "invalid_request_error")
        assert "'thread' cannot be honoured" in refused.json["error"]["message"]
        assert adapted.status == 200
        assert "thread=dropped" in adapted.headers["x-claude-proxy-adjustments"]


def plain(*, stream: bool = False) -> bytes:
    """Return a request that both APIs take."""
    hello = {"role": "user", "content": "Hello."}
    return json.dumps({"model": MESSAGE["model"], "max_tokens": 10, "messages": [hello], "stream": stream}).encode()


@pytest.mark.parametrize(
    "count",
    [b"1" + b"0" * 400, b"-5", b"3.5", b'"20"', b"1e400", b"[1]"],
    ids=["huge", "negative", "fraction", "string", "beyond floats", "list"],
)
@pytest.mark.parametrize("path", [PATH, "/v1/chat/completions"])
@pytest.mark.parametrize("is_stream", [False, True])
async def test_no_count_of_an_upstream_ends_the_metrics(
    upstream: ScriptedUpstream, path: str, count: bytes, *, is_stream: bool
) -> None:
    told = frames(*spelled(MESSAGE)) if is_stream else json.dumps(MESSAGE).encode()
    told = told.replace(b'"output_tokens": 12', b'"output_tokens": ' + count)
    upstream.answers(saying(STREAM_HEAD + chunk(told) + LAST_CHUNK if is_stream else reply(200, told)))
    async with running(upstream.url) as proxy:
        answer = await sent(proxy, plain(stream=is_stream), path=path)
        assert answer.status == 200
        if path == PATH:
            assert answer.body == told, "the upstream's own bytes stay as they are"
        metrics = await proxy.get("/metrics")
        assert metrics.status == 200
        sums = [line.rpartition(b" ")[2] for line in metrics.body.splitlines() if b"_tokens_total{" in line]
        assert sums
        assert all(0 <= float(value) < 1000 for value in sums)


@pytest.mark.parametrize("path", [PATH, "/v1/messages/count_tokens", "/v1/chat/completions"])
async def test_deep_json_is_a_broken_answer(upstream: ScriptedUpstream, path: str) -> None:
    deep = b'{"input_tokens":' + b"[" * 50_000 + b"]" * 50_000 + b"}"
    upstream.answers(saying(reply(200, deep)))
    async with running(upstream.url) as proxy:
        assert (await sent(proxy, plain(), path=path)).status == 502


async def test_the_credential_reaches_no_caller(upstream: ScriptedUpstream, capfd: pytest.CaptureFixture[str]) -> None:
    """An upstream that echoes it in every place but the model's words."""
    told = json.dumps({**MESSAGE, "id": KEY, "model": KEY, "new": {KEY: [KEY]}}).encode()
    limit = f"anthropic-ratelimit-requests-limit: {KEY}"
    async with running(upstream.url, log_level="info") as proxy:
        for path in (PATH, "/v1/messages/count_tokens", "/v1/chat/completions"):
            for status in (200, 400, 404, 418):
                upstream.answers(saying(reply(status, told, limit, f"x-new: {KEY}", f"cf-ray: {KEY}")))
                answer = await sent(proxy, plain(), path=path)
                assert KEY.encode() not in answer.body
                assert KEY not in str(answer.headers)
    logged = "".join(capfd.readouterr())
    assert "chat_completions" in logged
    assert KEY not in logged
