"""A Responses request -> a Messages request, as it was meant. What its model takes is adaptation's part."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import msgspec
from msgspec import Raw, Struct

from claude_code_proxy import messages
from claude_code_proxy.adjustment import Action, Adjustment
from claude_code_proxy.endpoints.openai.metadata import check_metadata
from claude_code_proxy.endpoints.openai.request import check_range, to_max_tokens, to_metadata
from claude_code_proxy.endpoints.responses import schema
from claude_code_proxy.endpoints.responses.conversation import ConversationBuilder, ItemConversation, with_uploads
from claude_code_proxy.endpoints.responses.reasoning import Seal
from claude_code_proxy.endpoints.responses.support import INCLUDED, ignored_fields
from claude_code_proxy.endpoints.responses.tools.toolset import ResponsesToolset, to_toolset
from claude_code_proxy.errors import InvalidRequest

_ServiceTier = Literal["auto", "standard_only"]
_SERVICE_TIERS: dict[str, _ServiceTier] = {"default": "standard_only", "standard_only": "standard_only"}
_decode_fields = msgspec.json.Decoder(dict[str, Raw]).decode


class TranslatedResponse(Struct, frozen=True):
    request: messages.MessagesRequest
    conversation: ItemConversation
    toolset: ResponsesToolset
    adjustments: tuple[Adjustment, ...]


class Before(Struct, frozen=True):
    """What stands before the input: the turns of the response that it continues, or the items of a conversation."""

    turns: Sequence[messages.InputMessage] = ()
    items: Sequence[Raw] = ()


_NOTHING = Before()


def to_messages_request(
    request: schema.ResponsesRequest,
    default_model: str,
    *,
    seal: Seal,
    before: Before = _NOTHING,
    stored: Mapping[str, bytes] = {},
) -> TranslatedResponse:
    """Translate a request. Raise `InvalidRequest`.

    `stored` has the items that it refers to, by their ids.
    """
    check_range("temperature", request.temperature, least=0, most=2)
    check_range("top_p", request.top_p, least=0, most=1)
    conversation = _conversation(request, seal, before=before, stored=stored)
    notes = list(conversation.adjustments)
    toolset = to_toolset(request, conversation.tools, note=notes.append)
    if toolset.service.files:
        conversation = with_uploads(conversation, toolset.service.files)
    notes += [*ignored_fields(request), *_ignored_includes(request)]
    text, reasoning = _options(request, conversation)
    thinking, effort = _to_thinking(reasoning, notes=notes)
    output_format = _to_format(text.format)
    tier = request.service_tier or ""
    made = messages.MessagesRequest(
        model=request.model or default_model,
        messages=conversation.turns,
        max_tokens=to_max_tokens("max_output_tokens", request.max_output_tokens, notes=notes),
        system=conversation.system,
        temperature=request.temperature,
        top_p=request.top_p,
        tools=toolset.tools,
        tool_choice=toolset.choice,
        thinking=thinking,
        output_config=messages.OutputConfig(effort, output_format) if effort or output_format else None,
        container=toolset.service.container_json,
        mcp_servers=toolset.service.servers_json,
        metadata=to_metadata(request.safety_identifier or request.user),
        service_tier=_SERVICE_TIERS.get(tier, "auto") if tier else None,
        compaction=messages.Summarize() if conversation.compacts else None,
        speed="fast" if tier in {"fast", "ultrafast"} else None,
    )
    return TranslatedResponse(made, conversation, toolset, tuple(notes))


def check_state(request: schema.ResponsesRequest) -> None:
    """Check what a request says of state. Raise `InvalidRequest`."""
    check_metadata(request.metadata)
    if request.previous_response_id and request.conversation:
        raise InvalidRequest(
            "Mutually exclusive parameters: 'previous_response_id' and 'conversation'. Ensure you are only providing "
            "one of them.",
            param="previous_response_id",
            code="mutually_exclusive_parameters",
        )


def _ignored_includes(request: schema.ResponsesRequest) -> Iterator[Adjustment]:
    for index, wanted in enumerate(request.include or ()):
        if wanted not in INCLUDED:
            yield Adjustment(f"include[{index}]", Action.IGNORED, "Claude's replies have nothing of this kind")


def _conversation(
    request: schema.ResponsesRequest,
    seal: Seal,
    *,
    before: Before,
    stored: Mapping[str, bytes],
) -> ItemConversation:
    builder = ConversationBuilder(seal, stored, tools=request.tools or ())
    builder.add_earlier(before.turns)
    if before.items:
        builder.add_conversation(before.items)
    if isinstance(request.input, str):
        builder.add_text(request.input)
    for index, raw in enumerate(request.input if isinstance(request.input, list) else ()):
        builder.add_item(raw, f"input[{index}]")
    if request.instructions:
        builder.add_instructions(_instructions(request.instructions, seal))
    conversation = builder.conversation()
    if not conversation.turns and request.generate is not False:
        raise InvalidRequest(
            "Missing required parameter: 'input': it must hold at least one message.",
            param="input",
            code="missing_required_parameter",
        )
    return conversation


def _instructions(instructions: str | list[Raw], seal: Seal) -> tuple[messages.Text, ...]:
    """Return the texts of instructions, which may be a list of items as well."""
    if isinstance(instructions, str):
        return (messages.Text(instructions),)
    builder = ConversationBuilder(seal, {})
    for index, raw in enumerate(instructions):
        builder.add_item(raw, f"instructions[{index}]")
    conversation = builder.conversation()
    blocks = (block for message in conversation.turns for block in message.content)
    return (*conversation.system, *(block for block in blocks if isinstance(block, messages.Text)))


def _options(
    request: schema.ResponsesRequest, conversation: ItemConversation
) -> tuple[schema.TextOptions, schema.ReasoningOptions]:
    """Return the options of text and reasoning; the last configuration among the items counts before the request's."""
    text, reasoning = request.text or schema.TextOptions(), request.reasoning or schema.ReasoningOptions()
    update = conversation.configuration
    return (text, reasoning) if update is None else (update.text or text, update.reasoning or reasoning)


def _to_thinking(
    reasoning: schema.ReasoningOptions, *, notes: list[Adjustment]
) -> tuple[messages.ThinkingConfig | None, str | None]:
    """Return how to think. A readable summary costs time, so only a caller who wants one gets it."""
    if reasoning.context not in {None, "auto", "all_turns", "current_turn"}:
        notes.append(Adjustment("reasoning.context", Action.IGNORED, "not a value of this API"))
    if reasoning.mode not in {None, "standard"}:
        notes.append(Adjustment("reasoning.mode", Action.IGNORED, "Claude has one mode", changes_meaning=True))
    if reasoning.effort == "none":
        return messages.Disabled(), None
    summarized = (reasoning.summary or reasoning.generate_summary or "none") != "none"
    if reasoning.effort is None:
        return (messages.Adaptive("summarized"), None) if summarized else (None, None)
    return messages.Adaptive("summarized" if summarized else None), reasoning.effort


def _to_format(
    text: schema.PlainFormat | schema.FlatJsonObject | schema.FlatJsonSchema | None,
) -> messages.OutputFormat | None:
    match text:
        case schema.FlatJsonObject():
            return messages.JsonObject()
        case schema.FlatJsonSchema():
            return messages.JsonSchema(_described(text))
        case _:
            return None


def _described(text: schema.FlatJsonSchema) -> Raw:
    """Return the schema with the format's description in it, which the model should see as well."""
    try:
        fields = _decode_fields(text.schema)
    except msgspec.ValidationError:
        raise InvalidRequest(
            "A JSON schema must be an object.", param="text.format.schema", code="invalid_type"
        ) from None
    return Raw(msgspec.json.encode({"description": text.description, **fields})) if text.description else text.schema
