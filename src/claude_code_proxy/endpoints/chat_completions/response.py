"""Messages -> the whole chat completion. https://platform.openai.com/docs/api-reference/chat/object"""

from collections.abc import Sequence

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from claude_code_proxy import messages
from claude_code_proxy.endpoints.chat_completions.conversation import CUSTOM_TOOL_INPUT
from claude_code_proxy.endpoints.endpoint import ReplyContext

FINISH_REASONS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "pause_turn": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}
REFUSED = "Claude declined to answer this request."
REASONING_FORMAT = "anthropic-claude-v1"
_SERVICE_TIERS = {"standard": "default", "priority": "priority", "batch": "flex"}


class Shape(Struct, frozen=True):
    """What of the request decides the form of its reply."""

    custom_tools: frozenset[str] = frozenset()
    legacy_functions: bool = False
    include_usage: bool = False


class UrlCitation(Struct, frozen=True):
    url: str
    title: str
    start_index: int
    end_index: int


class Annotation(Struct, frozen=True, tag_field="type", tag="url_citation"):
    url_citation: UrlCitation


class ThinkingBlock(Struct, frozen=True, omit_defaults=True):
    """`thinking_blocks` as LiteLLM's clients keep and send back; the index is what lists in streams need."""

    type: str
    thinking: str | UnsetType = UNSET
    signature: str | UnsetType = UNSET
    data: str | UnsetType = UNSET
    index: int | UnsetType = UNSET


class ReasoningDetail(Struct, frozen=True, omit_defaults=True):
    type: str
    index: int
    format: str
    text: str | UnsetType = UNSET
    signature: str | UnsetType = UNSET
    data: str | UnsetType = UNSET


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


class _Choice(Struct, frozen=True):
    index: int
    message: _Message
    finish_reason: str
    logprobs: None = None


class _PromptDetails(Struct, frozen=True):
    cached_tokens: int
    cache_write_tokens: int
    audio_tokens: int = 0


class _CompletionDetails(Struct, frozen=True):
    reasoning_tokens: int
    audio_tokens: int = 0
    accepted_prediction_tokens: int = 0
    rejected_prediction_tokens: int = 0


class CompletionUsage(Struct, frozen=True):
    """`prompt_tokens` counts cached and uncached alike; the last three are extras that clients look for."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: _PromptDetails
    completion_tokens_details: _CompletionDetails
    cache_read_input_tokens: int
    cache_creation_input_tokens: int
    cost: float | UnsetType = UNSET


class _ChatCompletion(Struct, frozen=True):
    id: str
    created: int
    model: str
    choices: list[_Choice]
    usage: CompletionUsage
    service_tier: str
    system_fingerprint: None = None
    object: str = "chat.completion"


def to_chat_completion(replies: Sequence[messages.Message], context: ReplyContext, shape: Shape) -> bytes:
    """One choice for each of `replies`."""
    return msgspec.json.encode(
        _ChatCompletion(
            id=context.id,
            created=context.created,
            model=context.model,
            choices=[_choice(index, message, shape) for index, message in enumerate(replies)],
            usage=to_usage([message.usage for message in replies], context),
            service_tier=service_tier(replies[0].usage),
        )
    )


def service_tier(usage: messages.Usage) -> str:
    return _SERVICE_TIERS.get(usage.service_tier or "", "default")


def to_usage(usages: Sequence[messages.Usage], context: ReplyContext) -> CompletionUsage:
    read = sum(usage.cache_read_input_tokens or 0 for usage in usages)
    written = sum(usage.cache_creation_input_tokens or 0 for usage in usages)
    prompt = sum(usage.input_tokens or 0 for usage in usages) + read + written
    completion = sum(usage.output_tokens or 0 for usage in usages)
    details = [usage.output_tokens_details for usage in usages]
    reasoning = sum(detail.thinking_tokens or 0 for detail in details if detail)
    costs = [context.cost(usage) for usage in usages]
    known = [cost for cost in costs if cost is not None]
    return CompletionUsage(
        prompt,
        completion,
        prompt + completion,
        _PromptDetails(read, written),
        _CompletionDetails(reasoning),
        read,
        written,
        round(sum(known), 8) if len(known) == len(costs) else UNSET,
    )


def finish_reason(stop_reason: str | None, *, called_tools: bool, legacy: bool) -> str:
    """A call decides: clients carry out calls only when the reason says so."""
    reason = FINISH_REASONS.get(stop_reason or "", "stop")
    if reason in ("stop", "tool_calls"):
        reason = "tool_calls" if called_tools else "stop"
    return "function_call" if legacy and reason == "tool_calls" else reason


def refusal_text(stop_reason: str | None, details: messages.StopDetails | None) -> str | None:
    if stop_reason != "refusal":
        return None
    return (details.explanation if details else None) or REFUSED


def to_arguments(call_input: Raw | str) -> str:
    """The text of a call's arguments; a call without any says `{}`."""
    text = call_input if isinstance(call_input, str) else bytes(call_input).decode()
    return text if text.strip() else "{}"


def to_custom_input(call_input: Raw | str) -> str:
    """What stands for a custom tool's text; the JSON itself when the model did not keep to the form."""
    text = to_arguments(call_input)
    try:
        value = msgspec.json.decode(text, type=dict[str, str])[CUSTOM_TOOL_INPUT]
    except (msgspec.DecodeError, KeyError):
        return text
    return value


def citation_annotations(citations: Sequence[messages.Citation], start: int, end: int) -> list[Annotation]:
    """Character offsets of the cited passage in the whole content."""
    return [
        Annotation(UrlCitation(citation.url, citation.title or citation.url, start, end))
        for citation in citations
        if citation.url
    ]


def to_reasoning_detail(block: messages.Thinking | messages.RedactedThinking, index: int) -> ReasoningDetail:
    if isinstance(block, messages.RedactedThinking):
        return ReasoningDetail("reasoning.encrypted", index, REASONING_FORMAT, data=block.data)
    return ReasoningDetail("reasoning.text", index, REASONING_FORMAT, text=block.thinking, signature=block.signature)


def to_thinking_block(block: messages.Thinking | messages.RedactedThinking, index: int) -> ThinkingBlock:
    if isinstance(block, messages.RedactedThinking):
        return ThinkingBlock("redacted_thinking", data=block.data, index=index)
    return ThinkingBlock("thinking", thinking=block.thinking, signature=block.signature, index=index)


def _choice(index: int, message: messages.Message, shape: Shape) -> _Choice:
    calls = [block for block in message.content if isinstance(block, messages.ToolUse)]
    text, annotations = _text(message.content)
    refusal = refusal_text(message.stop_reason, message.stop_details)
    thoughts = [b for b in message.content if isinstance(b, messages.Thinking | messages.RedactedThinking)]
    legacy = shape.legacy_functions and bool(calls)
    return _Choice(
        index,
        _Message(
            content=text or refusal or (None if calls else ""),
            refusal=refusal,
            annotations=annotations,
            tool_calls=[_call(call, shape) for call in calls] if calls and not legacy else UNSET,
            function_call=_Function(calls[0].name, to_arguments(calls[0].input)) if legacy else UNSET,
            reasoning_content="".join(b.thinking for b in thoughts if isinstance(b, messages.Thinking)) or UNSET,
            thinking_blocks=[to_thinking_block(b, i) for i, b in enumerate(thoughts)] or UNSET,
            reasoning_details=[to_reasoning_detail(b, i) for i, b in enumerate(thoughts)] or UNSET,
        ),
        finish_reason(message.stop_reason, called_tools=bool(calls), legacy=shape.legacy_functions),
    )


def _call(call: messages.ToolUse, shape: Shape) -> _FunctionCall | _CustomCall:
    if call.name in shape.custom_tools:
        return _CustomCall(call.id, _Custom(call.name, to_custom_input(call.input)))
    return _FunctionCall(call.id, _Function(call.name, to_arguments(call.input)))


def _text(content: Sequence[messages.Block]) -> tuple[str, list[Annotation]]:
    """All text, joined with nothing between, and where in it something is cited."""
    pieces: list[str] = []
    annotations: list[Annotation] = []
    length = 0
    for block in content:
        if isinstance(block, messages.Text):
            end = length + len(block.text)
            if block.citations:
                annotations += citation_annotations(messages.decode_citations(block.citations), length, end)
            pieces.append(block.text)
            length = end
    return "".join(pieces), annotations
