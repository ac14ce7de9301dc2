"""A chat completion request -> a Messages request, as it was meant. What its model takes is adaptation's part."""

from typing import Literal

import msgspec
from msgspec import Raw, Struct

from claude_code_proxy import messages
from claude_code_proxy.adjustment import Action, Adjustment
from claude_code_proxy.endpoints.chat_completions import schema as chat
from claude_code_proxy.endpoints.chat_completions.conversation import to_conversation
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
from claude_code_proxy.messages.json_text import is_given

_ServiceTier = Literal["auto", "standard_only"]
_SERVICE_TIERS: dict[str, _ServiceTier] = {"default": "standard_only", "standard_only": "standard_only"}
_LIKE_AUTO = frozenset({"", "auto", "default", "standard_only", "priority", "fast"})
_decode_fields = msgspec.json.Decoder(dict[str, Raw]).decode


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
    output_format = _format(request.response_format, notes=adjustments)
    stops = to_stop_sequences(request.stop, notes=adjustments)
    tier = request.service_tier or ""
    if tier not in _LIKE_AUTO:
        adjustments.append(Adjustment("service_tier", Action.MAPPED, "Claude has no such tier; auto is asked for"))
    made = messages.MessagesRequest(
        model=request.model or default_model,
        messages=conversation.messages,
        max_tokens=_max_tokens(request, notes=adjustments),
        system=conversation.system,
        stop_sequences=stops,
        temperature=request.temperature,
        top_p=request.top_p,
        top_k=request.top_k,
        tools=toolset.tools,
        tool_choice=toolset.choice,
        thinking=thinking.config,
        output_config=_output_config(thinking.effort, output_format),
        metadata=to_metadata(request.safety_identifier or request.user),
        service_tier=_SERVICE_TIERS.get(tier, "auto") if tier else None,
        speed="fast" if tier == "fast" else request.speed,
        inference_geo=request.inference_geo or None,
        cache_control=request.cache_control,
    )
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


def _output_config(effort: str | None, output_format: messages.OutputFormat | None) -> messages.OutputConfig | None:
    return messages.OutputConfig(effort, output_format) if effort or output_format else None


def _format(response_format: chat.ResponseFormat | None, *, notes: list[Adjustment]) -> messages.OutputFormat | None:
    match response_format:
        case chat.JsonObjectFormat():
            return messages.JsonObject()
        case chat.SchemaFormat(json_schema=described):
            if is_given(described.schema):
                return messages.JsonSchema(_described(described))
            notes.append(Adjustment("response_format", Action.MAPPED, "without a schema it asks for any JSON object"))
            return messages.JsonObject()
        case _:
            return None


def _described(described: chat.JsonSchemaFormat) -> Raw:
    """Return the schema with the format's description in it, which the model should see as well."""
    if not described.description:
        return described.schema
    try:
        fields = _decode_fields(described.schema)
    except msgspec.ValidationError:
        raise InvalidRequest(
            "A JSON schema must be an object.", param="response_format.json_schema.schema", code="invalid_type"
        ) from None
    return Raw(msgspec.json.encode({"description": described.description, **fields}))
