"""Streams that go well, break, are left, or are read slowly: seen on a raw socket, to the last chunk or its absence."""

import asyncio
import os
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.server.doubles import MistakenUpstream
from tests.server.running import ASKED, Reply, eventually, running
from tests.server.scripted_upstream import (
    LAST_CHUNK,
    MESSAGE,
    STREAM_HEAD,
    Call,
    Script,
    ScriptedUpstream,
    breaking_off,
    chunk,
    end,
    error_event,
    frames,
    silent,
    spelled,
    start,
    text,
    text_start,
    whole,
)
from tests.server.server_process import process

BEGUN = STREAM_HEAD + chunk(frames(start(), text_start(), text("Hello"), text(" th")))
DONE = b"data: [DONE]"


def finish_reasons(reply: Reply) -> list[str]:
    choices = [choice for chunk_ in reply.chunks for choice in chunk_.get("choices", [])]
    return [choice["finish_reason"] for choice in choices if choice["finish_reason"] is not None]


class TestWell:
    async def test_a_stream(self, upstream: ScriptedUpstream) -> None:
        async with running(upstream.url) as proxy:
            reply = await proxy.ask(stream=True, stream_options={"include_usage": True})
            record = await proxy.record()
        assert (reply.status, reply.ended) == (200, True)
        assert reply.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert reply.headers["cache-control"] == "no-cache"
        assert reply.headers["x-accel-buffering"] == "no"
        assert reply.headers["transfer-encoding"] == "chunked"
        assert reply.headers["request-id"] == "req_1"
        assert reply.text == "Hello there."
        assert finish_reasons(reply) == ["stop"]
        assert reply.chunks[-1]["usage"]["completion_tokens"] == 12
        assert reply.frames[-1] == DONE
        assert {chunk_["id"] for chunk_ in reply.chunks} == {f"chatcmpl-{record.id}"}
        assert upstream.calls[0].json["stream"] is True
        assert (record.status, record.outcome, record.stream) == (200, "answered", True)
        assert record.usage is not None
        assert (record.usage.input_tokens, record.usage.output_tokens) == (25, 12)
        assert record.cost == pytest.approx(25 * 3e-6 + 12 * 15e-6)

    @pytest.mark.parametrize("size", [1, 7, 100, 1000])
    async def test_in_pieces_of_any_size(self, upstream: ScriptedUpstream, size: int) -> None:
        body = frames(*spelled(MESSAGE))

        async def pieces(call: Call) -> None:
            await call.send(STREAM_HEAD)
            for at in range(0, len(body), size):
                call.writer.write(chunk(body[at : at + size]))
                if at % 50 == 0:
                    await asyncio.sleep(0)
            await call.send(LAST_CHUNK)

        upstream.answers(pieces)
        async with running(upstream.url) as proxy:
            reply = await proxy.ask(stream=True)
        assert reply.text == "Hello there."
        assert reply.frames[-1] == DONE
        assert reply.ended

    async def test_what_one_read_brings_leaves_in_one_chunk(self, upstream: ScriptedUpstream) -> None:
        async with running(upstream.url) as proxy, proxy.client() as client:
            await client.post({**ASKED, "stream": True})
            reply = await client.reply_head()
            first = await client.piece(reply)
            assert first is not None
            assert first.endswith(DONE + b"\n\n")

    async def test_each_token_leaves_at_once(self, upstream: ScriptedUpstream) -> None:
        go_on = asyncio.Event()

        async def waiting(call: Call) -> None:
            await call.send(BEGUN)
            await go_on.wait()
            await call.send(chunk(frames(text("ere."), *end())) + LAST_CHUNK)

        upstream.answers(waiting)
        async with running(upstream.url) as proxy, proxy.client() as client:
            await client.post({**ASKED, "stream": True})
            reply = await client.reply_head()
            reply.body = await client.piece(reply) or b""
            assert reply.text == "Hello th"
            go_on.set()
            while piece := await client.piece(reply):
                reply.body += piece
        assert reply.text == "Hello there."

    async def test_the_first_byte_is_when_the_answer_begins(self, upstream: ScriptedUpstream) -> None:
        async def slow(call: Call) -> None:
            await asyncio.sleep(0.1)
            await call.send(BEGUN)
            await asyncio.sleep(0.8)
            await call.send(chunk(frames(*end())) + LAST_CHUNK)

        upstream.answers(slow)
        async with running(upstream.url) as proxy:
            await proxy.ask(stream=True)
            record = await proxy.record()
        assert record.first_byte is not None
        assert 0.1 <= record.first_byte < 0.7
        assert record.duration >= 0.9

    async def test_both_connections_are_kept(self, upstream: ScriptedUpstream) -> None:
        """Also when the last chunk comes a little later than the last event, as it does from far away."""

        async def late_end(call: Call) -> None:
            await call.send(STREAM_HEAD + chunk(frames(*spelled(MESSAGE))))
            await asyncio.sleep(0.03)
            await call.send(LAST_CHUNK)

        upstream.answers(late_end)
        async with running(upstream.url) as proxy, proxy.client() as client:
            for _ in range(4):
                await client.post({**ASKED, "stream": True})
                reply = await client.reply()
                assert reply.ended
                await asyncio.sleep(0.06)
            assert upstream.connections <= 2  # one of them asked for the models

    async def test_a_body_that_never_ends_is_not_waited_for(self, upstream: ScriptedUpstream) -> None:
        upstream.answers(silent(STREAM_HEAD + chunk(frames(*spelled(MESSAGE)))))
        async with running(upstream.url) as proxy:
            reply = await proxy.ask(stream=True)
            assert reply.ended
            assert not upstream.calls[0].gone.is_set()
            await asyncio.wait_for(upstream.calls[0].gone.wait(), 5)

    async def test_several_choices_at_once(self, upstream: ScriptedUpstream) -> None:
        async with running(upstream.url) as proxy:
            reply = await proxy.ask(stream=True, n=3, stream_options={"include_usage": True})
            record = await proxy.record()
        assert reply.ended
        assert reply.frames.count(DONE) == 1
        assert reply.frames[-1] == DONE
        texts = dict.fromkeys(range(3), "")
        for chunk_ in reply.chunks:
            for choice in chunk_["choices"]:
                texts[choice["index"]] += choice["delta"].get("content") or ""
        assert set(texts.values()) == {"Hello there."}
        assert finish_reasons(reply) == ["stop"] * 3
        assert [chunk_["usage"]["completion_tokens"] for chunk_ in reply.chunks if chunk_.get("usage")] == [36]
        assert record.usage is not None
        assert record.usage.output_tokens == 36

    async def test_http_1_0(self, upstream: ScriptedUpstream) -> None:
        async with running(upstream.url) as proxy, proxy.client() as client:
            body = b'{"model":"claude-sonnet-4-6","stream":true,"messages":[{"role":"user","content":"hi"}]}'
            request = b"POST /v1/chat/completions HTTP/1.0\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)
            await client.send(request)
            reply = await client.reply_head()
            assert "transfer-encoding" not in reply.headers
            assert (await client.reader.read()).endswith(DONE + b"\n\n")


def begun_then(data: bytes = b"", *, reset: bool = False) -> Script:
    """Return a script: the beginning of an answer, these bytes once that was passed on, then the end."""

    async def script(call: Call) -> None:
        await call.send(BEGUN)
        await asyncio.sleep(0.03)
        await breaking_off(data, reset=reset)(call)

    return script


BREAKS: dict[str, tuple[Script, str]] = {
    "the connection ends": (begun_then(), "server_error"),
    "the connection is reset": (begun_then(reset=True), "server_error"),
    "the body ends without the last event": (begun_then(LAST_CHUNK), "server_error"),
    "an error event": (begun_then(chunk(frames(error_event()))), "service_unavailable_error"),
    "an error event of an unknown kind": (begun_then(chunk(frames(error_event("odd", "x")))), "server_error"),
    "an error event behind others": (begun_then(chunk(frames(text("."), error_event()))), "service_unavailable_error"),
    "an event that is no JSON": (begun_then(chunk(b"data: {nonsense\n\n")), "server_error"),
    "an event of the wrong shape": (begun_then(chunk(b'data: {"type":"message_delta"}\n\n')), "server_error"),
    "no valid chunk": (begun_then(b"zz\r\nwhat"), "server_error"),
    "cut in the middle of an event": (begun_then(chunk(frames(text("lost"))[:-9])), "server_error"),
    "cut in the middle of a chunk": (begun_then(chunk(frames(text("lost")))[:-9]), "server_error"),
}


class TestBroken:
    """One error frame; no finish reason, no end mark; and the connection closed without its last chunk."""

    @pytest.mark.parametrize("how", BREAKS)
    async def test_it_shows(self, upstream: ScriptedUpstream, caplog: pytest.LogCaptureFixture, how: str) -> None:
        script, type_ = BREAKS[how]
        upstream.answers(script)
        async with running(upstream.url) as proxy, proxy.client() as client:
            await client.post({**ASKED, "stream": True})
            reply = await client.reply()
            assert await client.gone(), "in order: a reset could cost the client the error"
            record = await proxy.record()
        assert reply.status == 200
        assert not reply.ended
        assert reply.text.startswith("Hello th")
        assert [set(chunk_) for chunk_ in reply.chunks if "error" in chunk_] == [{"error"}]
        assert reply.chunks[-1]["error"]["type"] == type_
        assert set(reply.chunks[-1]["error"]) == {"message", "type", "param", "code"}
        assert finish_reasons(reply) == []
        assert DONE not in reply.body
        assert (record.status, record.outcome) == (200, "broken")
        assert record.error_kind is not None
        assert record.usage is not None
        assert record.usage.input_tokens == 25, "what was used is recorded all the same"
        assert (len(proxy.records), len(upstream.calls)) == (1, 1)
        assert caplog.messages == []

    @pytest.mark.parametrize("how", BREAKS)
    async def test_of_a_response_it_is_an_event_that_every_client_reads(
        self, upstream: ScriptedUpstream, how: str
    ) -> None:
        """Then nothing is cut: a connection that breaks would hide from stream helpers what the event says."""
        upstream.answers(BREAKS[how][0])
        async with running(upstream.url) as proxy:
            reply = await proxy.ask(path="/v1/responses", input="Say hello.", stream=True)
            record = await proxy.record()
        assert reply.ended
        last = reply.frames[-1]
        assert last.startswith(b"event: response.failed\n")
        assert b'"status":"failed"' in last
        assert b'"error":{"code":"server_error","message":"' in last
        assert (record.status, record.outcome) == (200, "broken")

    async def test_the_upstreams_words_and_request_id_are_kept(self, upstream: ScriptedUpstream) -> None:
        upstream.answers(begun_then(chunk(frames(error_event("overloaded_error", "Overloaded just now")))))
        async with running(upstream.url) as proxy:
            reply = await proxy.ask(stream=True)
            record = await proxy.record()
        assert reply.chunks[-1]["error"]["message"] == "Overloaded just now"
        assert record.upstream_request_id == "req_1"

    async def test_silence_within_the_answer(self, upstream: ScriptedUpstream) -> None:
        upstream.answers(silent(BEGUN))
        async with running(upstream.url, idle_seconds=0.3) as proxy:
            reply = await proxy.ask(stream=True)
            await asyncio.wait_for(upstream.calls[0].gone.wait(), 5)
        assert not reply.ended
        assert reply.chunks[-1]["error"]["type"] == "timeout_error"

    @pytest.mark.parametrize("how", ["the connection ends", "an error event"])
    async def test_of_several_choices(self, upstream: ScriptedUpstream, how: str) -> None:
        upstream.answers(silent(BEGUN), BREAKS[how][0])
        async with running(upstream.url) as proxy:
            reply = await proxy.ask(stream=True, n=2)
            record = await proxy.record()
            await asyncio.wait_for(upstream.calls[0].gone.wait(), 5)
        assert not reply.ended
        assert sum("error" in chunk_ for chunk_ in reply.chunks) == 1
        assert DONE not in reply.body
        assert record.outcome == "broken"

    async def test_by_a_mistake_of_ours(self, upstream: ScriptedUpstream, caplog: pytest.LogCaptureFixture) -> None:
        async with running(upstream.url) as proxy:
            failing = proxy.assembly.state.upstream = MistakenUpstream(begun=True)
            reply = await proxy.ask(stream=True)
            record = await proxy.record()
        assert not reply.ended
        assert reply.text == "Hello"
        assert reply.chunks[-1]["error"]["type"] == "server_error"
        assert DONE not in reply.body
        assert (record.status, record.outcome) == (200, "broken")
        assert failing.closed == 1
        (line,) = caplog.messages
        assert "ValueError in doubles.py" in line
        assert "prompt" not in caplog.text + reply.body.decode()

    async def test_in_a_real_process_it_is_one_line(self, upstream: ScriptedUpstream, tmp_path: Path) -> None:
        upstream.answers(begun_then(reset=True))
        async with process(upstream.url, tmp_path) as proxy, proxy.client() as client:
            await client.post({**ASKED, "stream": True})
            reply = await client.reply()
            assert not reply.ended
            before = proxy.output.count(b"\n")
            await eventually(lambda: b" 200 broken chat_completions " in proxy.output)
            assert proxy.output.count(b"\n") == before + 1
            assert b"Traceback" not in proxy.output + proxy.errors


class TestBeforeTheFirstEvent:
    """Until then, a failure is a real status, and may be tried again."""

    @pytest.mark.parametrize(
        "script",
        [
            breaking_off(STREAM_HEAD),
            breaking_off(STREAM_HEAD + chunk(frames(start())[:30])),
            breaking_off(STREAM_HEAD + LAST_CHUNK),
            breaking_off(STREAM_HEAD + chunk(frames(error_event()))),
            breaking_off(STREAM_HEAD + chunk(frames(start(), error_event()))),
        ],
    )
    async def test_it_is_tried_again(self, upstream: ScriptedUpstream, script: Script) -> None:
        upstream.answers(script, whole())
        async with running(upstream.url) as proxy:
            reply = await proxy.ask(stream=True)
            record = await proxy.record()
        assert reply.ended
        assert reply.text == "Hello there."
        assert (record.outcome, record.attempts) == ("answered", 2)

    @pytest.mark.parametrize(
        ("script", "status"),
        [(breaking_off(STREAM_HEAD), 502), (breaking_off(STREAM_HEAD + chunk(frames(error_event()))), 503)],
    )
    async def test_and_then_has_a_status(self, upstream: ScriptedUpstream, script: Script, status: int) -> None:
        upstream.answers(script)
        async with running(upstream.url, max_retries=0) as proxy:
            reply = await proxy.ask(stream=True)
            record = await proxy.record()
        assert (reply.status, reply.ended) == (status, True)
        assert reply.error["message"]
        assert (record.status, record.outcome) == (status, "failed")


class TestLeaving:
    @pytest.mark.parametrize("n", [1, 2])
    async def test_in_the_middle(self, upstream: ScriptedUpstream, caplog: pytest.LogCaptureFixture, n: int) -> None:
        upstream.answers(silent(BEGUN))
        async with running(upstream.url) as proxy:
            async with proxy.client() as client:
                await client.post({**ASKED, "stream": True, "n": n})
                reply = await client.reply_head()
                assert await client.piece(reply)
                await upstream.call(n - 1)
                await asyncio.sleep(0.02)
            for call in upstream.calls:
                await asyncio.wait_for(call.gone.wait(), 5)
            record = await proxy.record()
            assert proxy.assembly.state.keep_alive.streams == 0
        assert (record.status, record.outcome, len(proxy.records)) == (200, "left", 1)
        assert record.usage is not None
        assert record.usage.input_tokens == 25 * n
        assert caplog.messages == []

    async def test_by_a_reset(self, upstream: ScriptedUpstream) -> None:
        upstream.answers(silent(BEGUN))
        async with running(upstream.url) as proxy:
            async with proxy.client() as client:
                await client.post({**ASKED, "stream": True})
                await client.reply_head()
                sock: Any = client.writer.get_extra_info("socket")
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                client.writer.transport.abort()
                await asyncio.wait_for(upstream.calls[0].gone.wait(), 5)
            assert (await proxy.record()).outcome == "left"


class Firehose:
    """Sends as much as the proxy takes, and counts it."""

    def __init__(self, size: int) -> None:
        self._event = frames(text("x" * 8000))
        self._size = size
        self.sent = 0

    async def __call__(self, call: Call) -> None:
        await call.send(STREAM_HEAD + chunk(frames(start(), text_start())))
        while self.sent < self._size:
            await call.send(chunk(self._event))
            self.sent += len(self._event)
        await call.send(chunk(frames(*end())) + LAST_CHUNK)


class TestSlowReaders:
    async def test_the_upstream_is_held_back(self, upstream: ScriptedUpstream) -> None:
        firehose = Firehose(200_000_000)
        upstream.answers(firehose)
        async with running(upstream.url) as proxy, proxy.client() as client:
            client.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
            paused: Any = client.writer.transport
            paused.pause_reading()
            await client.post({**ASKED, "stream": True})
            await _stalls(firehose)
            assert firehose.sent < 20_000_000, "the sockets' own buffers, and little more"
            stalled = firehose.sent
            paused.resume_reading()
            await client.reply_head()
            await eventually(lambda: firehose.sent > stalled + 5_000_000)

    async def test_all_of_it_arrives_in_the_end(self, upstream: ScriptedUpstream) -> None:
        upstream.answers(Firehose(8_000_000))
        async with running(upstream.url) as proxy, proxy.client() as client:
            await client.post({**ASKED, "stream": True})
            reply = await client.reply_head()
            await asyncio.sleep(0.3)
            while piece := await client.piece(reply):
                reply.body += piece
        assert reply.ended
        assert len(reply.text) == 8_000_000 // len(frames(text("x" * 8000))) * 8000 + 8000

    async def test_memory_stays_bounded(self, upstream: ScriptedUpstream, tmp_path: Path) -> None:
        firehoses = [Firehose(100_000_000) for _ in range(10)]
        upstream.answers(*firehoses)
        async with process(upstream.url, tmp_path) as proxy:
            before = _resident(proxy.pid)
            async with asyncio.TaskGroup() as group:

                async def stall() -> None:
                    async with proxy.client() as client:
                        paused: Any = client.writer.transport
                        paused.pause_reading()
                        await client.post({**ASKED, "stream": True})
                        await asyncio.gather(*map(_stalls, firehoses))

                for _ in firehoses:
                    group.create_task(stall())
            assert _resident(proxy.pid) - before < 10 * 2_000_000 + 10_000_000


async def _stalls(firehose: Firehose) -> None:
    """Wait until nothing more is taken."""
    before = -1
    while firehose.sent != before or not before:
        before = firehose.sent
        await asyncio.sleep(0.3)


def _resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
