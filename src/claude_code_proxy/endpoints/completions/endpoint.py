"""Completions as an endpoint: the translations put together."""

from msgspec import Struct
from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.adjustment import Adjustment
from claude_code_proxy.endpoints.completions.request import field_name, to_messages_request
from claude_code_proxy.endpoints.completions.response import CompletionShape, to_completion
from claude_code_proxy.endpoints.completions.schema import CompletionRequest
from claude_code_proxy.endpoints.completions.stream import TextStream
from claude_code_proxy.endpoints.endpoint import Endpoint, ReplyContext, StreamTranslator
from claude_code_proxy.endpoints.openai.body import BodyDecoder
from claude_code_proxy.endpoints.openai.envelope import OPENAI
from claude_code_proxy.endpoints.openai.stream import Ending

_body = BodyDecoder(CompletionRequest)


class DecodedCompletion(Struct, frozen=True):
    """One decoded request."""

    request: messages.MessagesRequest
    adjustments: tuple[Adjustment, ...]
    stream: bool
    n: int
    shape: CompletionShape

    def with_request(self, request: messages.MessagesRequest) -> "DecodedCompletion":
        return replace(self, request=request)

    def field_name(self, path: str) -> str:
        return field_name(path)

    def reply(self, replies: tuple[messages.Message, ...], context: ReplyContext) -> bytes:
        return to_completion(replies, context, shape=self.shape)

    def translators(self, context: ReplyContext) -> tuple[StreamTranslator, ...]:
        ending = Ending(self.n, context)
        return tuple(TextStream(ending, index, shape=self.shape) for index in range(self.n))


def decode(body: bytes, default_model: str) -> DecodedCompletion:
    """Decode and translate the body of a request. Raise `InvalidRequest`."""
    completion, adjustments = _body.decode(body)
    translated = to_messages_request(completion, default_model)
    options = completion.stream_options
    return DecodedCompletion(
        request=translated.request,
        adjustments=translated.adjustments + adjustments,
        stream=bool(completion.stream),
        n=completion.n or 1,
        shape=CompletionShape(
            echo=translated.prompt if completion.echo else "",
            include_usage=bool(options and options.include_usage),
        ),
    )


COMPLETIONS = Endpoint("completions", "/completions", "cmpl-", decode, OPENAI)
