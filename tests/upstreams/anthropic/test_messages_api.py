"""Requests, retries and answers over the wire; more of it, with the client's side, stands in tests/server."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, ClassVar

import pytest

from claude_code_proxy import messages
from claude_code_proxy.credentials.credential import Credential
from claude_code_proxy.errors import ProxyError, Unauthenticated, UpstreamBroke, UpstreamRejected, UpstreamTimeout
from claude_code_proxy.http1.client import Transport, parse_origin
from claude_code_proxy.secret import Secret
from claude_code_proxy.upstreams.anthropic.messages_api import WHOLE_UP_TO, MessagesApi
from claude_code_proxy.upstreams.upstream import Call
from tests.http1.client.scripted_server import slots
from tests.server import scripted_upstream as wire
from tests.server.scripted_upstream import MESSAGE, ScriptedUpstream, breaking_off, refusal, saying, silent, whole
from tests.upstreams.every_field import missing, samples

OVERLOADED = refusal(529, "overloaded_error", "Overloaded")
DEEP = b"[" * 50_000 + b"]" * 50_000
SHORT = messages.MessagesRequest("claude-sonnet-4-6", (messages.InputMessage("user", (messages.Text("Hi"),)),), 100)


class Credentials:
    """Gives one after the other, the last one for ever."""

    def __init__(self, *secrets: str) -> None:
        self._secrets = list(secrets)

    def resolve(self) -> Credential:
        if not self._secrets:
            raise Unauthenticated("There is none.")
        secret = self._secrets.pop(0) if len(self._secrets) > 1 else self._secrets[0]
        return Credential("api_key", Secret(secret), "a test")

    def explain(self, error: UpstreamRejected) -> UpstreamRejected:
        return error


class Api:
    """The API in front of a scripted upstream; `pauses` are the waits between attempts, which take no time."""

    def __init__(self, upstream: ScriptedUpstream, *secrets: str) -> None:
        self.upstream = upstream
        self.transport = Transport(parse_origin(upstream.url))
        self.pauses: list[float] = []
        self.failures: list[tuple[ProxyError, bool]] = []
        self.api = MessagesApi(
            self.transport,
            Credentials(*secrets),
            on_failure=self.failed,
            chance=lambda: 1.0,
            pause=self.pause,
        )

    def failed(self, error: ProxyError, *, retried: bool) -> None:
        self.failures.append((error, retried))

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)


@asynccontextmanager
async def api(*scripts: wire.Script, secrets: Sequence[str] = ("sk-ant-test-1",)) -> AsyncIterator[Api]:
    async with wire.scripted_upstream() as upstream:
        upstream.answers(*scripts or (whole(),))
        made = Api(upstream, *secrets)
        try:
            yield made
        finally:
            assert slots(made.transport)[0] == 0, "a connection was not given back"
            await made.api.close()


def asking(max_tokens: int) -> messages.MessagesRequest:
    return messages.MessagesRequest(SHORT.model, SHORT.messages, max_tokens)


class TestWhole:
    @pytest.mark.parametrize(("max_tokens", "streamed"), [(WHOLE_UP_TO, False), (WHOLE_UP_TO + 1, True)])
    async def test_long_ones_are_streamed_inside(self, max_tokens: int, *, streamed: bool) -> None:
        async with api() as made:
            message, stats = await made.api.create(asking(max_tokens), Call())
            assert (message.content[0], message.stop_reason) == (messages.Text("Hello there."), "end_turn")
            assert (stats.request_id, stats.attempts) == ("req_1", 1)
            assert bool(made.upstream.calls[0].json.get("stream")) is streamed
            assert made.failures == []

    async def test_what_is_no_message(self) -> None:
        async with api(saying(wire.reply(200, b'{"not":"a message"}'))) as made:
            with pytest.raises(UpstreamBroke, match="not a Message") as caught:
                await made.api.create(SHORT, Call(retries=0))
            assert caught.value.request_id == "req_1"

    @pytest.mark.parametrize(
        "script",
        [
            breaking_off(wire.STREAM_HEAD + wire.chunk(wire.frames(wire.start()))),
            breaking_off(wire.STREAM_HEAD + wire.chunk(wire.frames(wire.start(), *wire.end()[:1])) + wire.LAST_CHUNK),
        ],
    )
    async def test_one_that_breaks_off_is_not_asked_for_again(self, script: wire.Script) -> None:
        """What had come by then is billed, and would be once more."""
        async with api(script, whole()) as made:
            with pytest.raises(UpstreamBroke) as caught:
                await made.api.create(asking(100_000), Call())
            assert caught.value.attempts == 1


async def test_a_whole_answer_that_is_streamed_inside_is_bounded() -> None:
    """As one that comes whole: nothing that is put together in memory may grow without end."""
    piece = wire.chunk(wire.frames(wire.text("x" * (1 << 20))))

    async def endless(call: wire.Call) -> None:
        await call.send(wire.STREAM_HEAD + wire.chunk(wire.frames(wire.start(), wire.text_start())))
        for _ in range(80):
            await call.send(piece)
        await call.send(wire.chunk(wire.frames(*wire.end())) + wire.LAST_CHUNK)

    async with api(endless) as made:
        with pytest.raises(UpstreamBroke, match="larger than"):
            await made.api.create(asking(WHOLE_UP_TO + 1), Call())
        assert len(made.failures) == 1


class TestTheOtherForm:
    """Some gateways, and some stand-ins for the service, answer in one form whatever is asked for."""

    async def test_a_stream_where_a_message_was_asked_for(self) -> None:
        streamed = wire.STREAM_HEAD + wire.chunk(wire.frames(*wire.spelled(MESSAGE))) + wire.LAST_CHUNK
        async with api(saying(streamed)) as made:
            message, _ = await made.api.create(SHORT, Call())
            assert message == messages.decode_message(json.dumps(MESSAGE).encode())

    async def test_a_message_where_a_stream_was_asked_for(self) -> None:
        async with api(saying(wire.reply(200, json.dumps(MESSAGE).encode()))) as made:
            message, _ = await made.api.create(asking(WHOLE_UP_TO + 1), Call())
            assert message == messages.decode_message(json.dumps(MESSAGE).encode())
            stream = await made.api.stream(SHORT, Call())
            heard = messages.Accumulator()
            while (batch := await stream.events()) is not None:
                heard.feed_all(batch)
            stream.close()
            assert heard.message() == message
            assert slots(made.transport) == (0, 1, 0)

    @pytest.mark.parametrize("max_tokens", [WHOLE_UP_TO, WHOLE_UP_TO + 1])
    async def test_an_error_under_a_good_status(self, max_tokens: int) -> None:
        error = b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_2"}'
        async with api(saying(wire.reply(200, error))) as made:
            with pytest.raises(UpstreamRejected, match="Overloaded") as caught:
                await made.api.create(asking(max_tokens), Call())
            assert caught.value.status == 529

    @pytest.mark.parametrize("max_tokens", [WHOLE_UP_TO, WHOLE_UP_TO + 1])
    @pytest.mark.parametrize(
        "answer",
        [
            wire.reply(200, b"{}"),
            wire.reply(200, DEEP),
            wire.reply(200, b'{"id":"a","model":"b","content":[{"type":"x","y":%b}]}' % DEEP),
            wire.reply(200, b'{"type":"error","error":%b}' % DEEP),
            wire.reply(200, b'{"id":"a","model":"b","content":null}'),
            wire.reply(200, b'{"id":"a","model":"b","content":"text"}'),
            wire.reply(200, b'{"id":"a","model":"b","content":[],"stop_reason":5}'),
            wire.STREAM_HEAD + wire.chunk(b'data: {"type":"message_start"}\n\n'),
            wire.STREAM_HEAD + wire.chunk(b'data: {"type":"new","more":%b}\n\n' % DEEP),
        ],
    )
    async def test_what_cannot_be_read_is_billed_once(self, max_tokens: int, answer: bytes) -> None:
        async with api(saying(answer)) as made:
            with pytest.raises(UpstreamBroke):
                await made.api.create(asking(max_tokens), Call())
            with pytest.raises(UpstreamBroke):
                await made.api.stream(SHORT, Call())
            assert len(made.upstream.calls) == 2


class TestStream:
    async def test_it_has_begun(self) -> None:
        async with api() as made:
            stream = await made.api.stream(SHORT, Call())
            assert (stream.stats.request_id, stream.stats.attempts) == ("req_1", 1)
            events: list[messages.Event] = []
            while (batch := await stream.events()) is not None:
                events += batch
            stream.close()
            assert isinstance(events[0], messages.MessageStart)
            assert isinstance(events[-1], messages.MessageStop)

    async def test_a_failure_before_that_is_tried_again(self) -> None:
        async with api(OVERLOADED, breaking_off(wire.STREAM_HEAD), whole()) as made:
            stream = await made.api.stream(SHORT, Call())
            assert stream.stats.attempts == 3
            stream.close()

    async def test_one_that_is_given_up_while_it_begins(self) -> None:
        async with api(silent(wire.STREAM_HEAD)) as made:
            task = asyncio.create_task(made.api.stream(SHORT, Call()))
            call = await made.upstream.call()
            await asyncio.sleep(0.02)
            task.cancel()
            await asyncio.wait_for(call.gone.wait(), 5)
            await asyncio.gather(task, return_exceptions=True)


class TestRetries:
    async def test_waits_grow_and_attempts_are_counted(self) -> None:
        async with api(OVERLOADED) as made:
            with pytest.raises(UpstreamRejected) as caught:
                await made.api.create(SHORT, Call(retries=3))
            assert made.pauses == [0.5, 1.0, 2.0]
            assert (caught.value.attempts, caught.value.should_retry) == (4, False)
            assert [retried for _, retried in made.failures] == [True, True, True, False]

    async def test_without_retries_the_client_may_try(self) -> None:
        async with api(OVERLOADED) as made:
            with pytest.raises(UpstreamRejected) as caught:
                await made.api.create(SHORT, Call(retries=0))
            assert (caught.value.attempts, caught.value.should_retry) == (1, None)

    async def test_what_is_not_worth_it_is_not_paused_for(self) -> None:
        async with api(refusal(400, "invalid_request_error", "no")) as made:
            with pytest.raises(UpstreamRejected) as caught:
                await made.api.create(SHORT, Call())
            assert (made.pauses, caught.value.attempts, caught.value.should_retry) == ([], 1, None)
            assert [retried for _, retried in made.failures] == [False]

    async def test_each_attempt_has_its_own_request_id(self) -> None:
        first = saying(wire.reply(500, b"{}").replace(b"req_1", b"req_first"))
        async with api(first, breaking_off()) as made:
            with pytest.raises(ProxyError) as caught:
                await made.api.create(SHORT, Call(retries=1))
            assert caught.value.request_id is None

    async def test_no_attempt_after_the_deadline(self) -> None:
        async with api(OVERLOADED) as made:
            deadline = asyncio.get_running_loop().time() + 0.75
            with pytest.raises(UpstreamRejected) as caught:
                await made.api.create(SHORT, Call(retries=5, deadline=deadline))
            assert caught.value.message == "Overloaded"
            assert made.pauses == [0.5]
            assert caught.value.should_retry is False, "what there was of time is used up, here as in the client"

    async def test_the_deadline_ends_an_attempt(self) -> None:
        async with api(silent()) as made:
            deadline = asyncio.get_running_loop().time() + 0.2
            with pytest.raises(UpstreamTimeout) as caught:
                await made.api.create(SHORT, Call(deadline=deadline))
            assert len(made.upstream.calls) == 1
            assert caught.value.should_retry is False

    async def test_the_deadline_ends_an_answer_that_has_begun(self) -> None:
        begun = wire.STREAM_HEAD + wire.chunk(wire.frames(wire.start()))
        async with api(silent(begun)) as made:
            deadline = asyncio.get_running_loop().time() + 0.2
            with pytest.raises(UpstreamTimeout) as caught:
                await made.api.create(asking(WHOLE_UP_TO + 1), Call(deadline=deadline))
            assert (len(made.upstream.calls), caught.value.should_retry) == (1, False)

    async def test_where_the_client_retries_the_deadline_says_nothing(self) -> None:
        async with api(silent()) as made:
            deadline = asyncio.get_running_loop().time() + 0.2
            with pytest.raises(UpstreamTimeout) as caught:
                await made.api.create(SHORT, Call(retries=0, deadline=deadline))
            assert caught.value.should_retry is None

    async def test_every_attempt_resolves_the_credential_anew(self) -> None:
        async with api(refusal(529, "overloaded_error", "w"), whole(), secrets=("sk-ant-old", "sk-ant-new")) as made:
            await made.api.create(SHORT, Call())
            assert b"x-api-key: sk-ant-old\r\n" in made.upstream.calls[0].head
            assert b"x-api-key: sk-ant-new\r\n" in made.upstream.calls[1].head

    async def test_without_a_credential_nothing_is_sent(self) -> None:
        async with api(secrets=()) as made:
            with pytest.raises(Unauthenticated):
                await made.api.create(SHORT, Call())
            assert made.upstream.connections == 0


async def test_betas_go_into_the_header() -> None:
    async with api() as made:
        for betas in (("one-1",), ("one-1", "two-2"), ()):
            await made.api.create(SHORT, Call(betas=betas))
        heads = [call.head for call in made.upstream.calls]
        assert b"anthropic-beta: one-1\r\n" in heads[0]
        assert b"anthropic-beta: one-1,two-2\r\n" in heads[1]
        assert b"anthropic-beta" not in heads[2]


async def test_header_blocks_do_not_gather_without_end() -> None:
    async with api(secrets=[f"sk-ant-test-{number}" for number in range(200)]) as made:
        for _ in range(200):
            await made.api.create(SHORT, Call())
        assert len(made.api._headers) <= 65


async def test_every_field_of_a_request_is_in_its_body() -> None:
    assert missing() == set()
    async with api() as made:
        for sample in samples():
            await made.api.create(sample.request, Call())
            body = made.upstream.calls[-1].json
            place = {
                messages.MessagesRequest: body,
                messages.Tool: body["tools"][0],
                messages.HostedTool: body["tools"][-1],
                messages.OutputConfig: body.get("output_config"),
                messages.Metadata: body.get("metadata"),
            }[sample.owner]
            assert place[sample.field] == json.loads(messages.encode_request(sample.value)), sample.name


async def test_large_requests_arrive_whole() -> None:
    async with api() as made:
        words = "word " * 200_000
        request = messages.MessagesRequest(
            SHORT.model, (messages.InputMessage("user", (messages.Text(words),)),), max_tokens=10
        )
        await made.api.create(request, Call())
        assert made.upstream.calls[0].json["messages"][0]["content"][0]["text"] == words


async def test_models_page_by_page() -> None:
    async with api() as made:
        asked: list[bytes] = []

        async def page(call: wire.Call) -> None:
            asked.append(call.head.split(b" ")[1])
            last = len(asked) == 2
            body = json.dumps({"data": [{"id": f"claude {len(asked)}/x"}], "has_more": not last}).encode()
            await call.send(wire.reply(200, body))

        made.upstream.models = page
        assert [info.id for info in await made.api.models()] == ["claude 1/x", "claude 2/x"]
        assert asked == [b"/v1/models?limit=1000", b"/v1/models?limit=1000&after_id=claude%201%2Fx"]


@pytest.mark.parametrize(
    ("script", "error"),
    [
        (refusal(401, "authentication_error", "no"), UpstreamRejected),
        (saying(wire.reply(200, b"nonsense")), UpstreamBroke),
        (saying(wire.reply(200, b'{"data":"\xff"}')), UpstreamBroke),
        (saying(wire.reply(200, b'{"data":%b}' % DEEP)), UpstreamBroke),
        (saying(wire.reply(500, b'{"error":%b}' % DEEP)), UpstreamRejected),
    ],
)
async def test_a_list_that_cannot_be_had(script: wire.Script, error: type[ProxyError]) -> None:
    async with api() as made:
        made.upstream.models = script
        with pytest.raises(error):
            await made.api.models()


async def test_a_list_without_end_ends() -> None:
    async with api() as made:
        made.upstream.models = saying(wire.reply(200, b'{"data":[{"id":"m"}],"has_more":true}'))
        assert len(await made.api.models()) == 1
        assert made.upstream.models_asked == 2

        async def another(call: wire.Call) -> None:
            page = {"data": [{"id": f"m{made.upstream.models_asked}"}], "has_more": True}
            await call.send(wire.reply(200, json.dumps(page).encode()))

        made.upstream.models = another
        assert len(await made.api.models()) == 20


def test_the_message_of_the_tests_is_a_message() -> None:
    assert messages.decode_message(json.dumps(MESSAGE).encode()).id == "msg_1"


class TestEcho:
    """An upstream that sends the credential back, wherever it can."""

    KEY = "sk-ant-test-1"
    MESSAGE: ClassVar[dict[str, Any]] = {
        **MESSAGE,
        "id": KEY,
        "model": KEY,
        "stop_sequence": KEY,
        "content": [{"type": "text", "text": f"Your key is {KEY}."}],
    }
    HEADERS = (f"request-id: {KEY}", f"anthropic-ratelimit-requests-limit: {KEY}")

    def echoing(self, status: int = 200) -> wire.Script:
        head = f"HTTP/1.1 {status} x\r\ncontent-type: application/json\r\n" + "\r\n".join(self.HEADERS)
        body = json.dumps(self.MESSAGE).encode()
        return saying(f"{head}\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body)

    async def test_a_whole_answer(self) -> None:
        async with api(self.echoing()) as made:
            message, stats = await made.api.create(SHORT, Call())
            assert message.content == (messages.Text(f"Your key is {self.KEY}."),)
            assert (message.id, message.model, message.stop_sequence) == ("****", "****", "****")
            assert (stats.request_id, *stats.rate_limits.values()) == ("****", "****")

    async def test_a_stream(self) -> None:
        async with api(whole(self.MESSAGE)) as made:
            stream = await made.api.stream(SHORT, Call())
            heard = messages.Accumulator()
            while (batch := await stream.events()) is not None:
                heard.feed_all(batch)
            stream.close()
            message = heard.message()
            assert "".join(block.text for block in message.content if isinstance(block, messages.Text)) == (
                f"Your key is {self.KEY}."
            )
            assert (message.id, message.model) == ("****", "****")

    async def test_an_answer_that_is_forwarded(self) -> None:
        async with api(self.echoing()) as made:
            reply = await made.api.forward(b"/v1/messages", headers=(), body=b"{}", call=Call())
            answer = json.loads(await reply.read())
            reply.close()
            assert (answer["id"], answer["model"], answer["stop_sequence"]) == ("****", "****", "****")
            assert answer["content"] == self.MESSAGE["content"]

    async def test_a_refusal(self) -> None:
        async with api(refusal(400, self.KEY, f"Not with {self.KEY}.", f"x-y: {self.KEY}", new=self.KEY)) as made:
            with pytest.raises(UpstreamRejected) as caught:
                await made.api.forward(b"/v1/messages", headers=(), body=b"{}", call=Call())
            error = caught.value
            assert (
                self.KEY
                not in f"{error} {error.message} {error.kind} {error.body!r} {error.request_id} {error.rate_limits}"
            )

    async def test_the_list_of_models(self) -> None:
        async with api() as made:
            body = json.dumps({"data": [{"id": self.KEY, "display_name": self.KEY}]}).encode()
            made.upstream.models = saying(wire.reply(200, body))
            (info,) = await made.api.models()
            assert (info.id, info.display_name) == ("****", "****")
