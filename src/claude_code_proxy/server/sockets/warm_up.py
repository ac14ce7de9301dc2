"""The exchange of a request that is only to be prepared (`generate: false`): no answer is asked of the upstream.

The next request continues the response that this makes, and then holds only what is new.
"""

from claude_code_proxy import messages
from claude_code_proxy.endpoints.endpoint import DecodedRequest
from claude_code_proxy.errors import ProxyError
from claude_code_proxy.server.exchange.exchange import Exchange

_NOTHING = messages.Usage(input_tokens=0, output_tokens=0)


class WarmUpExchange(Exchange):
    """Answers with a response that has no output."""

    __slots__ = ()

    async def _serve(self) -> None:
        decoded = await self._decode()
        self.record.stream = True
        self.record.adjustments += decoded.adjustments
        model = self._note_model(decoded.request.model)
        (translator,) = decoded.translators(self._context(model))
        empty = messages.Message("msg_warm_up", model.id, (), stop_reason="end_turn", usage=_NOTHING)
        frames = b"".join([translator.feed(event) for event in messages.as_events(empty)]) + translator.close()
        await self.replies.keep(self._kept, self._request.headers)
        self._responder.start(200, self._stream_head())
        self._responder.write_end(frames)

    async def _decode(self) -> DecodedRequest:
        begin, default_model = self._endpoint.begin, self._state.policy.default_model
        if begin is None:
            return self._endpoint.decode(self._request.body, default_model)
        pending = begin(self._request.body, default_model)
        return pending.resume(await self.replies.find(pending.ids, self._request.headers))

    def _last_frame(self, error: ProxyError) -> bytes:
        del error
        return b""  # nothing is sent before the end
