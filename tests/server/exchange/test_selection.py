"""Which kind of exchange serves a request."""

import pytest

from claude_code_proxy.endpoints.chat_completions import CHAT_COMPLETIONS
from claude_code_proxy.endpoints.endpoint import Endpoint
from claude_code_proxy.endpoints.messages import COUNT_TOKENS, MESSAGES
from claude_code_proxy.http1.server.request import Request
from claude_code_proxy.server.exchange.forwarded import ForwardedExchange
from claude_code_proxy.server.exchange.selection import make_exchange
from claude_code_proxy.server.exchange.translated import TranslatedExchange
from tests.server.running import running
from tests.server.scripted_upstream import ScriptedUpstream

ADAPT = {b"x-claude-proxy-adapt": b"True"}


@pytest.mark.parametrize(
    ("endpoint", "headers", "forwards", "kind"),
    [
        (MESSAGES, {}, True, ForwardedExchange),
        (COUNT_TOKENS, {}, True, ForwardedExchange),
        (MESSAGES, {b"x-claude-proxy-adapt": b"no"}, True, ForwardedExchange),
        (MESSAGES, ADAPT, True, TranslatedExchange),
        (MESSAGES, {}, False, TranslatedExchange),
        (CHAT_COMPLETIONS, {}, True, TranslatedExchange),
    ],
)
async def test_each_request_gets_its_kind(
    upstream: ScriptedUpstream, endpoint: Endpoint, headers: dict[bytes, bytes], forwards: bool, kind: type
) -> None:
    async with running(upstream.url) as proxy:
        state = proxy.assembly.state
        if not forwards:
            state.forwarder = None
        request = Request("POST", endpoint.path, headers=headers)
        exchange = make_exchange(state, endpoint, request=request, responder=None)  # type: ignore[arg-type]
        assert type(exchange) is kind
