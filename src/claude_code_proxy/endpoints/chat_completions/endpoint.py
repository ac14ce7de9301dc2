"""Chat completions as an endpoint: the translations put together."""

from msgspec import Struct

from claude_code_proxy import messages
from claude_code_proxy.adjustment import Adjustment
from claude_code_proxy.endpoints.chat_completions.field_names import path_in
from claude_code_proxy.endpoints.chat_completions.request import to_messages_request
from claude_code_proxy.endpoints.chat_completions.response import ChatShape, to_chat_completion
from claude_code_proxy.endpoints.chat_completions.schema import ChatRequest
from claude_code_proxy.endpoints.chat_completions.stream import ChunkStream
from claude_code_proxy.endpoints.endpoint import Endpoint, ReplyContext, StreamTranslator
from claude_code_proxy.endpoints.openai.body import BodyDecoder
from claude_code_proxy.endpoints.openai.errors import render_error
from claude_code_proxy.endpoints.openai.stream import Ending

_body = BodyDecoder(ChatRequest)


class DecodedChatCompletion(Struct, frozen=True):
    """One decoded request."""

    request: messages.MessagesRequest
    adjustments: tuple[Adjustment, ...]
    stream: bool
    n: int
    shape: ChatShape

    def reply(self, replies: tuple[messages.Message, ...], context: ReplyContext) -> bytes:
        return to_chat_completion(replies, context, shape=self.shape)

    def translators(self, context: ReplyContext) -> tuple[StreamTranslator, ...]:
        ending = Ending(self.n, context)
        return tuple(ChunkStream(ending, index, shape=self.shape) for index in range(self.n))


def decode(body: bytes, default_model: str) -> DecodedChatCompletion:
    """Decode and translate the body of a request. Raise `InvalidRequest`."""
    chat_request, adjustments = _body.decode(body)
    translated = to_messages_request(chat_request, default_model)
    options = chat_request.stream_options
    return DecodedChatCompletion(
        request=translated.request,
        adjustments=translated.adjustments + adjustments,
        stream=bool(chat_request.stream),
        n=chat_request.n or 1,
        shape=ChatShape(
            custom_tools=translated.custom_tools,
            legacy_functions=chat_request.legacy_functions,
            include_usage=bool(options and options.include_usage),
            hides_reasoning=translated.hides_reasoning,
        ),
    )


def path_of(body: bytes, block: tuple[int, ...]) -> str | None:
    chat_request, _ = _body.decode(body)
    return path_in(chat_request.messages, block)


CHAT_COMPLETIONS = Endpoint("chat_completions", "/chat/completions", "chatcmpl-", decode, path_of, render_error)
