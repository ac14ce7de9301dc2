"""A chat completion request -> a Messages request, as it was meant. What its model takes is adaptation's part."""

from collections.abc import Sequence
from typing import Literal

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.adjustment import Action, Adjustment
from claude_code_proxy.endpoints.chat_completions import schema as chat
from claude_code_proxy.endpoints.chat_completions.conversation import to_conversation
from claude_code_proxy.endpoints.chat_completions.output_config import to_output_config
from claude_code_proxy.endpoints.chat_completions.support import ignored_fields
from claude_code_proxy.endpoints.chat_completions.thinking import to_thinking
from claude_code_proxy.endpoints.chat_completions.tools import to_toolset
from claude_code_proxy.endpoints.openai.request import (
    MOST_CHOICES,
    check_range,
    to_max_tokens,
    to_metadata,
    to_stop_sequences,
)
from claude_code_proxy.errors import InvalidRequest
from claude_code_proxy.messages.content import NO_JSON
from claude_code_proxy.messages.json_text import is_given

_ServiceTier = Literal["auto", "standard_only"]
_SERVICE_TIERS: dict[str, _ServiceTier] = {"default": "standard_only", "standard_only": "standard_only"}
_LIKE_AUTO = frozenset({"", "auto", "default", "standard_only", "priority", "fast"})
_decode_list = msgspec.json.Decoder(list[Raw]).decode


class TranslatedChat(Struct, frozen=True):
    request: messages.MessagesRequest
    adjustments: tuple[Adjustment, ...]
    custom_tools: frozenset[str]
    tool_fields: tuple[str, ...]
    hides_reasoning: bool


def to_messages_request(request: chat.ChatRequest, default_model: str) -> TranslatedChat:
    """Translate a request. Raise `InvalidRequest`."""
    _check(request)
    conversation = to_conversation(request.messages, system=request.system)
    toolset = to_toolset(request)
    thinking = to_thinking(request)
    adjustments = [*conversation.adjustments, *toolset.adjustments, *thinking.adjustments]
    adjustments += (*ignored_fields(request), *_overruled(request))
    output = to_output_config(request, thinking)
    adjustments += output.adjustments
    stops = to_stop_sequences(request.stop, notes=adjustments)
    tier = request.service_tier or ""
    if tier not in _LIKE_AUTO:
        adjustments.append(Adjustment("service_tier", Action.MAPPED, "Claude has no such tier; auto is asked for"))
    made = messages.MessagesRequest(
        model=request.model or default_model,
        messages=conversation.messages,
        max_tokens=_max_tokens(request, notes=adjustments),
        system=(*conversation.system, messages.Text(output.instruction)) if output.instruction else conversation.system,
        stop_sequences=stops,
        temperature=request.temperature,
        top_p=request.top_p,
        top_k=request.top_k,
        tools=toolset.tools,
        tool_choice=toolset.choice,
        thinking=thinking.config,
        output_config=output.config,
        metadata=to_metadata(request.safety_identifier or request.user),
        service_tier=_SERVICE_TIERS.get(tier, "auto") if tier else None,
        speed="fast" if tier == "fast" else request.speed,
        inference_geo=request.inference_geo or None,
        cache_control=request.cache_control,
    )
    if (
        request.container
        or request.context_management
        or request.fallbacks
        or request.mcp_servers
        or toolset.mcp_servers
    ):
        made = _with_service_fields(made, request, offered=toolset.mcp_servers)
    return TranslatedChat(made, tuple(adjustments), toolset.custom, toolset.fields, thinking.hidden)


def _check(request: chat.ChatRequest) -> None:
    if not request.messages:
        raise InvalidRequest("'messages' must hold at least one message.", param="messages", code="empty_array")
    check_range("n", request.n, least=1, most=MOST_CHOICES)
    check_range("temperature", request.temperature, least=0, most=2)
    check_range("top_p", request.top_p, least=0, most=1)


def _max_tokens(request: chat.ChatRequest, *, notes: list[Adjustment]) -> int:
    limit = to_max_tokens("max_completion_tokens", request.max_completion_tokens, notes=notes)
    return limit or to_max_tokens("max_tokens", request.max_tokens, notes=notes)


def _overruled(request: chat.ChatRequest) -> list[Adjustment]:
    """Name the ignored field of each pair of fields with the same meaning and different values."""
    notes = []
    most = request.max_completion_tokens
    if most and most > 0 and request.max_tokens and most != request.max_tokens:
        notes.append(Adjustment("max_tokens", Action.IGNORED, "max_completion_tokens wins"))
    if request.safety_identifier and request.user and request.user != request.safety_identifier:
        notes.append(Adjustment("user", Action.IGNORED, "safety_identifier wins"))
    if request.tool_choice is not None and request.function_call is not None:
        notes.append(Adjustment("function_call", Action.IGNORED, "tool_choice wins"))
    return notes


def _with_service_fields(
    made: messages.MessagesRequest, request: chat.ChatRequest, *, offered: Sequence[Raw]
) -> messages.MessagesRequest:
    """Return the request with Anthropic's own fields, whose values are the service's to judge."""
    return replace(
        made,
        container=_given(request.container),
        context_management=_given(request.context_management),
        fallbacks=_given(request.fallbacks),
        mcp_servers=_mcp_servers(request.mcp_servers, offered),
    )


def _given(value: Raw) -> Raw:
    return value if is_given(value) else NO_JSON


def _mcp_servers(own: Raw, offered: Sequence[Raw]) -> Raw:
    """Return Anthropic's own list of servers, with those that were offered as tools."""
    if not offered:
        return _given(own)
    try:
        listed = _decode_list(own) if is_given(own) else []
    except msgspec.ValidationError:
        raise InvalidRequest("'mcp_servers' must be a list.", param="mcp_servers", code="invalid_type") from None
    return Raw(msgspec.json.encode([*listed, *offered]))
