"""An exchange in an endpoint's own form: translated down, adapted to the model, translated up.

bytes -> `DecodedRequest` -> adapted Messages request -> upstream -> Message or events -> the client's reply.
"""

import asyncio
from collections.abc import Callable, Sequence

import msgspec
from msgspec import Struct

from claude_code_proxy import messages
from claude_code_proxy.adaptation.conversation.conversion import find_unfit
from claude_code_proxy.adaptation.reply.filters import OutputMismatch
from claude_code_proxy.adaptation.reply.schema_check import CheckResults
from claude_code_proxy.adjustment import Action, Adjustment
from claude_code_proxy.endpoints.betas import HEADER, normalize_betas
from claude_code_proxy.endpoints.endpoint import DecodedRequest, Endpoint, ReplyContext, StreamTranslator
from claude_code_proxy.endpoints.messages.splice import replace_field
from claude_code_proxy.errors import InvalidRequest, ProxyError
from claude_code_proxy.http1.server.request import Request
from claude_code_proxy.http1.server.responder import Responder
from claude_code_proxy.models.catalogue import Catalogue
from claude_code_proxy.server.app_state import AppState
from claude_code_proxy.server.exchange.error_location import client_field
from claude_code_proxy.server.exchange.exchange import Exchange
from claude_code_proxy.server.exchange.paused_turns import RepeatedStream
from claude_code_proxy.server.exchange.reply.output_checks import CheckedStream
from claude_code_proxy.server.exchange.reply.streaming import StreamedReply
from claude_code_proxy.server.exchange.upstream_run import UpstreamRun, gather_or_cancel
from claude_code_proxy.server.routes import deployment
from claude_code_proxy.state.kept_thinking import NOTHING_FOUND, turn_keys
from claude_code_proxy.upstreams.upstream import EventStream

_BETAS = HEADER.encode()
_TEMPORARY = (b"x-claude-proxy-state", b"temporary")
_ADAPT = b"x-claude-proxy-adapt"
_OTHER_MODEL = Adjustment(
    "model", Action.MAPPED, "the address names another model than the body; the address decides", changes_meaning=True
)


def wants_adaptation(request: Request) -> bool:
    """Whether a caller whose API could go upstream as it is asks for adaptation."""
    return _ADAPT in request.headers and request.headers[_ADAPT].lower() == b"true"


class TranslatedExchange(Exchange):
    __slots__ = ("_decoded", "_run", "_translator")

    def __init__(self, state: AppState, endpoint: Endpoint, *, request: Request, responder: Responder) -> None:
        super().__init__(state, endpoint, request=request, responder=responder)
        self._decoded: DecodedRequest | None = None
        self._run: UpstreamRun | None = None
        self._translator: StreamTranslator | None = None  # of the first choice

    async def _serve(self) -> None:
        state, record = self._state, self.record
        self._decoded = decoded = await self._decode()
        record.stream = decoded.stream
        record.adjustments += decoded.adjustments
        if unfit := find_unfit(decoded.request):
            self._decoded = decoded = await self._convert(decoded, unfit)
        betas = self._betas() if _BETAS in self._request.headers else ()
        model = self._note_model(decoded.request.model)
        keys = turn_keys(decoded.request.messages)
        found = await state.kept_thinking.find(keys) if keys else NOTHING_FOUND
        self._run = run = UpstreamRun(state, record, decoded=decoded, model=model, call=self._call(betas), found=found)
        if state.policy.strict:
            _enforce_strict(record.adjustments, "STRICT is set, so it is not adjusted")
        elif self._endpoint.native is not None and not wants_adaptation(self._request):
            _enforce_strict(record.adjustments, "This upstream takes no requests as they are, and none is changed here")
        await (self._stream if decoded.stream else self._whole)(decoded, run, context=self._context(model))

    async def _decode(self) -> DecodedRequest:
        body, default_model, begin = self._request.body, self._state.policy.default_model, self._endpoint.begin
        path_model = deployment(self._request.path)
        if path_model is not None:
            default_model = path_model
            body, self.record.adjustments = with_path_model(body, path_model, catalogue=self._state.catalogue)
        if begin is None:
            return self._endpoint.decode(body, default_model)
        if self.replies.temporary:
            self.record.reply_headers = [*self.record.reply_headers, _TEMPORARY]
        pending = begin(body, default_model)
        ids = pending.ids
        return pending.resume(await self.replies.find(ids, self._request.headers) if ids else {})

    async def _convert(self, decoded: DecodedRequest, unfit: Sequence[str]) -> DecodedRequest:
        converted, adjustments = await self._state.images.convert(decoded, unfit)
        self.record.adjustments += adjustments
        return converted

    def _betas(self) -> tuple[str, ...]:
        """Return the caller's betas that go along; report the ignored ones."""
        header = self._request.headers[_BETAS].decode("latin-1")
        betas, ignored = normalize_betas(header, is_supported=self._state.profile.supports("betas"))
        self.record.adjustments += ignored
        return betas

    async def _whole(self, decoded: DecodedRequest, run: UpstreamRun, *, context: ReplyContext) -> None:
        try:
            replies = (await run.whole(),) if decoded.n == 1 else await run.several(decoded.n)
        finally:
            if run.usages:
                self._bill(context, run.usages)
        self._rate_limits = run.rate_limits
        self._note_stop_reasons([message.stop_reason for message in replies])
        body = decoded.reply(replies, context)
        if self._kept:
            await self.replies.keep(self._kept, self._request.headers)
        self._send_whole(body)

    async def _stream(self, decoded: DecodedRequest, run: UpstreamRun, *, context: ReplyContext) -> None:
        translators = decoded.translators(context)
        with StreamedReply(
            self._responder, self._state.keep_alive, head=self._stream_head, filler=translators[0].keep_alive
        ) as reply:
            self._translator = translators[0]
            try:
                if decoded.n == 1:
                    frames = await self._pump(reply, run, translator=translators[0])
                else:
                    frames = await self._pump_several(reply, run, translators=translators)
            finally:
                self._bill(context, [translator.usage for translator in translators])
                self._note_stop_reasons([translator.stop_reason for translator in translators])
            if self._kept:
                await self.replies.keep(self._kept, self._request.headers)
        reply.end(frames)

    async def _pump(
        self,
        reply: StreamedReply,
        run: UpstreamRun,
        *,
        translator: StreamTranslator,
        on_begin: Callable[[], None] | None = None,
    ) -> bytes:
        """Pass one answer on; return its closing frames. While nothing has gone out, a bad one may be repaired."""
        stream = await run.stream()
        self._rate_limits = run.rate_limits
        if on_begin is not None:
            on_begin()
        if self.record.first_byte is None:
            self.record.first_byte = self._state.now() - self.record.started
        try:
            return await self._pump_stream(reply, run, translator=translator, stream=stream)
        except OutputMismatch as mismatch:
            if translator in reply.committed or not mismatch.was_held:
                raise
            repair = run.note_repair(mismatch)
        stream = RepeatedStream(await run.stream(repair), translator.usage)
        return await self._pump_stream(reply, run, translator=translator, stream=stream)

    async def _pump_stream(
        self, reply: StreamedReply, run: UpstreamRun, *, translator: StreamTranslator, stream: EventStream
    ) -> bytes:
        keeps_thinking = run.may_think_and_call()
        make_filter = run.adapted.filter
        if make_filter is None:
            answer = messages.Accumulator() if keeps_thinking else None
            frames = await reply.pump(stream, translator, answer=answer)
        else:
            answer, results = messages.Accumulator(), CheckResults()
            stream = CheckedStream(
                stream, answer, check=lambda message: run.check(results, make_filter, message=message)
            )
            try:
                frames = await reply.pump(stream, translator, reply_filter=make_filter(results))
            except OutputMismatch:
                translator.feed(
                    messages.MessageDelta(messages.DeltaBody(), answer.usage)
                )  # discarded, but still billed
                raise
        if keeps_thinking and answer is not None and answer.stopped:
            await run.keep_thinking(answer.message())
        return frames

    async def _pump_several(
        self, reply: StreamedReply, run: UpstreamRun, *, translators: tuple[StreamTranslator, ...]
    ) -> bytes:
        """Pass all choices on at once; the closing frames of each go out as it ends, those of the last end the reply.

        The first answer has begun before the others are requested: they read what it writes to the prompt cache.
        """
        warmed = asyncio.Event()
        running = len(translators)

        async def pump(translator: StreamTranslator) -> bytes:
            nonlocal running
            if translator is not translators[0]:
                await warmed.wait()
            frames = await self._pump(reply, run, translator=translator, on_begin=warmed.set)
            running -= 1
            if not running:
                return frames
            await reply.write(frames)
            return b""

        return b"".join(await gather_or_cancel([pump(translator) for translator in translators]))

    def _note_stop_reasons(self, reasons: Sequence[str | None]) -> None:
        self.record.stop_reason = ",".join(dict.fromkeys(filter(None, reasons))) or None

    def _last_frame(self, error: ProxyError) -> bytes:
        return self._translator.fail(error, self._param(error)) if self._translator is not None else b""

    def _param(self, error: ProxyError) -> str | None:
        """Return the client's field that the error is about."""
        decoded = self._decoded
        if decoded is None:
            return error.param
        sent = self._run.adapted.request if self._run is not None else None
        return client_field(error, decoded.request, sent=sent, field_name=decoded.field_name)


def _enforce_strict(adjustments: tuple[Adjustment, ...], ending: str) -> None:
    """Refuse what would change the meaning, by the name of its field. `ending` ends the message."""
    for adjustment in adjustments:
        if adjustment.changes_meaning:
            raise InvalidRequest(
                f"'{adjustment.path}' cannot be honoured: {adjustment.reason}. {ending}.",
                param=adjustment.path,
                code="unsupported_value",
            )


class _NamedModel(Struct):
    model: str | None = None


_decode_model = msgspec.json.Decoder(_NamedModel).decode


def with_path_model(body: bytes, model: str, *, catalogue: Catalogue) -> tuple[bytes, tuple[Adjustment, ...]]:
    """Return the body with the model of the address in it, and what that changed.

    A body without a model, or with the same one under another name, stays as it is; so does one that cannot be read,
    which its endpoint refuses.
    """
    try:
        named = _decode_model(body).model
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return body, ()
    if not named or catalogue.find(named).id == catalogue.find(model).id:
        return body, ()
    return replace_field(body, "model", value=model), (_OTHER_MODEL,)
