"""Messages -> the whole chat completion. https://platform.openai.com/docs/api-reference/chat/object"""

from collections.abc import Sequence

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType
from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.endpoints.chat_completions.annotations import Annotation, to_annotated_text
from claude_code_proxy.endpoints.chat_completions.reasoning import (
    ReasoningDetail,
    ThinkingBlock,
    to_reasoning_detail,
    to_text,
    to_thinking_block,
)
from claude_code_proxy.endpoints.endpoint import ReplyContext
from claude_code_proxy.endpoints.openai.arguments import to_arguments, to_custom_text
from claude_code_proxy.endpoints.openai.reply import (
    CompletionUsage,
    finish_reason,
    refusal_text,
    service_tier,
    to_usage,
)

_decode_fields = msgspec.json.Decoder(dict[str, Raw]).decode
_OF_SERVER_TOOLS = frozenset({messages.UnknownBlock, messages.ServerToolUse})


class ChatShape(Struct, frozen=True):
    """What of the request decides the form of its reply."""

    custom_tools: frozenset[str] = frozenset()
    legacy_functions: bool = False
    include_usage: bool = False
    hides_reasoning: bool = False


class _Function(Struct, frozen=True):
    name: str
    arguments: str


class _Custom(Struct, frozen=True):
    name: str
    input: str


class _FunctionCall(Struct, frozen=True, tag_field="type", tag="function"):
    id: str
    function: _Function


class _CustomCall(Struct, frozen=True, tag_field="type", tag="custom"):
    id: str
    custom: _Custom


class _Message(Struct, frozen=True):
    content: str | None
    refusal: str | None
    annotations: list[Annotation]
    role: str = "assistant"
    tool_calls: list[_FunctionCall | _CustomCall] | UnsetType = UNSET
    function_call: _Function | UnsetType = UNSET
    reasoning_content: str | UnsetType = UNSET
    thinking_blocks: list[ThinkingBlock] | UnsetType = UNSET
    reasoning_details: list[ReasoningDetail] | UnsetType = UNSET
    server_tool_blocks: list[dict[str, Raw]] | UnsetType = UNSET


class ChatChoice(Struct, frozen=True):
    index: int
    message: _Message
    finish_reason: str
    logprobs: None = None


class _ChatCompletion(Struct, frozen=True):
    id: str
    created: int
    model: str
    choices: list[ChatChoice]
    usage: CompletionUsage
    service_tier: str
    object: str = "chat.completion"


def to_chat_completion(replies: Sequence[messages.Message], context: ReplyContext, *, shape: ChatShape) -> bytes:
    """One choice for each of `replies`."""
    return msgspec.json.encode(
        _ChatCompletion(
            id=context.id,
            created=context.created,
            model=context.model,
            choices=[_choice(index, message, shape=shape) for index, message in enumerate(replies)],
            usage=to_usage([message.usage for message in replies], context),
            service_tier=service_tier(replies[0].usage),
        )
    )


def finish_reason_of(stop_reason: str | None, *, calls: int, shape: ChatShape) -> str:
    """With legacy functions, `tool_calls` is called `function_call`."""
    reason = finish_reason(stop_reason, called_tools=calls > 0)
    return "function_call" if shape.legacy_functions and reason == "tool_calls" else reason


def _choice(index: int, message: messages.Message, *, shape: ChatShape) -> ChatChoice:
    calls = [block for block in message.content if isinstance(block, messages.ToolUse)]
    finish = finish_reason_of(message.stop_reason, calls=len(calls), shape=shape)
    return ChatChoice(index, _message(message, calls, shape=shape), finish)


def _message(message: messages.Message, calls: Sequence[messages.ToolUse], *, shape: ChatShape) -> _Message:
    """Return the message of a choice, whose `content` is null only beside calls.

    An empty turn stays an empty `stop`: clients know how to go on from there, and any other reason makes parsers raise.
    """
    text, annotations = to_annotated_text(message.content)
    refusal = refusal_text(message.stop_reason, message.stop_details)
    legacy = shape.legacy_functions
    written = _Message(
        content=text or refusal or (None if calls else ""),
        refusal=refusal,
        annotations=annotations,
        tool_calls=UNSET if legacy or not calls else [_call(call, shape=shape) for call in calls],
        function_call=_Function(calls[0].name, to_arguments(calls[0].input)) if legacy and calls else UNSET,
    )
    if not _OF_SERVER_TOOLS.isdisjoint(map(type, message.content)):
        written = replace(written, server_tool_blocks=_server_tool_blocks(message.content) or UNSET)
    thoughts = [block for block in message.content if isinstance(block, messages.AnyThinking)]
    return written if shape.hides_reasoning or not thoughts else _with_reasoning(written, thoughts)


def _with_reasoning(message: _Message, thoughts: Sequence[messages.AnyThinking]) -> _Message:
    return replace(
        message,
        reasoning_content=to_text(thoughts) or UNSET,
        thinking_blocks=[to_thinking_block(thought, i) for i, thought in enumerate(thoughts)],
        reasoning_details=[to_reasoning_detail(thought, i) for i, thought in enumerate(thoughts)],
    )


def is_of_server_tool(block: messages.Block) -> bool:
    """Tell whether neither text nor annotations say what a block does; of a web search the annotations do."""
    if isinstance(block, messages.UnknownBlock):
        return block.type.endswith(("tool_use", "tool_result"))
    return isinstance(block, messages.ServerToolUse) and block.name != "web_search"


def to_server_tool_block(block: messages.Block, index: int) -> dict[str, Raw]:
    """Return a block as it came, with the index that lists in streams need."""
    return {"index": Raw(b"%d" % index), **_decode_fields(messages.encode_request(block))}


def _server_tool_blocks(content: Sequence[messages.Block]) -> list[dict[str, Raw]]:
    shown = (block for block in content if is_of_server_tool(block))
    return [to_server_tool_block(block, index) for index, block in enumerate(shown)]


def _call(call: messages.ToolUse, *, shape: ChatShape) -> _FunctionCall | _CustomCall:
    if call.name in shape.custom_tools:
        return _CustomCall(call.id, _Custom(call.name, to_custom_text(call.input)))
    return _FunctionCall(call.id, _Function(call.name, to_arguments(call.input)))
