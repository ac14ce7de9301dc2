"""A chat completion request -> a Messages request, as it was meant. What its model takes is adaptation's part."""

import hashlib
from typing import Literal

from msgspec import Struct

from claude_code_proxy import messages
from claude_code_proxy.adjustment import Adjustment
from claude_code_proxy.endpoints.chat_completions import schema as chat
from claude_code_proxy.endpoints.chat_completions.conversation import to_conversation
from claude_code_proxy.endpoints.chat_completions.support import ignored_fields
from claude_code_proxy.endpoints.chat_completions.tools import to_toolset
from claude_code_proxy.endpoints.json_text import is_given
from claude_code_proxy.errors import InvalidRequest

MOST_CHOICES = 128
_ServiceTier = Literal["auto", "standard_only"]
SERVICE_TIERS: dict[str, _ServiceTier] = {
    "auto": "auto",
    "default": "standard_only",
    "flex": "auto",
    "scale": "auto",
    "priority": "auto",
    "fast": "auto",
    "standard_only": "standard_only",
}


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
    output_format = _format(request.response_format)
    made = messages.MessagesRequest(
        model=request.model or default_model,
        messages=conversation.messages,
        max_tokens=max(request.max_completion_tokens or request.max_tokens or 0, 0),
        system=conversation.system,
        stop_sequences=_stop_sequences(request.stop),
        temperature=request.temperature,
        top_p=request.top_p,
        top_k=request.top_k,
        tools=toolset.tools,
        tool_choice=toolset.choice,
        thinking=thinking,
        output_config=messages.OutputConfig(effort, output_format) if effort or output_format else None,
        metadata=_metadata(request.safety_identifier or request.user),
        service_tier=_service_tier(request.service_tier, adjustments),
        speed="fast" if request.service_tier == "fast" else request.speed,
        inference_geo=request.inference_geo or None,
        cache_control=request.cache_control,
    )
    return Translated(made, tuple(adjustments), toolset.custom)


def _check(request: chat.ChatRequest) -> None:
    if not request.messages:
        raise InvalidRequest("'messages' must hold at least one message.", param="messages", code="empty_array")
    for name in ("max_completion_tokens", "max_tokens"):
        if (getattr(request, name) or 0) < 0:
            raise InvalidRequest(f"'{name}' must not be negative.", param=name, code="integer_below_min_value")
    if request.n is not None and not 1 <= request.n <= MOST_CHOICES:
        raise InvalidRequest(f"'n' must be 1 to {MOST_CHOICES}.", param="n", code="invalid_value")
    for name, most in (("temperature", 2), ("top_p", 1)):
        value = getattr(request, name)
        if value is not None and not 0 <= value <= most:
            raise InvalidRequest(f"'{name}' must be 0 to {most}.", param=name, code="invalid_value")


def _stop_sequences(stop: str | list[str] | None) -> tuple[str, ...]:
    if not stop:
        return ()
    return (stop,) if isinstance(stop, str) else tuple(dict.fromkeys(text for text in stop if text))


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


def _effort(effort: str | None) -> str | None:
    return {"minimal": "low", "none": None}.get(effort, effort) if effort else None


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
            return messages.JsonSchema(described.schema) if is_given(described.schema) else messages.JsonObject()
        case _:
            return None


def _metadata(user: str | None) -> messages.Metadata | None:
    """Hashed: Claude refuses what looks like an address or a number of a person."""
    return messages.Metadata(hashlib.sha256(user.encode()).hexdigest()) if user else None


def _service_tier(tier: str | None, adjustments: list[Adjustment]) -> _ServiceTier | None:
    if not tier:
        return None
    if tier not in SERVICE_TIERS:
        raise InvalidRequest(
            f"'service_tier' must be one of {', '.join(SERVICE_TIERS)}.", param="service_tier", code="invalid_value"
        )
    if tier in ("flex", "scale"):
        adjustments.append(Adjustment("service_tier", "mapped", f"Claude has no {tier} tier; auto is asked for"))
    return SERVICE_TIERS[tier]
