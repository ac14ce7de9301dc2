"""Chat completions as an endpoint: the translations put together."""

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.adjustment import Adjustment
from claude_code_proxy.endpoints.chat_completions.field_names import field_name
from claude_code_proxy.endpoints.chat_completions.foreign.shapes import reshape
from claude_code_proxy.endpoints.chat_completions.request import to_messages_request
from claude_code_proxy.endpoints.chat_completions.response import ChatShape, to_chat_completion
from claude_code_proxy.endpoints.chat_completions.schema import ChatMessage, ChatRequest
from claude_code_proxy.endpoints.chat_completions.stream import ChunkStream
from claude_code_proxy.endpoints.endpoint import Endpoint, ReplyContext, StreamTranslator
from claude_code_proxy.endpoints.openai.body import BodyDecoder
from claude_code_proxy.endpoints.openai.envelope import OPENAI
from claude_code_proxy.endpoints.openai.stream import Ending

_body = BodyDecoder(ChatRequest, reshape)


class DecodedChatCompletion(Struct, frozen=True):
    """One decoded request."""

    request: messages.MessagesRequest
    adjustments: tuple[Adjustment, ...]
    stream: bool
    n: int
    shape: ChatShape
    body: bytes
    tool_fields: tuple[str, ...]

    def with_request(self, request: messages.MessagesRequest) -> "DecodedChatCompletion":
        return replace(self, request=request)

    def field_name(self, path: str) -> str:
        return field_name(path, tools=self.tool_fields, chat_messages=self._chat_messages)

    def reply(self, replies: tuple[messages.Message, ...], context: ReplyContext) -> bytes:
        return to_chat_completion(replies, context, shape=self.shape)

    def translators(self, context: ReplyContext) -> tuple[StreamTranslator, ...]:
        ending = Ending(self.n, context)
        return tuple(ChunkStream(ending, index, shape=self.shape) for index in range(self.n))

    def _chat_messages(self) -> Sequence[ChatMessage]:
        """Decode the body once more: that is rarely needed, and would otherwise be held for the whole exchange."""
        request, _ = _body.decode(self.body)
        return request.messages


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
        body=body,
        tool_fields=translated.tool_fields,
    )


CHAT_COMPLETIONS = Endpoint("chat_completions", "/chat/completions", "chatcmpl-", decode, OPENAI)
