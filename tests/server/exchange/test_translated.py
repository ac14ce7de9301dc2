"""Exchanges from end to end: a real socket on either side, and an upstream whose every byte is the test's."""

import asyncio
import json
import time
from collections.abc import Mapping, Sequence

import msgspec
import pytest

from claude_code_proxy.endpoints.chat_completions import CHAT_COMPLETIONS
from claude_code_proxy.endpoints.endpoint import DecodedRequest, Endpoint, PendingRequest
from claude_code_proxy.errors import InvalidRequest
from claude_code_proxy.models.catalogue import BUILT_IN
from claude_code_proxy.server.app_state import NoReplies
from claude_code_proxy.server.exchange.translated import with_path_model
from claude_code_proxy.server.routes import Routes
from tests.server.running import ASKED, KEY, running
from tests.server.scripted_upstream import (
    MESSAGE,
    Call,
    Script,
    ScriptedUpstream,
    breaking_off,
    refusal,
    reply,
    saying,
    silent,
    whole,
)

BIG = 100_000  # tokens: more than what is asked for in one piece
OVERLOADED = refusal(529, "overloaded_error", "Overloaded", "retry-after: 0")


def after(seconds: float, script: Script) -> Script:
    async def later(call: Call) -> None:
        await asyncio.sleep(seconds)
        await script(call)

    return later


class TestWhole:
    @pytest.mark.parametrize("max_tokens", [100, BIG])
    async def test_an_answer(self, upstream: ScriptedUpstream, max_tokens: int) -> None:
        """Long answers are streamed inside; nobody can tell."""
        async with running(upstream.url) as proxy:
            answer = await proxy.ask(max_tokens=max_tokens)
            record = await proxy.record()
        assert bool(upstream.calls[0].json.get("stream")) is (max_tokens == BIG)
        assert (answer.status, answer.ended) == (200, True)
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["request-id"] == "req_1"
        assert answer.headers["x-request-id"] == record.id
        assert answer.json["id"] == f"chatcmpl-{record.id}"
        assert answer.json["choices"][0]["message"]["content"] == "Hello there."
        assert answer.json["choices"][0]["finish_reason"] == "stop"
        assert answer.json["usage"]["prompt_tokens"] == 25
        assert answer.json["usage"]["completion_tokens"] == 12

    async def test_its_record(self, upstream: ScriptedUpstream) -> None:
        upstream.answers(after(0.05, whole()))
        async with running(upstream.url) as proxy:
            await proxy.ask(model="anthropic/claude-sonnet-4-6")
            record = await proxy.record()
        assert (record.status, record.outcome, record.stream) == (200, "answered", False)
        assert (record.requested_model, record.model, record.known_model) == (
            "anthropic/claude-sonnet-4-6",
            "claude-sonnet-4-6",
            True,
        )
        assert (record.attempts, record.upstream_request_id) == (1, "req_1")
        assert record.usage is not None
        assert (record.usage.input_tokens, record.usage.output_tokens) == (25, 12)
        assert record.cost == pytest.approx(25 * 3e-6 + 12 * 15e-6)
        assert record.first_byte is not None
        assert 0.05 <= record.first_byte <= record.duration < 1
        assert (record.error_kind, record.error_code, record.cause) == (None, None, None)

    async def test_what_goes_upstream(self, upstream: ScriptedUpstream) -> None:
        async with running(upstream.url, anthropic_workspace_id="wrkspc_1") as proxy:
            await proxy.ask(max_tokens=7)
        call = upstream.calls[0]
        assert call.head.startswith(b"POST /v1/messages HTTP/1.1\r\n")
        fields = dict(line.split(b": ", 1) for line in call.head.strip().split(b"\r\n")[1:])
        assert fields[b"x-api-key"] == KEY.encode()
        assert fields[b"anthropic-version"] == b"2023-06-01"
        assert fields[b"anthropic-workspace-id"] == b"wrkspc_1"
        assert fields[b"user-agent"].startswith(b"claude-code-proxy/")
        assert call.json["model"] == "claude-sonnet-4-6"
        assert call.json["max_tokens"] == 7

    async def test_connections_are_kept_on_both_sides(self, upstream: ScriptedUpstream) -> None:
        async with running(upstream.url) as proxy, proxy.client() as client:
            for _ in range(5):
                await client.post({**ASKED, "max_tokens": BIG})
                assert (await client.reply()).status == 200
            assert upstream.connections <= 2  # one of them asked for the models
            assert proxy.assembly.server.connections == 1

    async def test_rate_limits_are_passed_on(self, upstream: ScriptedUpstream) -> None:
        limits = ("anthropic-ratelimit-requests-limit: 50", "anthropic-ratelimit-requests-remaining: 49")
        upstream.answers(saying(reply(200, json.dumps(MESSAGE).encode(), *limits)))
        async with running(upstream.url) as proxy:
            answer = await proxy.ask(max_tokens=10)
        assert answer.headers["x-ratelimit-limit-requests"] == "50"
        assert answer.headers["x-ratelimit-remaining-requests"] == "49"

    async def test_adjustments_are_told_in_the_header_and_the_record(self, upstream: ScriptedUpstream) -> None:
        async with running(upstream.url) as proxy:
            answer = await proxy.ask(logit_bias={"1": 2}, whatever=5)
            record = await proxy.record()
        assert "logit_bias=ignored" in answer.headers["x-claude-proxy-adjustments"]
        assert "whatever=ignored" in answer.headers["x-claude-proxy-adjustments"]
        assert {adjustment.path for adjustment in record.adjustments} == {"logit_bias", "whatever"}

    @pytest.mark.parametrize("stream", [False, True])
    async def test_betas_that_are_known_go_along_and_others_are_named(
        self, upstream: ScriptedUpstream, *, stream: bool
    ) -> None:
        told = {"anthropic-beta": "interleaved-thinking-2025-05-14,made-up-2099-01-01"}
        async with running(upstream.url) as proxy:
            answer = await proxy.ask(headers=told, stream=stream)
            await proxy.ask(stream=stream)
        assert b"anthropic-beta: interleaved-thinking-2025-05-14\r\n" in upstream.calls[0].head
        assert b"anthropic-beta" not in upstream.calls[1].head
        assert answer.headers["x-claude-proxy-adjustments"] == (
            "anthropic-beta=ignored (made-up-2099-01-01: not a beta that the proxy knows)"
        )

    async def test_betas_of_the_caller_stand_beside_those_that_the_request_needs(
        self, upstream: ScriptedUpstream
    ) -> None:
        told = {"anthropic-beta": "context-management-2025-06-27"}
        async with running(upstream.url) as proxy:
            await proxy.ask(headers=told, model="claude-opus-4-8", speed="fast")
        assert b"anthropic-beta: context-management-2025-06-27,fast-mode-2026-02-01\r\n" in upstream.calls[0].head

    async def test_several_choices(self, upstream: ScriptedUpstream) -> None:
        async with running(upstream.url) as proxy:
            answer = await proxy.ask(n=3)
            record = await proxy.record()
        assert [choice["index"] for choice in answer.json["choices"]] == [0, 1, 2]
        assert len(upstream.calls) == 3
        assert record.usage is not None
        assert record.usage.output_tokens == answer.json["usage"]["completion_tokens"] == 36
        assert record.cost == pytest.approx(3 * (25 * 3e-6 + 12 * 15e-6))
        assert record.attempts == 3

    async def test_of_several_choices_one_that_fails_ends_all(self, upstream: ScriptedUpstream) -> None:
        upstream.answers(whole(), silent(), refusal(400, "invalid_request_error", "no more"))
        async with running(upstream.url) as proxy:
            answer = await proxy.ask(n=3, max_tokens=10)
            assert (answer.status, answer.error["message"]) == (400, "no more")
            await asyncio.wait_for(upstream.calls[1].gone.wait(), 5)
            assert len(proxy.records) == 1


class TestBadRequests:
    @pytest.mark.parametrize(
        ("body", "param"),
        [
            (b"", None),
            (b"{", None),
            (b"[]", None),
            (b'"text"', None),
            (b"\xff\xfe", None),
            (b'{"model":"m","messages":[{"role":"user","content":"\xff"}]}', None),
            (b'{"model":"m"}', "messages"),
            (b'{"model":"m","messages":[]}', "messages"),
            (b'{"model":5,"messages":[{"role":"user","content":"x"}]}', "model"),
            (b'{"model":"m","messages":[{"role":"wizard","content":"x"}]}', "messages[0].role"),
            (b'{"model":"m","messages":[{"role":"user","content":"x"}],"stream":"yes"}', "stream"),
        ],
    )
    async def test_each_is_refused_in_the_envelope(
        self, upstream: ScriptedUpstream, body: bytes, param: str | None
    ) -> None:
        async with running(upstream.url) as proxy:
            async with proxy.client() as client:
                await client.post(body)
                answer = await client.reply()
                await client.post(ASKED)
                assert (await client.reply()).status == 200, "the connection goes on"
            record = proxy.records[0]
        assert (answer.status, answer.error["type"]) == (400, "invalid_request_error")
        assert answer.error["param"] == param
        assert answer.headers["x-should-retry"] == "false"
        assert (record.status, record.outcome, record.attempts) == (400, "failed", 0)
        assert len(upstream.calls) == 1

    async def test_strict_mode_refuses_what_would_change_the_meaning(self, upstream: ScriptedUpstream) -> None:
        async with running(upstream.url, strict=True) as proxy:
            refused = await proxy.ask(logit_bias={"1": 2})
            taken = await proxy.ask(seed=5)
        assert (refused.status, refused.error["param"]) == (400, "logit_bias")
        assert "STRICT" in refused.error["message"]
        assert taken.status == 200


class TestRefusals:
    """What the upstream refuses, in the client's words."""

    @pytest.mark.parametrize(
        ("script", "status", "type_", "code"),
        [
            (refusal(400, "invalid_request_error", "w"), 400, "invalid_request_error", None),
            (refusal(401, "authentication_error", "w"), 401, "authentication_error", "upstream_authentication"),
            (refusal(402, "billing_error", "w"), 429, "insufficient_quota", "insufficient_quota"),
            (refusal(403, "permission_error", "w"), 403, "permission_error", None),
            (refusal(404, "not_found_error", "model: x"), 404, "invalid_request_error", "model_not_found"),
            (refusal(413, "request_too_large", "w"), 413, "invalid_request_error", "request_too_large"),
            (refusal(429, "rate_limit_error", "w"), 429, "rate_limit_error", "rate_limit_exceeded"),
            (refusal(500, "api_error", "w"), 500, "server_error", None),
            (refusal(504, "timeout_error", "w"), 504, "timeout_error", "timeout"),
            (refusal(529, "overloaded_error", "w"), 503, "service_unavailable_error", "overloaded"),
            (
                refusal(400, "invalid_request_error", "Your credit balance is too low to access the API."),
                429,
                "insufficient_quota",
                "insufficient_quota",
            ),
            (
                refusal(429, "rate_limit_error", "w", error_code="contract_spend_limit_reached"),
                429,
                "insufficient_quota",
                "insufficient_quota",
            ),
        ],
    )
    @pytest.mark.parametrize("stream", [False, True])
    async def test_status_and_envelope(
        self, upstream: ScriptedUpstream, script: Script, status: int, type_: str, code: str | None, *, stream: bool
    ) -> None:
        upstream.answers(script)
        async with running(upstream.url, max_retries=0) as proxy:
            answer = await proxy.ask(stream=stream)
            record = await proxy.record()
        assert (answer.status, answer.error["type"], answer.error["code"]) == (status, type_, code)
        assert answer.headers["request-id"] == "req_1"
        assert answer.headers["content-type"] == "application/json"
        assert (record.status, record.outcome, record.stream) == (status, "failed", stream)
        assert (record.upstream_request_id, record.attempts) == ("req_1", 1)

    async def test_a_prompt_that_is_too_long(self, upstream: ScriptedUpstream) -> None:
        upstream.answers(refusal(400, "invalid_request_error", "prompt is too long: 210123 tokens > 200000 maximum"))
        async with running(upstream.url) as proxy:
            answer = await proxy.ask()
        assert (answer.status, answer.error["code"]) == (400, "context_length_exceeded")
        assert answer.error["message"] == (
            "This model's maximum context length is 200000 tokens. However, your messages resulted in 210123 tokens."
            " Please reduce the length of the messages."
        )

    @pytest.mark.parametrize("stream", [False, True])
    @pytest.mark.parametrize(
        ("words", "window", "used"),
        [
            ("input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000, decrease", 200_000, 210_000),
            ("prompt is too long", 1_000_000, 1_000_001),
            ("Input is too long for requested model.", 1_000_000, 1_000_001),
        ],
    )
    async def test_every_overflow_is_told_alike(
        self, upstream: ScriptedUpstream, words: str, window: int, used: int, *, stream: bool
    ) -> None:
        """With the numbers that clients look for; where the service tells none, the window is in the catalogue."""
        upstream.answers(refusal(400, "invalid_request_error", words))
        async with running(upstream.url) as proxy:
            answer = await proxy.ask(stream=stream)
        assert answer.error == {
            "message": f"This model's maximum context length is {window} tokens. However, your messages resulted in "
            f"{used} tokens. Please reduce the length of the messages.",
            "type": "invalid_request_error",
            "param": "messages",
            "code": "context_length_exceeded",
        }

    async def test_an_overflow_of_a_model_that_nobody_knows_keeps_its_words(self, upstream: ScriptedUpstream) -> None:
        upstream.answers(refusal(400, "invalid_request_error", "prompt is too long"))
        async with running(upstream.url) as proxy:
            answer = await proxy.ask(model="claude-nobody-9")
        assert (answer.error["message"], answer.error["code"]) == ("prompt is too long", "context_length_exceeded")

    async def test_a_page_of_the_network_in_between(self, upstream: ScriptedUpstream) -> None:
        page = b"<html>Bad gateway</html>"
        upstream.answers(
            saying(b"HTTP/1.1 502 X\r\ncf-ray: 8f-FRA\r\ncontent-length: %d\r\n\r\n%b" % (len(page), page))
        )
        async with running(upstream.url, max_retries=0) as proxy:
            answer = await proxy.ask()
        assert (answer.status, answer.error["type"]) == (502, "server_error")
        assert "cf-ray 8f-FRA" in answer.error["message"]
        assert "<html>" not in answer.error["message"]

    @pytest.mark.parametrize("status", [204, 301, 302, 307])
    async def test_what_is_neither_an_answer_nor_an_error(self, upstream: ScriptedUpstream, status: int) -> None:
        upstream.answers(
            saying(f"HTTP/1.1 {status} X\r\nlocation: http://127.0.0.1:9/\r\ncontent-length: 0\r\n\r\n".encode())
        )
        async with running(upstream.url, max_retries=0) as proxy:
            answer = await proxy.ask()
        assert answer.status == 502
        assert answer.error["type"] == "server_error"

    @pytest.mark.parametrize("told", ["nan", "inf", "-1", "1e400", "soon", ""])
    async def test_an_odd_retry_after_is_as_good_as_none(self, upstream: ScriptedUpstream, told: str) -> None:
        upstream.answers(refusal(429, "rate_limit_error", "w", f"retry-after: {told}"))
        async with running(upstream.url, max_retries=0) as proxy:
            answer = await proxy.ask()
        assert answer.status == 429
        assert "retry-after" not in answer.headers


class TestRetries:
    @pytest.mark.parametrize("stream", [False, True])
    @pytest.mark.parametrize("max_tokens", [10, BIG])
    async def test_it_is_tried_again(self, upstream: ScriptedUpstream, max_tokens: int, *, stream: bool) -> None:
        upstream.answers(OVERLOADED, OVERLOADED, whole())
        async with running(upstream.url) as proxy:
            answer = await proxy.ask(stream=stream, max_tokens=max_tokens)
            record = await proxy.record()
        assert answer.status == 200
        assert answer.ended
        assert (len(upstream.calls), record.attempts) == (3, 3)
        assert record.outcome == "answered"
        assert proxy.assembly.metrics.totals.retries == 2
        assert proxy.assembly.metrics.totals.upstream_errors == {("overloaded_error", 529): 2}

    @pytest.mark.parametrize("retries", [0, 1, 2, 4])
    async def test_as_often_as_it_is_set(self, upstream: ScriptedUpstream, retries: int) -> None:
        upstream.answers(OVERLOADED)
        async with running(upstream.url, max_retries=retries) as proxy:
            answer = await proxy.ask()
            record = await proxy.record()
        assert answer.status == 503
        assert len(upstream.calls) == record.attempts == retries + 1
        assert answer.headers.get("x-should-retry") == ("false" if retries else None)

    async def test_not_when_the_client_does_it(self, upstream: ScriptedUpstream) -> None:
        upstream.answers(OVERLOADED)
        async with running(upstream.url) as proxy:
            first = await proxy.ask(headers={"x-stainless-retry-count": "0"})
            second = await proxy.ask(headers={"x-stainless-retry-count": "1"})
        assert len(upstream.calls) == 3 + 1
        assert first.headers["x-should-retry"] == "false"
        assert "x-should-retry" not in second.headers

    @pytest.mark.parametrize(
        ("script", "calls"),
        [
            (refusal(400, "invalid_request_error", "w"), 1),
            (refusal(401, "authentication_error", "w"), 1),
            (refusal(403, "permission_error", "w"), 1),
            (refusal(400, "invalid_request_error", "w", "x-should-retry: true", "retry-after: 0"), 3),
            (refusal(529, "overloaded_error", "w", "x-should-retry: false"), 1),
            (refusal(429, "rate_limit_error", "w", error_code="enforced_spend_limit_reached"), 1),
            (refusal(409, "conflict_error", "w", "retry-after-ms: 1"), 3),
            (refusal(408, "timeout_error", "w", "retry-after-ms: 1"), 3),
        ],
    )
    async def test_what_is_worth_it(self, upstream: ScriptedUpstream, script: Script, calls: int) -> None:
        upstream.answers(script)
        async with running(upstream.url) as proxy:
            await proxy.ask()
        assert len(upstream.calls) == calls

    async def test_after_as_long_as_is_said(self, upstream: ScriptedUpstream) -> None:
        upstream.answers(refusal(429, "rate_limit_error", "w", "retry-after-ms: 1500"), whole())
        async with running(upstream.url) as proxy:
            begun = time.monotonic()
            assert (await proxy.ask()).status == 200
        assert 1.5 <= time.monotonic() - begun < 5

    async def test_a_long_wait_is_the_clients(self, upstream: ScriptedUpstream) -> None:
        upstream.answers(refusal(429, "rate_limit_error", "w", "retry-after: 10.5"))
        async with running(upstream.url) as proxy:
            answer = await proxy.ask()
        assert answer.status == 429
        assert len(upstream.calls) == 1
        assert answer.headers["retry-after"] == "11"
        assert answer.headers["retry-after-ms"] == "10500"
        assert "x-should-retry" not in answer.headers

    async def test_no_longer_than_there_is_time(self, upstream: ScriptedUpstream) -> None:
        upstream.answers(refusal(429, "rate_limit_error", "the true reason", "retry-after: 5"))
        async with running(upstream.url, answer_seconds=4) as proxy:
            begun = time.monotonic()
            answer = await proxy.ask()
        assert time.monotonic() - begun < 3
        assert (answer.status, answer.error["message"]) == (429, "the true reason")
        assert answer.headers["retry-after"] == "5"
        assert answer.headers["x-should-retry"] == "false"

    @pytest.mark.parametrize("stream", [False, True])
    @pytest.mark.parametrize("reset", [False, True])
    async def test_a_connection_that_breaks_before_the_answer(
        self, upstream: ScriptedUpstream, *, stream: bool, reset: bool
    ) -> None:
        upstream.answers(breaking_off(reset=reset), whole())
        async with running(upstream.url) as proxy:
            answer = await proxy.ask(stream=stream)
        assert answer.status == 200
        assert answer.ended

    async def test_an_upstream_that_is_not_there(self) -> None:
        async with running("http://127.0.0.1:9", max_retries=1) as proxy:
            answer = await proxy.ask()
            record = await proxy.record()
        assert (answer.status, answer.error["type"]) == (503, "server_error")
        assert record.attempts == 2
        assert record.cause == "ConnectionRefusedError" or record.cause is not None


class TestTimes:
    @pytest.mark.parametrize("max_tokens", [10, BIG])
    async def test_a_whole_answer_is_there_in_time_or_fails(self, upstream: ScriptedUpstream, max_tokens: int) -> None:
        upstream.answers(silent(b""))
        async with running(upstream.url, answer_seconds=1) as proxy:
            begun = time.monotonic()
            answer = await proxy.ask(max_tokens=max_tokens)
            seconds = time.monotonic() - begun
            await asyncio.wait_for(upstream.calls[0].gone.wait(), 5)
        assert (answer.status, answer.error["type"], answer.error["code"]) == (504, "timeout_error", "timeout")
        assert 0.9 < seconds < 2.5
        assert len(upstream.calls) == 1

    async def test_an_upstream_that_does_not_begin(self, upstream: ScriptedUpstream) -> None:
        upstream.answers(silent())
        async with running(upstream.url, first_byte_seconds=0.3) as proxy:
            answer = await proxy.ask(stream=True)
        assert (answer.status, answer.error["code"]) == (504, "timeout")


class TestStored:
    """Requests that name stored things are decoded once these were found."""

    @pytest.fixture
    def endpoint(self) -> Endpoint:
        def begin(body: bytes, default_model: str) -> PendingRequest:
            previous = json.loads(body).pop("previous", None)

            def resume(values: Mapping[str, bytes]) -> DecodedRequest:
                if previous is not None and previous not in values:
                    raise InvalidRequest(f"There is no {previous}.", param="previous", status=404)
                question = {"role": "user", "content": "".join(value.decode() for value in values.values()) or "Hi."}
                return CHAT_COMPLETIONS.decode(json.dumps({"messages": [question]}).encode(), default_model)

            return PendingRequest(() if previous is None else (previous,), resume)

        return msgspec.structs.replace(CHAT_COMPLETIONS, path="/stored", begin=begin)

    @pytest.mark.parametrize(("fields", "words"), [({}, "Hi."), ({"previous": "resp_1"}, "Again.")])
    async def test_what_was_found_is_part_of_the_request(
        self, upstream: ScriptedUpstream, endpoint: Endpoint, fields: dict[str, str], words: str
    ) -> None:
        async with running(upstream.url) as proxy:
            proxy.assembly.state.replies = OneReply()
            proxy.assembly.app._routes = Routes([("POST", "/stored", endpoint)])
            async with proxy.client() as client:
                await client.post(fields, path="/stored")
                assert (await client.reply()).status == 200
        assert words in json.dumps(upstream.calls[0].json["messages"])

    async def test_what_was_not_found_is_the_endpoints_to_refuse(
        self, upstream: ScriptedUpstream, endpoint: Endpoint
    ) -> None:
        async with running(upstream.url) as proxy:
            proxy.assembly.app._routes = Routes([("POST", "/stored", endpoint)])
            async with proxy.client() as client:
                await client.post({"previous": "resp_2"}, path="/stored")
                refused = await client.reply()
        assert (refused.status, refused.error["param"]) == (404, "previous")
        assert not upstream.calls


class OneReply(NoReplies):
    async def find(self, ids: Sequence[str], headers: Mapping[bytes, bytes]) -> Mapping[str, bytes]:
        return {"resp_1": b"Again."} if "resp_1" in ids else {}


@pytest.mark.parametrize(
    "body",
    [
        b'{"messages": []}',
        b'{"model": null}',
        b'{"model": "anthropic/claude-sonnet-4.6", "messages": []}',
        b"{oops",
        b"\xff",
        b'{"model": 7}',
        b"[" * 100_000,
    ],
)
def test_what_does_not_disagree_stays_byte_for_byte(body: bytes) -> None:
    assert with_path_model(body, "claude-sonnet-4-6", catalogue=BUILT_IN) == (body, ())


def test_the_address_decides_and_says_so() -> None:
    body, notes = with_path_model(b'{"model": "gpt-4o", "n": 1.0}', "claude-sonnet-4-6", catalogue=BUILT_IN)
    assert body == b'{"model": "claude-sonnet-4-6", "n": 1.0}'
    assert [(note.path, note.changes_meaning) for note in notes] == [("model", True)]


def test_a_deployment_may_have_any_name() -> None:
    body, notes = with_path_model(b'{"model": "a"}', 'my"deployment', catalogue=BUILT_IN)
    assert json.loads(body) == {"model": 'my"deployment'}
    assert notes


@pytest.mark.parametrize(
    ("fields", "adjusted"), [({}, True), ({"model": ""}, False), ({"model": "claude-haiku-4.5"}, False)]
)
async def test_azures_address_names_the_model(
    upstream: ScriptedUpstream, fields: dict[str, str], *, adjusted: bool
) -> None:
    upstream.answers(whole())
    async with running(upstream.url) as proxy:
        path = "/openai/deployments/claude-haiku-4-5/chat/completions?api-version=2024-10-21"
        reply = await proxy.ask(path=path, headers={"api-key": "anything"}, **fields)
    assert reply.status == 200
    assert upstream.calls[0].json["model"].startswith("claude-haiku-4-5")
    assert ("the address names another model" in reply.headers.get("x-claude-proxy-adjustments", "")) is adjusted
