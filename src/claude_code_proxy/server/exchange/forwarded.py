"""An exchange in the upstream's own form: its bytes go on as they are, both ways.

Only the name of the model is replaced where it is an alias, and only usage, errors and the end of a stream are read.
"""

from claude_code_proxy.endpoints.endpoint import Endpoint, NativeForm, NativeRequest, Relay, ReplyContext
from claude_code_proxy.errors import InvalidRequest, ProxyError, UpstreamBroke
from claude_code_proxy.http1.server.request import Request
from claude_code_proxy.http1.server.responder import Responder
from claude_code_proxy.models.names import NO_OPTIONS
from claude_code_proxy.server.app_state import AppState
from claude_code_proxy.server.exchange.exchange import Exchange
from claude_code_proxy.server.exchange.reply.streaming import StreamedReply
from claude_code_proxy.upstreams.upstream import ForwardedReply, Forwarder

_PASSED_ON = b"anthropic-"  # an open list: what begins so is the caller's to say


class ForwardedExchange(Exchange):
    __slots__ = ("_form", "_forwarder", "_relay")

    def __init__(
        self,
        state: AppState,
        endpoint: Endpoint,
        *,
        request: Request,
        responder: Responder,
        form: NativeForm,
        forwarder: Forwarder,
    ) -> None:
        super().__init__(state, endpoint, request=request, responder=responder)
        self._form = form
        self._forwarder = forwarder
        self._relay: Relay | None = None

    async def _serve(self) -> None:
        native = self._form.decode(self._request.body)
        self.record.stream = native.stream
        model = self._note_model(native.model)
        if native.model != model.id and self._state.catalogue.options(native.model) != NO_OPTIONS:
            raise InvalidRequest(
                f"The name `{native.model}` asks for thinking or effort, which a request that is sent as it is says in "
                f"fields of its own: name `{model.id}`, and set 'thinking' and 'output_config.effort'.",
                path="model",
            )
        body = native.naming(model.id) if native.model else self._request.body
        context = self._context(model)
        if native.stream:
            await self._stream(native, body, context=context)
        else:
            await self._whole(native, await self._send(body), context=context)

    async def _send(self, body: bytes) -> ForwardedReply:
        request = self._request
        path = self._form.path + (f"?{request.query}" if request.query else "")
        headers = [field for field in request.headers.items() if field[0].startswith(_PASSED_ON)]
        reply = await self._forwarder.forward(path.encode("latin-1"), headers=headers, body=body, call=self._call())
        record, stats = self.record, reply.stats
        record.upstream_request_id = stats.request_id
        record.attempts += stats.attempts
        record.first_byte = self._state.now() - record.started
        self._rate_limits = stats.rate_limits
        return reply

    async def _whole(self, native: NativeRequest, reply: ForwardedReply, *, context: ReplyContext) -> None:
        body, usage, self.record.stop_reason = native.reply(await reply.read())
        if usage is not None:
            self._bill(context, [usage])
        self._send_whole(body)

    async def _stream(self, native: NativeRequest, body: bytes, *, context: ReplyContext) -> None:
        with StreamedReply(self._responder, self._state.keep_alive, head=self._stream_head) as streamed:
            self._relay = relay = native.relay()
            reply = await self._send(body)
            if reply.is_stream:
                await self._pass_on(reply, relay, streamed=streamed, context=context)
                return
        if self._responder.started:
            reply.close()
            raise UpstreamBroke("The upstream answered a streamed request as a whole, after keep-alive had begun.")
        await self._whole(native, reply, context=context)

    async def _pass_on(
        self, reply: ForwardedReply, relay: Relay, *, streamed: StreamedReply, context: ReplyContext
    ) -> None:
        """Pass whole events on, as many at once as each network read brings, up to the message's end."""
        try:
            while (piece := await reply.events()) is not None:
                piece = relay.feed(piece)
                if relay.ended or relay.error_kind is not None:
                    break
                await streamed.write(piece)
            relay.close()
        finally:
            reply.close()
            self._bill(context, [relay.usage])
            self.record.stop_reason = relay.stop_reason
        if relay.error_kind is not None:
            self.record.outcome, self.record.error_kind = "broken", relay.error_kind
        streamed.end(piece or b"")

    def _last_frame(self, error: ProxyError) -> bytes:
        record = self.record
        return self._relay.fail(error, record.upstream_request_id or record.id) if self._relay is not None else b""
