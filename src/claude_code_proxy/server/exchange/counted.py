"""The tokens of a request in an endpoint's own form: counted by the upstream as it would be sent, else estimated."""

from collections.abc import Callable

import msgspec
from msgspec import Raw, Struct

from claude_code_proxy import messages
from claude_code_proxy.endpoints.betas import HEADER
from claude_code_proxy.errors import UpstreamBroke
from claude_code_proxy.messages.rough_count import input_tokens
from claude_code_proxy.server.exchange.estimate import ESTIMATE_MARK
from claude_code_proxy.server.exchange.translated import TranslatedExchange
from claude_code_proxy.server.exchange.upstream_run import UpstreamRun
from claude_code_proxy.state.kept_thinking import NOTHING_FOUND, turn_keys
from claude_code_proxy.upstreams.upstream import Forwarder

_PATH = b"/v1/messages/count_tokens"
_COUNTED = frozenset({
    "model",
    "messages",
    "system",
    "tools",
    "tool_choice",
    "thinking",
    "output_config",
    "mcp_servers",
})
"""What has tokens; anything else is refused where tokens are counted."""


class _Counted(Struct, frozen=True):
    input_tokens: int


_decode_fields: Callable[[bytes], dict[str, Raw]] = msgspec.json.Decoder(dict[str, Raw]).decode
_decode_counted = msgspec.json.Decoder(_Counted).decode


class CountedExchange(TranslatedExchange):
    """The reply is a number, which a header marks where it is an estimate."""

    __slots__ = ()

    async def _serve(self) -> None:
        state, record = self._state, self.record
        self._decoded = decoded = await self._decode()
        record.adjustments += decoded.adjustments
        model = self._note_model(decoded.request.model)
        keys = turn_keys(decoded.request.messages)
        found = await state.kept_thinking.find(keys) if keys else NOTHING_FOUND
        self._run = run = UpstreamRun(state, record, decoded=decoded, model=model, call=self._call(), found=found)
        render = self._endpoint.render_count
        if render is None:
            raise TypeError("the endpoint does not answer with a number of tokens")
        forwarder, request = state.forwarder, run.adapted.request
        if forwarder is None:
            self._send_whole(render(input_tokens(request)), ESTIMATE_MARK)
        else:
            self._send_whole(render(await self._counted(forwarder, request, betas=run.adapted.betas)))

    async def _counted(self, forwarder: Forwarder, request: messages.MessagesRequest, *, betas: tuple[str, ...]) -> int:
        fields = _decode_fields(messages.encode_request(request))
        body = msgspec.json.encode({name: value for name, value in fields.items() if name in _COUNTED})
        headers = [(HEADER.encode(), ",".join(betas).encode())] if betas else []
        reply = await forwarder.forward(_PATH, headers=headers, body=body, call=self._call())
        self.record.upstream_request_id = reply.stats.request_id
        self.record.attempts += reply.stats.attempts
        try:
            return _decode_counted(await reply.read()).input_tokens
        except msgspec.DecodeError as error:
            raise UpstreamBroke("The upstream's count of tokens cannot be read.") from error
