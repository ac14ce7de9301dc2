"""Responses as an endpoint: the translations put together.

A request may name what is kept, an earlier response or an item of one; then `begin` says which, and `resume` goes on.
"""

from collections.abc import Mapping
from functools import partial

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.adjustment import Adjustment
from claude_code_proxy.endpoints.endpoint import Endpoint, PendingRequest, ReplyContext, StreamTranslator
from claude_code_proxy.endpoints.openai.body import BodyDecoder
from claude_code_proxy.endpoints.openai.envelope import OPENAI
from claude_code_proxy.endpoints.responses.field_names import field_name
from claude_code_proxy.endpoints.responses.reasoning import Seal
from claude_code_proxy.endpoints.responses.request import (
    Before,
    TranslatedResponse,
    check_state,
    to_messages_request,
)
from claude_code_proxy.endpoints.responses.response import CODE_OUTPUTS, ENCRYPTED, SOURCES, ResponseShape, echo
from claude_code_proxy.endpoints.responses.schema import ResponsesRequest
from claude_code_proxy.endpoints.responses.stored import (
    KeptInput,
    decode_kept_items,
    decode_turns,
    references,
    resolved,
)
from claude_code_proxy.endpoints.responses.stream import ResponseStream, to_response
from claude_code_proxy.endpoints.responses.tools.hosted_call import HostedOptions
from claude_code_proxy.errors import InvalidRequest

_body = BodyDecoder(ResponsesRequest)
_MOST_RETRIES = 1  # Codex sends a request that failed with a 5xx nine times by itself


class ResponsesTerms(Struct, frozen=True):
    """What is the same for every request of the endpoint."""

    seal: Seal
    keeps_all: bool


class DecodedResponsesRequest(Struct, frozen=True):
    """One decoded request."""

    translated: TranslatedResponse
    adjustments: tuple[Adjustment, ...]
    stream: bool
    shape: ResponseShape
    seal: Seal
    n: int = 1

    @property
    def request(self) -> messages.MessagesRequest:
        return self.translated.request

    def with_request(self, request: messages.MessagesRequest) -> "DecodedResponsesRequest":
        return replace(self, translated=replace(self.translated, request=request))

    def field_name(self, path: str) -> str:
        return field_name(path, tools=self.translated.toolset.fields, blocks=self.translated.conversation.paths)

    def reply(self, replies: tuple[messages.Message, ...], context: ReplyContext) -> bytes:
        return to_response(replies[0], context, shape=self.shape, seal=self.seal)

    def translators(self, context: ReplyContext) -> tuple[StreamTranslator, ...]:
        return (ResponseStream(context, self.shape, seal=self.seal),)


def _resume(
    stored: Mapping[str, bytes],
    *,
    request: ResponsesRequest,
    adjustments: tuple[Adjustment, ...],
    default_model: str,
    terms: ResponsesTerms,
) -> DecodedResponsesRequest:
    check_state(request)
    previous = request.previous_response_id
    if previous and previous not in stored:
        raise InvalidRequest(
            f"Previous response with id '{previous}' not found.",
            param="previous_response_id",
            code="previous_response_not_found",
        )
    conversation = request.conversation_id
    if conversation and conversation not in stored:
        raise InvalidRequest(f"Conversation with id '{conversation}' not found.", param="conversation", status=404)
    before = Before(
        decode_turns(stored[previous]) if previous else (),
        decode_kept_items(stored[conversation]) if conversation else (),
    )
    translated = to_messages_request(request, default_model, seal=terms.seal, before=before, stored=stored)
    include = request.include or ()
    shape = ResponseShape(
        echo(request),
        dict(translated.toolset.origins),
        encrypted=ENCRYPTED in include,
        hosted=HostedOptions(SOURCES in include, CODE_OUTPUTS in include, translated.toolset.service.container),
        given=_given(request, translated, stored=stored) if terms.keeps_all or request.store is not False else None,
    )
    return DecodedResponsesRequest(
        translated, translated.adjustments + adjustments, stream=bool(request.stream), shape=shape, seal=terms.seal
    )


def _given(request: ResponsesRequest, translated: TranslatedResponse, *, stored: Mapping[str, bytes]) -> KeptInput:
    return KeptInput(
        request.previous_response_id or "",
        request.metadata or {},
        resolved(request.input or [], stored),
        translated.conversation.own,
        stored=request.store is not False,
        conversation=request.conversation_id if request.store is not False else "",
    )


def _render_count(tokens: int) -> bytes:
    return msgspec.json.encode({"object": "response.input_tokens", "input_tokens": tokens})


def input_tokens_endpoint(seal: Seal) -> Endpoint:
    """Return the endpoint that answers with the number of tokens of a request."""
    counting = replace(responses_endpoint(seal), name="input_tokens", path="/responses/input_tokens")
    return replace(counting, render_count=_render_count)


def responses_endpoint(seal: Seal, *, keeps_all: bool = False) -> Endpoint:
    """Return the endpoint. `seal` makes what a client keeps for it, such as `encrypted_content`.

    With `keeps_all`, replies that are not to be stored are handed over as well, for who continues them at once.
    """
    terms = ResponsesTerms(seal, keeps_all)

    def begin(body: bytes, default_model: str) -> PendingRequest:
        request, adjustments = _body.decode(body)
        named = (request.previous_response_id, request.conversation_id)
        return PendingRequest(
            (*filter(None, named), *references(request.input)),
            partial(_resume, request=request, adjustments=adjustments, default_model=default_model, terms=terms),
        )

    def decode(body: bytes, default_model: str) -> DecodedResponsesRequest:
        request, adjustments = _body.decode(body)
        return _resume({}, request=request, adjustments=adjustments, default_model=default_model, terms=terms)

    return Endpoint(
        "responses",
        "/responses",
        "resp_",
        decode,
        OPENAI,
        begin=begin,
        most_retries=_MOST_RETRIES,
        failure_is_an_end=True,
    )
