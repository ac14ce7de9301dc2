"""`POST /v1/chat/completions`: OpenAI's Chat Completions API, translated straight to and from Messages."""

from msgspec import Struct

from claude_code_proxy import messages
from claude_code_proxy.adjustment import Adjustment
from claude_code_proxy.endpoints.chat_completions.decode import decode_chat_request
from claude_code_proxy.endpoints.chat_completions.request import to_messages_request
from claude_code_proxy.endpoints.chat_completions.response import Shape, to_chat_completion
from claude_code_proxy.endpoints.chat_completions.stream import ChunkStream, Ending
from claude_code_proxy.endpoints.endpoint import Endpoint, ReplyContext, StreamTranslator
from claude_code_proxy.endpoints.openai import render_error


class AskedCompletion(Struct, frozen=True):
    """One decoded request."""

    request: messages.MessagesRequest
    adjustments: tuple[Adjustment, ...]
    stream: bool
    n: int
    shape: Shape

    def reply(self, replies: tuple[messages.Message, ...], context: ReplyContext) -> bytes:
        return to_chat_completion(replies, context, self.shape)

    def translators(self, context: ReplyContext) -> tuple[StreamTranslator, ...]:
        ending = Ending(self.n)
        return tuple(ChunkStream(context, self.shape, ending, index) for index in range(self.n))


def decode(body: bytes, default_model: str) -> AskedCompletion:
    """Raises `InvalidRequest`."""
    request, unknown = decode_chat_request(body)
    translated = to_messages_request(request, default_model)
    ignored = tuple(Adjustment(path, "ignored", "not a field of this API") for path in unknown)
    return AskedCompletion(
        request=translated.request,
        adjustments=translated.adjustments + ignored,
        stream=bool(request.stream),
        n=request.n or 1,
        shape=Shape(
            custom_tools=translated.custom_tools,
            legacy_functions=bool(request.functions) and not request.tools,
            include_usage=bool(request.stream_options and request.stream_options.include_usage),
        ),
    )


CHAT_COMPLETIONS = Endpoint("chat_completions", "/chat/completions", "chatcmpl-", decode, render_error)
