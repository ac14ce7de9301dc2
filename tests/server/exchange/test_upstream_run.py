"""Asking again: after a refusal that teaches, for an answer that does not fit, to go on after a pause. All bounded."""

import asyncio
import json
import re
from typing import Any

import pytest

from claude_code_proxy.server.exchange.upstream_run import gather_or_cancel
from tests.server.running import KEY, Reply, running
from tests.server.scripted_upstream import (
    LAST_CHUNK,
    MESSAGE,
    STREAM_HEAD,
    Call,
    Script,
    ScriptedUpstream,
    breaking_off,
    chunk,
    error_event,
    frames,
    refusal,
    saying,
    spelled,
    start,
    text,
    text_start,
    whole,
)

NO_SAMPLING = refusal(400, "invalid_request_error", "`temperature` is deprecated for this model.")
JSON_WANTED: dict[str, Any] = {"response_format": {"type": "json_object"}, "max_tokens": 100}
SEARCHING: dict[str, Any] = {"web_search_options": {}, "max_tokens": 100}


def answering(text: str, **changes: Any) -> Script:
    return whole({**MESSAGE, "content": [{"type": "text", "text": text}], **changes})


def content(reply: Reply, *, stream: bool) -> str:
    if stream:
        assert reply.ended
        return reply.text
    words: str = reply.json["choices"][0]["message"]["content"]
    return words


@pytest.mark.parametrize("stream", [False, True])
class TestRefusals:
    async def test_a_lesson_is_heeded_and_kept(self, upstream: ScriptedUpstream, *, stream: bool) -> None:
        upstream.answers(NO_SAMPLING, whole())
        async with running(upstream.url) as proxy:
            first = await proxy.ask(temperature=0.3, stream=stream)
            assert content(first, stream=stream) == "Hello there."
            assert "temperature=dropped" in first.headers["x-claude-proxy-adjustments"]
            await proxy.ask(temperature=0.3, stream=stream)
            records = [await proxy.record(0), await proxy.record(1)]
        assert ["temperature" in call.json for call in upstream.calls] == [True, False, False]
        assert [record.attempts for record in records] == [2, 1]
        assert [record.outcome for record in records] == ["answered", "answered"]
        assert all(len(record.adjustments) == 1 for record in records)

    async def test_one_that_teaches_nothing_is_passed_on(self, upstream: ScriptedUpstream, *, stream: bool) -> None:
        upstream.answers(refusal(400, "invalid_request_error", "Something else."))
        async with running(upstream.url) as proxy:
            reply = await proxy.ask(temperature=0.3, stream=stream)
        assert (reply.status, reply.error["message"]) == (400, "Something else.")
        assert len(upstream.calls) == 1

    async def test_one_lesson_for_each_request(self, upstream: ScriptedUpstream, *, stream: bool) -> None:
        upstream.answers(
            NO_SAMPLING, refusal(400, "invalid_request_error", "max_tokens: 9 > 5, which is the maximum allowed")
        )
        async with running(upstream.url) as proxy:
            reply = await proxy.ask(temperature=0.3, stream=stream)
        assert reply.status == 400
        assert len(upstream.calls) == 2

    async def test_a_beta_that_the_upstream_does_not_know_is_left_out(
        self, upstream: ScriptedUpstream, *, stream: bool
    ) -> None:
        words = "Unexpected value(s) `effort-2025-11-24` for the `anthropic-beta` header. Please consult"
        upstream.answers(refusal(400, "invalid_request_error", words), whole())
        told = {"anthropic-beta": "effort-2025-11-24,interleaved-thinking-2025-05-14"}
        async with running(upstream.url) as proxy:
            reply = await proxy.ask(headers=told, stream=stream)
            record = await proxy.record()
        assert content(reply, stream=stream) == "Hello there."
        assert b"anthropic-beta: interleaved-thinking-2025-05-14\r\n" in upstream.calls[1].head
        assert reply.headers["x-claude-proxy-adjustments"] == (
            "anthropic-beta=ignored (effort-2025-11-24: the upstream does not know it)"
        )
        assert record.attempts == 2

    async def test_a_beta_that_is_refused_and_was_not_the_callers(
        self, upstream: ScriptedUpstream, *, stream: bool
    ) -> None:
        words = "Unexpected value(s) `fast-mode-2026-02-01` for the `anthropic-beta` header. Please consult"
        upstream.answers(refusal(400, "invalid_request_error", words))
        async with running(upstream.url) as proxy:
            reply = await proxy.ask(model="claude-opus-4-8", speed="fast", stream=stream)
        assert (reply.status, len(upstream.calls)) == (400, 1)

    async def test_what_is_refused_after_that_is_explained_too(
        self, upstream: ScriptedUpstream, *, stream: bool
    ) -> None:
        upstream.answers(NO_SAMPLING, refusal(400, "invalid_request_error", "prompt is too long"))
        async with running(upstream.url) as proxy:
            reply = await proxy.ask(temperature=0.3, stream=stream)
        assert reply.error["message"].startswith("This model's maximum context length is 1000000 tokens.")

    async def test_a_lesson_in_the_first_event(self, upstream: ScriptedUpstream, *, stream: bool) -> None:
        late = saying(
            STREAM_HEAD
            + chunk(frames(error_event("invalid_request_error", "`temperature` is deprecated for this model.")))
            + LAST_CHUNK
        )
        upstream.answers(late, whole())
        async with running(upstream.url) as proxy:
            reply = await proxy.ask(temperature=0.3, stream=stream)
        assert content(reply, stream=stream) == "Hello there."


@pytest.mark.parametrize("stream", [False, True])
class TestRepairs:
    async def test_an_answer_that_does_not_fit_is_asked_for_once_more(
        self, upstream: ScriptedUpstream, *, stream: bool
    ) -> None:
        upstream.answers(answering("No idea."), answering('{"ok": true}'))
        async with running(upstream.url) as proxy:
            reply = await proxy.ask(**JSON_WANTED, stream=stream)
            record = await proxy.record()
        assert json.loads(content(reply, stream=stream)) == {"ok": True}
        assert len(upstream.calls) == 2
        assert upstream.calls[1].json["messages"][-2]["content"][0]["text"] == "No idea."
        assert "response_format:repaired" in {f"{a.path}:{a.action}" for a in record.adjustments}
        assert (record.outcome, record.attempts) == ("answered", 2)

    async def test_but_only_once(self, upstream: ScriptedUpstream, *, stream: bool) -> None:
        upstream.answers(answering("No idea."))
        async with running(upstream.url) as proxy:
            reply = await proxy.ask(**JSON_WANTED, stream=stream)
            record = await proxy.record()
        assert (reply.status, reply.error["code"]) == (422, "model_output_invalid")
        assert len(upstream.calls) == 2
        assert record.outcome == "failed"


async def test_an_answer_held_by_a_grammar_streams_and_is_not_asked_for_again(upstream: ScriptedUpstream) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string", "minLength": 3}}, "required": ["a"]}
    form = {"type": "json_schema", "json_schema": {"name": "a", "schema": {**schema, "additionalProperties": False}}}
    upstream.answers(answering('{"a": "b"}'))
    async with running(upstream.url) as proxy:
        reply = await proxy.ask(response_format=form, stream=True)
    assert len(upstream.calls) == 1
    assert b"model_output_invalid" in reply.body


async def test_json_that_is_whole_does_not_wait_for_the_end_of_the_answer(upstream: ScriptedUpstream) -> None:
    """Nothing of it is sent before."""
    begun = frames(start(), text_start(), text('Here: {"ok"'), text(": true}"))
    upstream.answers(breaking_off(STREAM_HEAD + chunk(begun)))
    async with running(upstream.url) as proxy:
        reply = await proxy.ask(**JSON_WANTED, stream=True)
    assert "error" in reply.chunks[-1]
    assert "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in reply.chunks[:-1]) == '{"ok": true}'


@pytest.mark.parametrize("stream", [False, True])
async def test_an_answer_that_was_asked_for_twice_is_billed_twice(upstream: ScriptedUpstream, *, stream: bool) -> None:
    upstream.answers(answering("No idea."), answering('{"ok": true}'))
    async with running(upstream.url) as proxy:
        await proxy.ask(**JSON_WANTED, stream=stream)
        record = await proxy.record()
    assert record.usage is not None
    assert (record.usage.input_tokens, record.usage.output_tokens) == (50, 24)


@pytest.mark.parametrize("stream", [False, True])
class TestPauses:
    async def test_a_paused_turn_goes_on(self, upstream: ScriptedUpstream, *, stream: bool) -> None:
        paused = answering("Let me look.", stop_reason="pause_turn")
        upstream.answers(paused, paused, answering("Here it is."))
        async with running(upstream.url) as proxy:
            reply = await proxy.ask(**SEARCHING, stream=stream)
            record = await proxy.record()
        assert content(reply, stream=stream) == "Let me look.Let me look.Here it is."
        assert [len(call.json["messages"]) for call in upstream.calls] == [1, 2, 2]
        assert len(upstream.calls[2].json["messages"][1]["content"]) == 2
        assert record.attempts == 3
        assert record.usage is not None
        assert (record.usage.input_tokens, record.usage.output_tokens) == (75, 36)

    async def test_not_without_end(self, upstream: ScriptedUpstream, *, stream: bool) -> None:
        upstream.answers(answering("On and on.", stop_reason="pause_turn"))
        async with running(upstream.url) as proxy:
            reply = await proxy.ask(**SEARCHING, stream=stream)
        assert len(upstream.calls) == 9
        assert content(reply, stream=stream) == "On and on." * 9

    async def test_only_where_the_service_may_pause(self, upstream: ScriptedUpstream, *, stream: bool) -> None:
        upstream.answers(answering("Let me look.", stop_reason="pause_turn"))
        async with running(upstream.url) as proxy:
            reply = await proxy.ask(stream=stream)
        assert len(upstream.calls) == 1
        assert content(reply, stream=stream) == "Let me look."

    async def test_a_part_that_fails(self, upstream: ScriptedUpstream, *, stream: bool) -> None:
        refused = refusal(400, "invalid_request_error", "no more")
        upstream.answers(answering("Let me look.", stop_reason="pause_turn"), refused)
        async with running(upstream.url) as proxy:
            reply = await proxy.ask(**SEARCHING, stream=stream)
            record = await proxy.record()
        if stream:
            assert not reply.ended
            assert reply.chunks[-1]["error"]["message"] == "no more"
        else:
            assert (reply.status, reply.error["message"]) == (400, "no more")
        assert record.outcome == ("broken" if stream else "failed")


async def test_the_first_of_several_choices_goes_ahead(upstream: ScriptedUpstream) -> None:
    seen: list[int] = []

    async def script(call: Call) -> None:
        seen.append(len(upstream.calls))
        await whole()(call)

    upstream.answers(script)
    async with running(upstream.url) as proxy:
        assert len((await proxy.ask(n=4, max_tokens=10)).json["choices"]) == 4
    assert seen[0] == 1, "what it writes to the prompt cache, the others read"
    assert len(upstream.calls) == 4


async def test_thinking_comes_back_in_the_next_turn(upstream: ScriptedUpstream) -> None:
    call = {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {"at": "it"}}
    thought = {"type": "thinking", "thinking": "hm", "signature": "c2ln"}
    turn = {**MESSAGE, "content": [thought, call], "stop_reason": "tool_use"}
    tools = [{"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}]
    upstream.answers(whole(turn), whole())
    async with running(upstream.url) as proxy:
        asked: dict[str, Any] = {
            "model": "claude-opus-4-6",
            "tools": tools,
            "reasoning_effort": "high",
            "max_tokens": 4000,
        }
        user = {"role": "user", "content": "Look."}
        reply = await proxy.ask(**asked, messages=[user])
        message = reply.json["choices"][0]["message"]
        replayed = {"role": "assistant", "content": None, "tool_calls": message["tool_calls"]}
        result = {"role": "tool", "tool_call_id": "toolu_1", "content": "seen"}
        await proxy.ask(**asked, messages=[user, replayed, result])
    assert upstream.calls[1].json["messages"][1]["content"][0]["signature"] == "c2ln"


def test_the_double_speaks() -> None:
    assert spelled(MESSAGE)[0] == start()


HAIKU: dict[str, Any] = {"model": "claude-haiku-5-5"}
LONG = {"input_tokens": 60_000, "output_tokens": 1000}  # twice that is long enough for the dearer rate
LONG_COST = 60_000 * 0.10e-6 + 1000 * 0.50e-6


async def test_each_request_has_a_price_of_its_own_whole(upstream: ScriptedUpstream) -> None:
    upstream.answers(answering("No idea.", usage=LONG), answering('{"ok": true}', usage=LONG))
    async with running(upstream.url) as proxy:
        reply = await proxy.ask(**HAIKU, **JSON_WANTED)
        record = await proxy.record()
    assert record.cost == pytest.approx(2 * LONG_COST)
    assert reply.json["usage"]["cost"] == pytest.approx(2 * LONG_COST)
    assert reply.json["usage"]["prompt_tokens"] == 120_000


@pytest.mark.parametrize("stream", [False, True])
async def test_each_request_has_a_price_of_its_own_after_a_pause(upstream: ScriptedUpstream, *, stream: bool) -> None:
    paused = answering("Let me look.", stop_reason="pause_turn", usage=LONG)
    upstream.answers(paused, paused, answering("Here it is.", usage=LONG))
    async with running(upstream.url) as proxy:
        reply = await proxy.ask(**HAIKU, **SEARCHING, stream=stream, **(USAGE_ASKED if stream else {}))
        record = await proxy.record()
    told = reply.chunks[-1]["usage"] if stream else reply.json["usage"]
    assert record.cost == pytest.approx(3 * LONG_COST)
    assert told["cost"] == pytest.approx(3 * LONG_COST)


USAGE_ASKED: dict[str, Any] = {"stream_options": {"include_usage": True}}
FORCED: dict[str, Any] = {
    "model": "claude-sonnet-5-5",
    "tools": [{"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}],
    "tool_choice": "required",
    "max_tokens": 100,
}
CALLING = chunk(
    frames(
        start(),
        {
            "type": "content_block_start",
            "index": 0,
            "content_block": {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}},
        },
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "tool_use"},
            "usage": {"input_tokens": 25, "output_tokens": 12},
        },
        {"type": "message_stop"},
    )
)


class TestForcedCalls:
    async def test_in_a_stream_both_answers_are_counted(self, upstream: ScriptedUpstream) -> None:
        upstream.answers(answering("I had rather talk."), saying(STREAM_HEAD + CALLING + LAST_CHUNK))
        async with running(upstream.url) as proxy:
            reply = await proxy.ask(**FORCED, **USAGE_ASKED, stream=True)
            record = await proxy.record()
        assert reply.ended
        assert reply.chunks[0]["choices"][0]["delta"]["role"] == "assistant"
        usage = reply.chunks[-1]["usage"]
        assert (usage["prompt_tokens"], usage["completion_tokens"]) == (50, 24)
        assert record.usage is not None
        assert (record.usage.input_tokens, record.usage.output_tokens) == (50, 24)
        assert record.cost == pytest.approx(2 * (25 * 2e-6 + 12 * 10e-6))
        assert usage["cost"] == pytest.approx(record.cost)

    @pytest.mark.parametrize("stream", [False, True])
    async def test_what_is_given_up_was_paid_for_too(self, upstream: ScriptedUpstream, *, stream: bool) -> None:
        upstream.answers(answering("I had rather talk."))
        async with running(upstream.url) as proxy:
            reply = await proxy.ask(**FORCED, stream=stream)
            record = await proxy.record()
        assert (reply.status, reply.error["code"]) == (422, "tool_choice_not_met")
        assert record.usage is not None
        assert (record.usage.input_tokens, record.usage.output_tokens) == (50, 24)
        assert record.cost == pytest.approx(2 * (25 * 2e-6 + 12 * 10e-6))

    async def test_one_choice_of_several_is_mended_while_others_flow(self, upstream: ScriptedUpstream) -> None:
        calling = saying(STREAM_HEAD + CALLING + LAST_CHUNK)
        upstream.answers(calling, answering("I had rather talk."), calling)
        async with running(upstream.url) as proxy:
            reply = await proxy.ask(**FORCED, **USAGE_ASKED, stream=True, n=2)
            record = await proxy.record()
        assert reply.ended
        assert record.attempts == 3
        assert reply.chunks[-1]["usage"]["completion_tokens"] == 36


async def test_of_several_choices_the_others_start_as_the_first_begins(upstream: ScriptedUpstream) -> None:
    """However short they are to be: nobody waits for the end of the first."""

    async def slow(call: Call) -> None:
        first, *rest = spelled(MESSAGE)
        await call.send(STREAM_HEAD)
        await call.events(first)
        await upstream.call(2)  # and not before
        await call.events(*rest)
        await call.send(LAST_CHUNK)

    upstream.answers(slow, whole())
    async with running(upstream.url) as proxy:
        reply = await proxy.ask(n=3, max_tokens=10)
        record = await proxy.record()
    assert [choice["message"]["content"] for choice in reply.json["choices"]] == ["Hello there."] * 3
    assert reply.json["usage"]["completion_tokens"] == 36
    assert record.attempts == 3
    assert [bool(call.json.get("stream")) for call in upstream.calls] == [True, False, False]


async def test_several_choices_too_are_there_in_time_or_fail(upstream: ScriptedUpstream) -> None:
    async def slow(call: Call) -> None:
        await call.send(STREAM_HEAD)
        await call.events(start())
        await call.until_gone()
        raise ConnectionAbortedError

    upstream.answers(slow)
    async with running(upstream.url, answer_seconds=1) as proxy:
        reply = await proxy.ask(n=2, max_tokens=10)
    assert (reply.status, reply.error["type"]) == (504, "timeout_error")
    assert reply.headers["x-should-retry"] == "false"
    assert [call.gone.is_set() for call in upstream.calls] == [True, True]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("status", "kind", "words", "code"),
    [
        (429, "rate_limit_error", "Extra usage is required for long context requests.", "insufficient_quota"),
        (429, "rate_limit_error", "Usage credits are required for long context requests.", "insufficient_quota"),
        (400, "invalid_request_error", "Output blocked by content filtering policy", "content_filter"),
        (401, "authentication_error", "invalid x-api-key", "upstream_authentication"),
    ],
)
async def test_a_hopeless_refusal_is_not_repeated(
    upstream: ScriptedUpstream, status: int, kind: str, words: str, code: str, *, stream: bool
) -> None:
    upstream.answers(refusal(status, kind, words, "x-should-retry: true" if status == 429 else "x-a: b"))
    async with running(upstream.url, max_retries=3) as proxy:
        reply = await proxy.ask(stream=stream)
    assert (reply.status, reply.error["code"], len(upstream.calls)) == (status, code, 1)
    assert words in reply.error["message"]


@pytest.mark.parametrize("status", [400, 413])
async def test_an_overflow_under_either_status(upstream: ScriptedUpstream, status: int) -> None:
    upstream.answers(refusal(status, "invalid_request_error", "Request size exceeds model context window"))
    async with running(upstream.url) as proxy:
        reply = await proxy.ask()
    assert (reply.status, reply.error["code"]) == (400, "context_length_exceeded")
    assert re.fullmatch(
        r"This model's maximum context length is \d+ tokens. However, your messages resulted in \d+ tokens. .*",
        reply.error["message"],
    )


async def test_a_body_that_is_too_large_is_no_overflow(upstream: ScriptedUpstream) -> None:
    upstream.answers(refusal(413, "request_too_large", "Request exceeds the maximum size"))
    async with running(upstream.url) as proxy:
        reply = await proxy.ask()
    assert (reply.status, reply.error["code"]) == (413, "request_too_large")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b'{"type":"error","error":{"type":"not_found_error","message":"model: x"}}', 404, "model_not_found"),
        (b'{"type":"error","error":{"type":"not_found_error","message":"File not found: file_1"}}', 404, None),
        (b"<html>404</html>", 502, None),
        (b'{"detail":"Not Found"}', 502, None),
    ],
)
async def test_only_an_api_error_says_that_a_model_is_retired(
    upstream: ScriptedUpstream, body: bytes, status: int, code: str | None
) -> None:
    upstream.answers(saying(b"HTTP/1.1 404 X\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)))
    async with running(upstream.url) as proxy:
        reply = await proxy.ask(model="claude-3-opus-20240229")
    assert (reply.status, reply.error["code"], len(upstream.calls)) == (status, code, 1)
    assert ("retired" in reply.error["message"]) == (code == "model_not_found")
    assert ("ANTHROPIC_API_BASE" in reply.error["message"]) == (status == 502)


@pytest.mark.parametrize("stream", [False, True])
async def test_a_credential_that_the_upstream_echoes_reaches_nobody(
    upstream: ScriptedUpstream, *, stream: bool
) -> None:
    async def echo(call: Call) -> None:
        await refusal(
            400, "invalid_request_error", f"bad {KEY}", f"request-id: {KEY}", f"anthropic-ratelimit-tokens-limit: {KEY}"
        )(call)

    async def echo_midway(call: Call) -> None:
        await call.send(STREAM_HEAD)
        await call.events(start(), text_start(), text("a"), error_event("api_error", f"bad {KEY}"))

    upstream.answers(echo, echo_midway)
    async with running(upstream.url, max_retries=0) as proxy:
        replies = [await proxy.ask(stream=stream), await proxy.ask(stream=True)]
        records = [await proxy.record(0), await proxy.record(1)]
    assert all(KEY not in f"{reply.headers}{reply.body!r}" for reply in replies)
    assert "bad ****" in replies[0].error["message"]
    assert b"bad ****" in replies[1].body
    assert all(KEY not in str(record) for record in records)


async def giving(value: int, seconds: float = 0.0) -> int:
    await asyncio.sleep(seconds)
    return value


async def test_results_in_order() -> None:
    assert await gather_or_cancel([giving(1, 0.02), giving(2), giving(3, 0.01)]) == [1, 2, 3]
    assert await gather_or_cancel([]) == []


async def test_the_first_failure_cancels_the_rest_and_is_raised_as_itself() -> None:
    ended: list[str] = []

    async def long() -> int:
        try:
            await asyncio.sleep(10)
        finally:
            ended.append("long")
        return 0

    async def fail() -> int:
        await asyncio.sleep(0.01)
        raise KeyError("it") from ValueError("cause")

    async with asyncio.timeout(1):
        with pytest.raises(KeyError) as caught:
            await gather_or_cancel([long(), fail(), long()])
    assert isinstance(caught.value.__cause__, ValueError)
    assert ended == ["long", "long"]


async def test_cancelling_it_cancels_all() -> None:
    ended: list[None] = []

    async def long() -> None:
        try:
            await asyncio.sleep(10)
        finally:
            ended.append(None)

    task = asyncio.create_task(gather_or_cancel([long(), long()]))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(ended) == 2
