"""Routes, keys, health, the list of models, and an envelope for every error: over a real socket."""

import gzip
import json
from typing import Any

import pytest

from claude_code_proxy import __version__
from claude_code_proxy.secret import Secret
from claude_code_proxy.server.routes import Routes
from tests.server.running import ASKED, CHAT, KEY, Running, eventually, head, running
from tests.server.scripted_upstream import ScriptedUpstream, saying

KEYS = {"proxy_api_key": (Secret("first-key"), Secret("second-key"))}
SPELLINGS = [
    "/v1/{}",
    "/{}",
    "/v1/v1/{}",
    "/v1/{}/",
    "//{}",
    "/v1//{}",
    "//v1//{}//",
    "/v1/{}?api-version=2024-10-21",
    "http://proxy/v1/{}",
]


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_paths_as_people_type_them(upstream: ScriptedUpstream, spelling: str) -> None:
    async with running(upstream.url, **KEYS) as proxy:
        key = {"authorization": "Bearer first-key"}
        reply = await proxy.ask(path=spelling.format("chat/completions"), headers=key)
        assert (reply.status, reply.json["object"]) == (200, "chat.completion")
        assert (await proxy.ask(path=spelling.format("chat/completions"))).status == 401
        listed = await proxy.get(spelling.format("models"), headers=key)
        assert (listed.status, listed.json["object"]) == (200, "list")
        one = await proxy.get(spelling.format("models/claude-sonnet-4-6"), headers=key)
        assert (one.status, one.json["id"]) == (200, "claude-sonnet-4-6")
        assert (await proxy.get(spelling.format("health"))).status == 200


@pytest.mark.parametrize(
    "path", ["/health", "/health/ready", "/v1/models", "/v1/models/claude-opus-5", "/metrics", "/"]
)
async def test_head_is_get_without_the_body(upstream: ScriptedUpstream, path: str) -> None:
    async with running(upstream.url) as proxy:
        got = await proxy.get(path)
        reply = await proxy.get(path, method="HEAD")
    assert (reply.status, reply.body) == (200, b"")
    assert reply.headers["content-type"] == got.headers["content-type"]
    if path != "/metrics":  # whose body grows by what is asked
        assert reply.headers["content-length"] == str(len(got.body))


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", CHAT, "POST"),
        ("HEAD", CHAT, "POST"),
        ("DELETE", CHAT, "POST"),
        ("OPTIONS", CHAT, "POST"),
        ("PATCH", "/chat/completions/", "POST"),
        ("POST", "/v1/models", "GET, HEAD"),
        ("DELETE", "/v1/models/claude-opus-5", "GET, HEAD"),
        ("PUT", "/health", "GET, HEAD"),
    ],
)
async def test_wrong_methods(upstream: ScriptedUpstream, method: str, path: str, allowed: str) -> None:
    async with running(upstream.url) as proxy:
        async with proxy.client() as client:
            await client.send(head(method, path, {"content-length": "0"}))
            reply = await client.reply(bodiless=method == "HEAD")
        record = await proxy.record()
    assert (reply.status, reply.headers["allow"]) == (405, allowed)
    if method != "HEAD":
        assert reply.error["code"] == "method_not_allowed"
        assert method in reply.error["message"]
    assert (record.status, record.outcome, record.error_code) == (405, "failed", "method_not_allowed")


@pytest.mark.parametrize("path", ["/v1/chat", "/v1/chat/completions/x", "/v2/models", "/favicon.ico", "*"])
async def test_unknown_addresses(upstream: ScriptedUpstream, path: str) -> None:
    async with running(upstream.url) as proxy:
        reply = await proxy.get(path)
    assert (reply.status, reply.error["code"]) == (404, "unknown_url")
    assert "POST /v1/chat/completions" in reply.error["message"]
    assert reply.headers["x-request-id"]


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/", "//"])
async def test_the_front_page_says_what_this_is_and_where_to_go(upstream: ScriptedUpstream, path: str) -> None:
    async with running(upstream.url) as proxy:
        reply = (await proxy.get(path)).json
        assert (reply["name"], reply["version"]) == ("claude-code-proxy", __version__)
        for name in ("models", "health", "ready", "capabilities", "metrics"):
            assert (await proxy.get(reply[name])).status == 200
        assert (await proxy.ask(path=f"{reply['base_url']}/chat/completions")).status == 200


async def test_the_capabilities_are_those_of_the_upstream(upstream: ScriptedUpstream) -> None:
    async with running(upstream.url) as proxy:
        page = (await proxy.get("/v1/capabilities")).json
    assert page["upstream"] == "anthropic"
    assert {"name": "betas", "carried": "yes"}.items() <= _by_name(page["capabilities"])["betas"].items()


def _by_name(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in rows}


async def test_each_request_is_counted_under_the_name_of_its_page(upstream: ScriptedUpstream) -> None:
    async with running(upstream.url) as proxy:
        for path in ("/", "/v1/models", "/v1/models/claude-opus-5", "/v1/capabilities", "/v1/nowhere", "/v1/translate"):
            await proxy.get(path)
        await proxy.ask(path="/v1/translate")
        names = [record.endpoint for record in proxy.records]
    assert names == ["index", "models", "models", "capabilities", "other", "translate", "translate"]


class TestKeys:
    @pytest.mark.parametrize(
        "headers",
        [
            {"authorization": "Bearer first-key"},
            {"authorization": "bearer second-key"},
            {"x-api-key": "first-key"},
            {"api-key": "second-key"},
        ],
    )
    async def test_each_place_for_a_key(self, upstream: ScriptedUpstream, headers: dict[str, str]) -> None:
        async with running(upstream.url, **KEYS) as proxy:
            assert (await proxy.ask(headers=headers)).status == 200
            assert (await proxy.ask(headers=headers, stream=True)).status == 200
            assert (await proxy.get("/v1/models", headers=headers)).status == 200

    @pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer wrong"}, {"x-api-key": "wrong"}])
    async def test_without_it_nothing_is_told(self, upstream: ScriptedUpstream, headers: dict[str, str]) -> None:
        async with running(upstream.url, **KEYS) as proxy:
            replies = [
                await proxy.ask(headers=headers),
                await proxy.get("/v1/models", headers=headers),
                await proxy.get("/v1/models/claude-opus-5", headers=headers),
                await proxy.get("/v1/models/nobody", headers=headers),
                await proxy.get("/nowhere", headers=headers),
                await proxy.get(CHAT, headers=headers),
            ]
            assert [reply.status for reply in replies] == [401] * 6
            assert {reply.error["code"] for reply in replies} == {"invalid_api_key"}
            assert {reply.error["type"] for reply in replies} == {"authentication_error"}
            assert not upstream.calls
            assert {record.status for record in proxy.records} == {401}

    @pytest.mark.parametrize("path", ["/health", "/health/ready", "/metrics", "/v1/health"])
    async def test_probes_need_none(self, upstream: ScriptedUpstream, path: str) -> None:
        async with running(upstream.url, **KEYS) as proxy:
            assert (await proxy.get(path)).status == 200
            assert proxy.records == []

    async def test_it_is_refused_before_the_body_is_read(self, upstream: ScriptedUpstream) -> None:
        async with running(upstream.url, **KEYS) as proxy, proxy.client() as client:
            await client.send(head("POST", CHAT, {"content-length": "30000000"}))
            assert (await client.reply()).status == 401

    async def test_a_callers_key_goes_no_further(self, upstream: ScriptedUpstream) -> None:
        async with running(upstream.url) as proxy:
            await proxy.ask(headers={"authorization": "Bearer of-the-caller", "x-api-key": "also-the-callers"})
        sent = upstream.calls[0].head.lower()
        assert b"callers" not in sent
        assert b"of-the-caller" not in sent
        assert f"x-api-key: {KEY}".encode() in sent


class TestHealth:
    async def test_alive(self, upstream: ScriptedUpstream) -> None:
        async with running(upstream.url) as proxy:
            reply = await proxy.get("/health")
        assert (reply.status, reply.body) == (200, b'{"status":"ok"}')

    async def test_alive_without_an_upstream(self) -> None:
        async with running("http://127.0.0.1:9") as proxy:
            assert (await proxy.get("/health")).status == 200

    async def test_ready_with_a_credential(self, upstream: ScriptedUpstream) -> None:
        async with running(upstream.url) as proxy:
            reply = await proxy.get("/health/ready")
        assert (reply.status, reply.json["status"]) == (200, "ready")
        assert KEY not in reply.body.decode()

    async def test_not_ready_without_one(self, upstream: ScriptedUpstream) -> None:
        async with running(upstream.url, anthropic_api_key=None) as proxy:
            reply = await proxy.get("/health/ready")
            assert (reply.status, reply.json["status"]) == (503, "not ready")
            assert "ANTHROPIC_API_KEY" in reply.json["reason"]
            answer = await proxy.ask()
            assert (answer.status, answer.error["type"]) == (401, "authentication_error")
            assert "ANTHROPIC_API_KEY" in answer.error["message"]
            assert not upstream.calls

    async def test_not_ready_while_it_drains(self, upstream: ScriptedUpstream) -> None:
        async with running(upstream.url) as proxy:
            proxy.assembly.app.draining = True
            reply = await proxy.get("/health/ready")
        assert (reply.status, reply.json["reason"]) == (503, "shutting down")


class TestModels:
    async def test_the_list(self, upstream: ScriptedUpstream) -> None:
        async with running(upstream.url, model_aliases={"gpt-4o": "claude-sonnet-4-6"}) as proxy:
            reply = await proxy.get("/v1/models")
        models = {model["id"]: model for model in reply.json["data"]}
        assert models["claude-sonnet-4-6"]["object"] == "model"
        assert models["claude-sonnet-4-6"]["owned_by"] == "anthropic"
        assert isinstance(models["gpt-4o"]["created"], int)

    @pytest.mark.parametrize(
        ("name", "id_"),
        [
            ("claude-sonnet-4-6", "claude-sonnet-4-6"),
            ("anthropic%2Fclaude-sonnet-4-6", "anthropic/claude-sonnet-4-6"),
            ("anthropic/claude-sonnet-4-6", "anthropic/claude-sonnet-4-6"),
            ("Claude%20Opus%204.6", "Claude Opus 4.6"),
        ],
    )
    async def test_one_by_its_name(self, upstream: ScriptedUpstream, name: str, id_: str) -> None:
        async with running(upstream.url) as proxy:
            reply = await proxy.get(f"/v1/models/{name}")
        assert (reply.status, reply.json["id"]) == (200, id_)

    @pytest.mark.parametrize("name", ["gpt-9", "%ff%fe", "a%0d%0ab", "%00"])
    async def test_one_that_is_none(self, upstream: ScriptedUpstream, name: str) -> None:
        async with running(upstream.url) as proxy:
            reply = await proxy.get(f"/v1/models/{name}")
        assert (reply.status, reply.error["code"], reply.error["param"]) == (404, "model_not_found", "model")

    async def test_one_that_is_no_more_names_its_successor(self, upstream: ScriptedUpstream) -> None:
        async with running(upstream.url) as proxy:
            reply = await proxy.get("/v1/models/claude-3-opus-20240229")
        assert reply.status == 404
        assert "Use claude-" in reply.error["message"]

    async def test_requests_are_recorded_under_one_name(self, upstream: ScriptedUpstream) -> None:
        async with running(upstream.url) as proxy:
            await proxy.get("/v1/models/whatever-the-client-likes")
            record = await proxy.record()
        assert (record.endpoint, record.model, record.known_model) == ("models", "", False)


class TestFaults:
    """What the HTTP server itself refuses has the same envelope, and is recorded too."""

    @staticmethod
    async def refused(proxy: Running, data: bytes) -> tuple[int, str | None]:
        async with proxy.client() as client:
            await client.send(data)
            reply = await client.reply()
        assert reply.headers["x-request-id"]
        record = await proxy.record()
        assert (record.status, record.outcome) == (reply.status, "failed")
        return reply.status, reply.error["code"]

    async def test_no_http(self, upstream: ScriptedUpstream) -> None:
        async with running(upstream.url) as proxy:
            assert await self.refused(proxy, b"\x16\x03\x01\x02\x00\r\n\r\n") == (400, None)

    async def test_a_head_that_is_too_large(self, upstream: ScriptedUpstream) -> None:
        async with running(upstream.url, max_header_bytes=2048) as proxy:
            data = head("POST", CHAT, {"x-filler": "x" * 4000})
            assert await self.refused(proxy, data) == (431, "request_headers_too_large")

    async def test_a_head_that_does_not_come(self, upstream: ScriptedUpstream) -> None:
        async with running(upstream.url, header_seconds=0.2) as proxy:
            assert await self.refused(proxy, b"POST /v1/chat") == (408, "request_timeout")

    async def test_a_body_that_is_too_large(self, upstream: ScriptedUpstream) -> None:
        async with running(upstream.url, max_body_bytes=2048) as proxy:
            data = head("POST", CHAT, {"content-length": "2049"})
            assert await self.refused(proxy, data) == (413, "request_too_large")

    async def test_a_chunked_body_that_is_too_large(self, upstream: ScriptedUpstream) -> None:
        async with running(upstream.url, max_body_bytes=2048) as proxy:
            data = head("POST", CHAT, {"transfer-encoding": "chunked"}) + b"1000\r\n" + b"x" * 4096
            assert await self.refused(proxy, data) == (413, "request_too_large")

    async def test_a_body_that_there_is_no_memory_for(self, upstream: ScriptedUpstream) -> None:
        async with (
            running(upstream.url, max_body_memory=4096) as proxy,
            proxy.client() as first,
            proxy.client() as last,
        ):
            await first.send(head("POST", CHAT, {"content-length": "4000"}))
            await eventually(lambda: proxy.assembly.server.memory.used > 0)
            await last.send(head("POST", CHAT, {"transfer-encoding": "chunked"}) + b"10\r\n" + b"x" * 16)
            reply = await last.reply()
        assert (reply.status, reply.headers["retry-after"], reply.error["code"]) == (503, "1", "overloaded")

    @pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/v1/chat/completions"])
    async def test_a_body_of_a_coding_that_nobody_knows(self, upstream: ScriptedUpstream, path: str) -> None:
        async with running(upstream.url) as proxy:
            data = head("POST", path, {"content-encoding": "br", "content-length": "20"})
            assert await self.refused(proxy, data) == (415, "unsupported_content_encoding")
            plain = await proxy.ask(headers={"content-encoding": "identity"})
        assert plain.status == 200

    @pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/v1/chat/completions", "/v1/messages"])
    async def test_a_compressed_body(self, upstream: ScriptedUpstream, path: str) -> None:
        body = b'{"model":"claude-sonnet-4-6","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}'
        packed = gzip.compress(body)
        async with running(upstream.url) as proxy, proxy.client() as client:
            await client.send(
                head("POST", path, {"content-encoding": "GZip", "content-length": str(len(packed))}) + packed
            )
            reply = await client.reply()
        assert reply.status == 200
        assert b"content-encoding" not in upstream.calls[-1].head.lower()

    async def test_a_body_of_just_the_size_is_taken(self, upstream: ScriptedUpstream) -> None:
        async with running(upstream.url, max_body_bytes=2048) as proxy:
            body = b'{"model":"claude-sonnet-4-6","messages":[{"role":"user","content":"hi"}]}'
            async with proxy.client() as client:
                await client.post(body.ljust(2048))
                assert (await client.reply()).status == 200


async def test_a_page_that_fails_tells_nothing(upstream: ScriptedUpstream, caplog: pytest.LogCaptureFixture) -> None:
    def fail(*_: object) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        raise ValueError("words with a secret")

    async with running(upstream.url) as proxy:
        proxy.assembly.app._routes = Routes([("GET", "/broken", fail)])
        reply = await proxy.get("/broken")
    assert reply.status == 500
    assert "secret" not in reply.error["message"]
    assert "secret" not in caplog.text
    assert "unhandled error: ValueError in test_app.py" in caplog.text


async def test_the_upstreams_list_takes_the_place_of_the_built_in_one(upstream: ScriptedUpstream) -> None:
    body = b'{"data":[{"id":"claude-new-9","display_name":"New 9"}],"has_more":false}'
    upstream.models = saying(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))
    async with running(upstream.url) as proxy:
        await eventually(lambda: proxy.assembly.state.catalogue.listed is not None)
        reply = await proxy.get("/v1/models")
        assert [model["id"] for model in reply.json["data"]] == ["claude-new-9"]
        answer = await proxy.ask(**{**ASKED, "model": "claude-new-9"})
        assert answer.status == 200
        assert proxy.records[-1].known_model


async def test_a_request_id_that_forges_headers_costs_the_error_nothing(upstream: ScriptedUpstream) -> None:
    error_body = {"error": {"type": "overloaded_error", "message": "Busy."}, "request_id": "req_1\r\nx-forged: 1"}
    body = json.dumps(error_body).encode()
    data = b"HTTP/1.1 529 \r\nretry-after: 0\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)
    upstream.answers(saying(data))
    async with running(upstream.url, max_retries=0) as proxy:
        reply = await proxy.ask()
        record = await proxy.record()
    assert reply.error["message"] == "Busy."
    assert record.upstream_request_id is None
    assert not {"x-forged", "request-id"} & set(reply.headers)


async def test_the_index_names_everything_that_is_served(upstream: ScriptedUpstream) -> None:
    async with running(upstream.url) as proxy:
        endpoints = (await proxy.get("/")).json["endpoints"]
        assert {"POST /v1/chat/completions", "POST /v1/completions", "POST /v1/translate"} <= set(endpoints)
        for name in endpoints:
            method, _, path = name.partition(" ")
            if "{" not in path and method == "GET":
                served = 426 if path == "/v1/responses" else 200  # a WebSocket
                assert (await proxy.get(path)).status == served, path
