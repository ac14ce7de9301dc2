"""The one path of every request: down through the layers once, up once, and recorded, however it ends.

bytes -> Asked -> adapted Messages request -> upstream -> Message or events -> the client's reply. Every error on the
way is caught here, once, and rendered in the client's words.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import reduce

from claude_code_proxy import messages
from claude_code_proxy.adaptation.reply.filters import OutputMismatch
from claude_code_proxy.adjustment import Adjustment
from claude_code_proxy.endpoints.betas import HEADER, normalize_betas
from claude_code_proxy.endpoints.endpoint import DecodedRequest, Endpoint, ReplyContext, StreamTranslator
from claude_code_proxy.endpoints.envelope import Headers
from claude_code_proxy.errors import InvalidRequest, ProxyError
from claude_code_proxy.http1.server.request import Request
from claude_code_proxy.http1.server.responder import Responder
from claude_code_proxy.models.model import Model
from claude_code_proxy.server.app_state import AppState
from claude_code_proxy.server.exchange.billing import Bill
from claude_code_proxy.server.exchange.error_location import client_field
from claude_code_proxy.server.exchange.gathering import together
from claude_code_proxy.server.exchange.paused_turns import RepeatedStream, sum_usage
from claude_code_proxy.server.exchange.record import Record
from claude_code_proxy.server.exchange.reply_headers import error_headers, stream_headers, whole_headers
from claude_code_proxy.server.exchange.streaming import StreamedReply
from claude_code_proxy.server.exchange.upstream_run import UpstreamRun
from claude_code_proxy.server.process.logs import place_of
from claude_code_proxy.upstreams.upstream import Call, EventStream

_log = logging.getLogger(__name__)
_BETAS = HEADER.encode()
_RETRIED_BY_CLIENT = b"x-stainless-retry-count"


class Exchange:
    """One request and its reply."""

    __slots__ = ("_decoded", "_endpoint", "_last_words", "_request", "_responder", "_run", "_state", "record")

    def __init__(self, state: AppState, endpoint: Endpoint, *, request: Request, responder: Responder) -> None:
        self._state = state
        self._endpoint = endpoint
        self._request = request
        self._responder = responder
        self._decoded: DecodedRequest | None = None
        self._run: UpstreamRun | None = None
        self._last_words: Callable[[ProxyError, str | None], bytes] | None = None  # of a stream that breaks off
        self.record = Record(state.next_id(), endpoint.name, state.now())

    async def run(self) -> None:
        record = self.record
        limiter = self._state.limiter
        inside = False
        try:
            if not limiter.try_enter():
                await limiter.enter()
            inside = True
            await self._serve()
            if record.outcome == "running":
                if self._responder.gone:
                    self._cut_off()
                else:
                    record.outcome = "answered"
        except ProxyError as error:
            self._fail(error)
        except asyncio.CancelledError:
            self._cut_off()
            raise
        except Exception as error:  # noqa: BLE001 - a mistake of ours: the client gets a clean answer, the log the place
            _log.error("mistake in exchange %s: %s", record.id, place_of(error))
            self._fail(ProxyError("Internal error in the proxy; its log says where."))
        finally:
            if inside:
                limiter.leave()
            record.duration = self._state.now() - record.started
            for observer in self._state.observers:
                observer.observe(record)

    async def _serve(self) -> None:
        state, record = self._state, self.record
        self._decoded = asked = self._endpoint.decode(self._request.body, state.policy.default_model)
        record.stream = asked.stream
        record.adjustments = asked.adjustments
        betas = self._betas() if _BETAS in self._request.headers else ()
        record.asked_model = asked.request.model
        model = state.catalogue.find(asked.request.model)
        record.model, record.known_model = model.id, model.known
        self._run = run = self._prepare(asked, model, betas=betas)
        if state.policy.strict:
            _enforce_strict(record.adjustments)
        context = ReplyContext(self._endpoint.id_prefix + record.id, int(state.wall()), record.asked_model, Bill(model))
        await (self._stream if asked.stream else self._whole)(asked, run, context=context)

    def _betas(self) -> tuple[str, ...]:
        """Those of the caller's that go along; what is ignored of them is told."""
        told = self._request.headers[_BETAS].decode("latin-1")
        betas, ignored = normalize_betas(told, carried=self._state.terms.supports("betas"))
        self.record.adjustments += ignored
        return betas

    def _prepare(self, asked: DecodedRequest, model: Model, *, betas: tuple[str, ...]) -> UpstreamRun:
        state = self._state
        retries = 0 if self._request.headers.get(_RETRIED_BY_CLIENT, b"0") != b"0" else state.policy.retries
        deadline = None if asked.stream else self.record.started + state.policy.answer_seconds
        call = Call(betas, retries=retries, deadline=deadline)
        return UpstreamRun(state, self.record, decoded=asked, model=model, call=call)

    async def _whole(self, asked: DecodedRequest, run: UpstreamRun, *, context: ReplyContext) -> None:
        record = self.record
        try:
            replies = (await run.whole(),) if asked.n == 1 else await run.several(asked.n)
        finally:
            if run.used:
                self._bill(context, run.used)
        record.duration = record.first_byte = self._state.now() - record.started
        record.status = 200
        headers = whole_headers(record, self._endpoint.envelope, rate_limits=run.rate_limits, now=self._state.wall())
        self._responder.send(200, headers, asked.reply(replies, context))

    async def _stream(self, asked: DecodedRequest, run: UpstreamRun, *, context: ReplyContext) -> None:
        translators = asked.translators(context)
        with StreamedReply(self._responder, self._state.keep_alive, head=lambda: self._stream_head(run)) as reply:
            self._last_words = translators[0].fail
            try:
                if asked.n == 1:
                    frames = await self._pump(reply, run, translator=translators[0])
                else:
                    frames = await self._pump_several(reply, run, translators=translators)
            finally:
                self._bill(context, [translator.usage for translator in translators])
        reply.end(frames)

    async def _pump(
        self,
        reply: StreamedReply,
        run: UpstreamRun,
        *,
        translator: StreamTranslator,
        begun: Callable[[], None] | None = None,
    ) -> bytes:
        """Passes one answer on; gives its closing frames. While nothing has gone out, a bad one may be repaired."""
        stream = await run.stream()
        if begun is not None:
            begun()
        if self.record.first_byte is None:
            self.record.first_byte = self._state.now() - self.record.started
        try:
            return await self._hear(reply, run, translator=translator, stream=stream)
        except OutputMismatch as mismatch:
            if translator in reply.committed or not run.repairs_streams(mismatch):
                raise
            repair = run.note_repair(mismatch)
        stream = RepeatedStream(await run.stream(repair), translator.usage)
        return await self._hear(reply, run, translator=translator, stream=stream)

    async def _hear(
        self, reply: StreamedReply, run: UpstreamRun, *, translator: StreamTranslator, stream: EventStream
    ) -> bytes:
        keeps_thinking = run.may_think_and_call()
        make_filter = run.adapted.filter
        if make_filter is None:
            heard = messages.Accumulator() if keeps_thinking else None
            frames = await reply.pump(stream, translator, heard=heard)
        else:
            heard = messages.Accumulator()
            try:
                frames = await reply.pump(stream, translator, heard=heard, reply_filter=make_filter())
            except OutputMismatch:
                translator.feed(messages.MessageDelta(messages.DeltaBody(), heard.usage))  # discarded, but still billed
                raise
        if keeps_thinking and heard is not None and heard.stopped:
            run.keep_thinking(heard.message())
        return frames

    async def _pump_several(
        self, reply: StreamedReply, run: UpstreamRun, *, translators: tuple[StreamTranslator, ...]
    ) -> bytes:
        """All choices at once; each one's closing frames go out as it ends, the last one's end the reply.

        The first one's answer has begun before the others are asked for: what it writes to the prompt cache, they read.
        """
        warmed = asyncio.Event()
        running = len(translators)

        async def pump(translator: StreamTranslator) -> bytes:
            nonlocal running
            if translator is not translators[0]:
                await warmed.wait()
            frames = await self._pump(reply, run, translator=translator, begun=warmed.set)
            running -= 1
            if not running:
                return frames
            await reply.write(frames)
            return b""

        return b"".join(await together([pump(translator) for translator in translators]))

    def _stream_head(self, run: UpstreamRun) -> Headers:
        record = self.record
        record.status = 200
        record.duration = self._state.now() - record.started
        return stream_headers(record, self._endpoint.envelope, rate_limits=run.rate_limits, now=self._state.wall())

    def _bill(self, context: ReplyContext, usages: Sequence[messages.Usage]) -> None:
        record = self.record
        record.usage = usages[0] if len(usages) == 1 else reduce(sum_usage, usages)
        costs = [context.cost(usage) for usage in usages]
        record.cost = None if None in costs else sum(cost for cost in costs if cost is not None)

    def _cut_off(self) -> None:
        """Nobody will read the rest: the client has gone, or the server ended what was left at its own end."""
        record = self.record
        if self._state.stopped():
            record.outcome, record.status = "stopped", record.status or 503
        else:
            record.outcome = "left"

    def _fail(self, error: ProxyError) -> None:
        record = self.record
        self._note(error)
        if self._responder.started:
            self._break_off(error)
            return
        record.outcome = "failed"
        envelope = self._endpoint.envelope
        reply = envelope.render_error(error, record.id, param=self._param(error))
        record.status = reply.status
        record.duration = self._state.now() - record.started
        limits = getattr(error, "rate_limits", {})
        headers = error_headers(record, envelope, reply=reply, rate_limits=limits, now=self._state.wall())
        self._responder.send(reply.status, headers, reply.body)

    def _param(self, error: ProxyError) -> str | None:
        """The client's field that the error is about."""
        decoded = self._decoded
        if decoded is None:
            return error.param
        sent = self._run.adapted.request if self._run is not None else None
        return client_field(error, decoded.request, sent=sent, field_name=decoded.field_name)

    def _break_off(self, error: ProxyError) -> None:
        """One error frame, no end mark, and the connection cut: the only sign that every client sees."""
        self.record.outcome = "broken"
        if self._last_words is not None and not self._responder.finished:
            self._responder.write(self._last_words(error, self._param(error)))
        self._responder.abort()

    def _note(self, error: ProxyError) -> None:
        record = self.record
        record.attempts += error.attempts
        record.error_kind, record.error_code = error.kind, error.code
        record.upstream_request_id = error.request_id or record.upstream_request_id
        record.cause = type(error.__cause__).__name__ if error.__cause__ is not None else None


def _enforce_strict(adjustments: tuple[Adjustment, ...]) -> None:
    """Strict mode: what would change the meaning is refused, by the name of its field."""
    for adjustment in adjustments:
        if adjustment.changes_meaning:
            raise InvalidRequest(
                f"'{adjustment.path}' cannot be honoured: {adjustment.reason}. STRICT is set, so it is not adjusted.",
                param=adjustment.path,
                code="unsupported_value",
            )
