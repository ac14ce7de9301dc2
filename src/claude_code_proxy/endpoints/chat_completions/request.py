"""A chat completion request -> a Messages request, as it was meant. What its model takes is adaptation's part."""

from typing import Literal

import msgspec
from msgspec import Raw, Struct

from claude_code_proxy import messages
from claude_code_proxy.adjustment import Adjustment
from claude_code_proxy.endpoints.chat_completions import schema as chat
from claude_code_proxy.endpoints.chat_completions.conversation import to_conversation
from claude_code_proxy.endpoints.chat_completions.support import ignored_fields
from claude_code_proxy.endpoints.chat_completions.tools import to_toolset
from claude_code_proxy.endpoints.json_text import is_given
from claude_code_proxy.endpoints.openai_request import (
    MOST_CHOICES,
    check_range,
    to_max_tokens,
    to_metadata,
    to_stop_sequences,
)
from claude_code_proxy.errors import InvalidRequest

_ServiceTier = Literal["auto", "standard_only"]
_SERVICE_TIERS: dict[str, _ServiceTier] = {"default": "standard_only", "standard_only": "standard_only"}
_LIKE_AUTO = frozenset({"", "auto", "default", "standard_only", "priority", "fast"})
_decode_fields = msgspec.json.Decoder(dict[str, Raw]).decode


class Translated(Struct, frozen=True):
    request: messages.MessagesRequest
    adjustments: tuple[Adjustment, ...]
    custom_tools: frozenset[str]


def to_messages_request(request: chat.ChatRequest, default_model: str) -> Translated:
    """Raises `InvalidRequest`."""
    _check(request)
    conversation = to_conversation(request.messages)
    toolset = to_toolset(request)
    adjustments = [*conversation.adjustments, *toolset.adjustments, *ignored_fields(request)]
    thinking, effort = _thinking(request)
    if request.max_tokens and request.max_completion_tokens and request.max_tokens != request.max_completion_tokens:
        adjustments.append(Adjustment("max_tokens", "ignored", "max_completion_tokens wins"))
    output_format = _format(request.response_format)
    tier = request.service_tier or ""
    if tier not in _LIKE_AUTO:
        adjustments.append(Adjustment("service_tier", "mapped", "Claude has no such tier; auto is asked for"))
    made = messages.MessagesRequest(
        model=request.model or default_model,
        messages=conversation.messages,
        max_tokens=_max_tokens(request),
        system=conversation.system,
        stop_sequences=to_stop_sequences(request.stop),
        temperature=request.temperature,
        top_p=request.top_p,
        top_k=request.top_k,
        tools=toolset.tools,
        tool_choice=toolset.choice,
        thinking=thinking,
        output_config=messages.OutputConfig(effort, output_format) if effort or output_format else None,
        metadata=to_metadata(request.safety_identifier or request.user),
        service_tier=_SERVICE_TIERS.get(tier, "auto") if tier else None,
        speed="fast" if tier == "fast" else request.speed,
        inference_geo=request.inference_geo or None,
        cache_control=request.cache_control,
    )
    return Translated(made, tuple(adjustments), toolset.custom)


def _check(request: chat.ChatRequest) -> None:
    if not request.messages:
        raise InvalidRequest("'messages' must hold at least one message.", param="messages", code="empty_array")
    check_range("n", request.n, least=1, most=MOST_CHOICES)
    check_range("temperature", request.temperature, least=0, most=2)
    check_range("top_p", request.top_p, least=0, most=1)


def _max_tokens(request: chat.ChatRequest) -> int:
    if request.max_completion_tokens:
        return to_max_tokens("max_completion_tokens", request.max_completion_tokens)
    return to_max_tokens("max_tokens", request.max_tokens)


def _thinking(request: chat.ChatRequest) -> tuple[messages.ThinkingConfig | None, str | None]:
    """Thinking and effort. The more precise field wins: `thinking`, then `reasoning`, then `reasoning_effort`.

    A readable summary costs time, so it is asked for only when the caller shows that it wants one.
    """
    if request.thinking is not None:
        return _own_thinking(request.thinking), _effort(request.reasoning_effort)
    reasoning = request.reasoning
    effort = (reasoning.effort if reasoning else None) or request.reasoning_effort
    wants_text = bool(request.include_reasoning) or (reasoning is not None and not reasoning.exclude)
    if effort == "none" or (reasoning is not None and reasoning.enabled is False):
        return messages.Disabled(), None
    display: Literal["summarized"] | None = "summarized" if wants_text else None
    if reasoning is not None and reasoning.max_tokens:
        return messages.Enabled(reasoning.max_tokens, display), _effort(effort)
    if effort or reasoning is not None or request.include_reasoning:
        return messages.Adaptive(display), _effort(effort)
    return None, None


def _effort(effort: chat.Effort | None) -> str | None:
    return None if effort == "none" else effort


def _own_thinking(thinking: chat.ThinkingOption) -> messages.ThinkingConfig:
    match thinking.type:
        case "enabled" if thinking.budget_tokens:
            return messages.Enabled(thinking.budget_tokens, thinking.display or "summarized")
        case "disabled":
            return messages.Disabled()
        case "between_tools":
            return messages.BetweenTools()
        case _:
            return messages.Adaptive(thinking.display or "summarized")


def _format(response_format: chat.ResponseFormat | None) -> messages.OutputFormat | None:
    match response_format:
        case chat.JsonObjectFormat():
            return messages.JsonObject()
        case chat.SchemaFormat(json_schema=described):
            return messages.JsonSchema(_described(described)) if is_given(described.schema) else messages.JsonObject()
        case _:
            return None


def _described(described: chat.JsonSchemaFormat) -> Raw:
    """The schema with the description beside it, which is for the model as well."""
    if not described.description:
        return described.schema
    try:
        fields = _decode_fields(described.schema)
    except msgspec.ValidationError:
        raise InvalidRequest(
            "A JSON schema must be an object.", param="response_format.json_schema.schema", code="invalid_type"
        ) from None
    return Raw(msgspec.json.encode({"description": described.description, **fields}))
