"""The tokens of a request, estimated where no upstream counts them."""

from collections.abc import Callable

from claude_code_proxy.endpoints.endpoint import Endpoint
from claude_code_proxy.errors import ProxyError
from claude_code_proxy.http1.server.request import Request
from claude_code_proxy.http1.server.responder import Responder
from claude_code_proxy.messages.rough_count import input_tokens
from claude_code_proxy.server.app_state import AppState
from claude_code_proxy.server.exchange.exchange import Exchange

ESTIMATE_MARK = [(b"x-claude-proxy-estimate", b"true")]


class EstimateExchange(Exchange):
    """A header marks the reply: the number comes from the length of the request."""

    __slots__ = ("_render",)

    def __init__(
        self,
        state: AppState,
        endpoint: Endpoint,
        *,
        request: Request,
        responder: Responder,
        render: Callable[[int], bytes],
    ) -> None:
        super().__init__(state, endpoint, request=request, responder=responder)
        self._render = render

    async def _serve(self) -> None:
        decoded = self._endpoint.decode(self._request.body, self._state.policy.default_model)
        self._note_model(decoded.request.model)
        self._send_whole(self._render(input_tokens(decoded.request)), ESTIMATE_MARK)

    def _last_frame(self, error: ProxyError) -> bytes:
        del error
        return b""  # the reply is whole
