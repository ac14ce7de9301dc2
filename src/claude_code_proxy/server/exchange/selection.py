"""Which kind of exchange serves a request: as it is where the upstream speaks the same API, else translated."""

from claude_code_proxy.endpoints.endpoint import Endpoint
from claude_code_proxy.http1.server.request import Request
from claude_code_proxy.http1.server.responder import Responder
from claude_code_proxy.server.app_state import AppState
from claude_code_proxy.server.background.exchange import BackgroundExchange
from claude_code_proxy.server.exchange.counted import CountedExchange
from claude_code_proxy.server.exchange.estimate import EstimateExchange
from claude_code_proxy.server.exchange.exchange import Exchange
from claude_code_proxy.server.exchange.forwarded import ForwardedExchange
from claude_code_proxy.server.exchange.translated import TranslatedExchange, wants_adaptation


def make_exchange(state: AppState, endpoint: Endpoint, *, request: Request, responder: Responder) -> Exchange:
    """Return the exchange for a request. `x-claude-proxy-adapt: true` turns adaptation on for the native API."""
    form, forwarder, render_count = endpoint.native, state.forwarder, endpoint.render_count
    background, queue = endpoint.background, state.background
    if background is not None and queue is not None and background.wants(request.body):
        return BackgroundExchange(state, endpoint, request=request, responder=responder, form=background, queue=queue)
    if form is None and render_count is not None:
        return CountedExchange(state, endpoint, request=request, responder=responder)
    if form is None:
        return TranslatedExchange(state, endpoint, request=request, responder=responder)
    if forwarder is None and render_count is not None:
        return EstimateExchange(state, endpoint, request=request, responder=responder, render=render_count)
    adapts = render_count is None and wants_adaptation(request)
    if forwarder is None or adapts:
        return TranslatedExchange(state, endpoint, request=request, responder=responder)
    return ForwardedExchange(state, endpoint, request=request, responder=responder, form=form, forwarder=forwarder)
