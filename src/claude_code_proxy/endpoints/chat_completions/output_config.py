"""How much effort an answer is to take, and its form: `output_config`, `response_format` and `verbosity` -> the hub's.

Anthropic's own `output_config` is the most precise about effort; OpenAI's `response_format` is the usual way to a form.
"""

import msgspec
from msgspec import Raw, Struct

from claude_code_proxy import messages
from claude_code_proxy.adjustment import Action, Adjustment
from claude_code_proxy.endpoints.chat_completions import schema as chat
from claude_code_proxy.endpoints.chat_completions.thinking import RequestedThinking
from claude_code_proxy.errors import InvalidRequest
from claude_code_proxy.messages.json_text import is_given

_INSTRUCTIONS = {
    "low": "Keep the answer short: only what was asked for, in as few words as it takes.",
    "high": "Answer at length: with reasons, details and examples where they help.",
}
_decode_fields = msgspec.json.Decoder(dict[str, Raw]).decode
_decode_format = msgspec.json.Decoder(messages.JsonSchema).decode


class RequestedOutput(Struct, frozen=True):
    """`instruction` is what the system prompt has to say about the answer."""

    config: messages.OutputConfig | None = None
    instruction: str = ""
    adjustments: tuple[Adjustment, ...] = ()


_NOTHING = RequestedOutput()


def to_output_config(request: chat.ChatRequest, thinking: RequestedThinking) -> RequestedOutput:
    """Translate the fields. Raise `InvalidRequest` for a form that is none."""
    own = request.output_config
    if own is None and request.verbosity is None and request.response_format is None:
        return RequestedOutput(messages.OutputConfig(thinking.effort)) if thinking.effort else _NOTHING
    notes: list[Adjustment] = []
    effort = _effort(own, thinking, notes=notes) if own is not None and own.effort else thinking.effort
    verbosity, instruction = request.verbosity, ""
    if verbosity in _INSTRUCTIONS and effort is None and thinking.config is None:
        effort = verbosity
        notes.append(Adjustment("verbosity", Action.MAPPED, f"to effort {verbosity}, as nothing else sets it"))
    elif verbosity in _INSTRUCTIONS:
        instruction = _INSTRUCTIONS[verbosity]
        notes.append(Adjustment("verbosity", Action.EMULATED, "by an instruction in the system prompt"))
    elif verbosity not in {None, "", "medium"}:
        notes.append(Adjustment("verbosity", Action.IGNORED, "it is low, medium or high"))
    form = _format(request.response_format, notes=notes)
    if own is not None and is_given(own.format):
        form = _own_format(own.format, form, notes=notes)
    config = messages.OutputConfig(effort, form) if effort or form else None
    return RequestedOutput(config, instruction, tuple(notes))


def _effort(own: chat.OutputConfigOption, thinking: RequestedThinking, *, notes: list[Adjustment]) -> str | None:
    if thinking.effort not in {None, own.effort}:
        notes.append(Adjustment("reasoning_effort", Action.IGNORED, "output_config.effort wins"))
    return own.effort


def _own_format(raw: Raw, form: messages.OutputFormat | None, *, notes: list[Adjustment]) -> messages.OutputFormat:
    if form is not None:
        notes.append(Adjustment("output_config.format", Action.IGNORED, "response_format wins"))
        return form
    try:
        return _decode_format(raw)
    except msgspec.ValidationError as error:
        raise InvalidRequest(
            f"'output_config.format' is no format: {error}", param="output_config.format", code="invalid_value"
        ) from None


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
