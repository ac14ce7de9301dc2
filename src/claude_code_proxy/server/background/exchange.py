"""The exchange of a request that is answered at once and made later; one that is streamed follows what is made."""

from claude_code_proxy.endpoints.endpoint import BackgroundForm, Endpoint
from claude_code_proxy.http1.server.request import Request
from claude_code_proxy.http1.server.responder import Responder
from claude_code_proxy.server.app_state import AppState, BackgroundQueue
from claude_code_proxy.server.background.stream import follow
from claude_code_proxy.server.exchange.translated import TranslatedExchange


class BackgroundExchange(TranslatedExchange):
    """Decodes the request, so that what is wrong with it is told at once, and queues it."""

    __slots__ = ("_form", "_queue")

    def __init__(
        self,
        state: AppState,
        endpoint: Endpoint,
        *,
        request: Request,
        responder: Responder,
        form: BackgroundForm,
        queue: BackgroundQueue,
    ) -> None:
        super().__init__(state, endpoint, request=request, responder=responder)
        self._form = form
        self._queue = queue

    async def _serve(self) -> None:
        record = self.record
        self._decoded = decoded = await self._decode()
        record.stream = decoded.stream
        record.adjustments += decoded.adjustments
        context = self._context(self._note_model(decoded.request.model))
        kept = self._form.queue(decoded, context)
        await self._queue.submit(kept, self._request)
        if not decoded.stream:
            self._send_whole(kept.reply)
            return
        queue, owner = self._queue, self._queue.owner_of(self._request)
        await follow(
            self._responder,
            lambda number: queue.progress(kept.id, owner=owner, after=number),
            after=-1,
            head=self._stream_head,
            silence=self._state.policy.keep_alive_seconds,
        )
