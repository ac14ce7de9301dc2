"""Answers in JSON: natively by grammar where model and schema allow it, else by an instruction; checked either way.

An answer is held against the schema as the caller wrote it, of which a grammar keeps only a part. A refusal, an answer
cut short and a tool call stay what they are.
https://platform.claude.com/docs/en/build-with-claude/structured-outputs
"""

import jsonschema_rs
import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.adaptation.reply.filters import OutputMismatch
from claude_code_proxy.adaptation.reply.json_extraction import extract_json
from claude_code_proxy.adaptation.reply.schema_check import CheckNeeded, CheckResults, complaint
from claude_code_proxy.adaptation.schemas import strict
from claude_code_proxy.adaptation.schemas.grammar_subset import REWRITTEN, to_subset
from claude_code_proxy.adaptation.schemas.schema_budget import TOO_LARGE, SchemaBudget, SchemaTooLarge
from claude_code_proxy.adaptation.schemas.schema_cache import SchemaCache
from claude_code_proxy.adaptation.schemas.schema_upgrade import upgrade_schema
from claude_code_proxy.adjustment import Action, Adjustment
from claude_code_proxy.errors import InvalidRequest
from claude_code_proxy.models.model import Model

_PATH = "output_config.format"
_ONLY = "Answer with one JSON {kind} and nothing else: no prose before or after it, and no code fence around it."
_BY_SCHEMA = "It must be valid by this JSON Schema:\n{schema}"
_JUDGED = frozenset({"end_turn", "stop_sequence", None})
_OPENERS = {"object": "{", "array": "["}


class ExpectedOutput(Struct, frozen=True):
    """What the answer must be. `schema` empty: any object. `opener` is set when JSON has to be looked for in prose.

    `is_native`: a grammar holds the answer to its form while it is written.
    """

    schema: bytes
    opener: str
    is_native: bool = False


def normalize_format(
    request: messages.MessagesRequest, model: Model, *, notes: list[Adjustment]
) -> tuple[messages.MessagesRequest, ExpectedOutput | None]:
    config = request.output_config
    if config is None or config.format is None:
        return request, None
    match config.format:
        case messages.JsonObject():
            return _instructed(request, b"", notes=notes)
        case messages.JsonSchema(schema=schema):
            return _by_schema(request, schema, model=model, notes=notes)


def _by_schema(
    request: messages.MessagesRequest, schema: Raw, *, model: Model, notes: list[Adjustment]
) -> tuple[messages.MessagesRequest, ExpectedOutput | None]:
    raw = _upgraded(bytes(schema), notes=notes)
    subset = to_subset(raw)
    if subset.too_large:
        raise InvalidRequest(TOO_LARGE, path=_PATH, code="invalid_json_schema")
    native = model.structured_outputs and strict.fits_alone(subset) and not _cites(request.messages)
    if not native or subset.raw is None or request.output_config is None:
        return _instructed(request, raw, notes=notes)
    if not subset.exact:
        reason = "keywords beyond the service's grammar are said in descriptions, and checked in the answer"
        notes.append(Adjustment(_PATH, Action.MAPPED, reason))
    if subset.raw != schema:
        if subset.exact:
            notes.append(Adjustment(_PATH, Action.MAPPED, REWRITTEN))
        request = replace(request, output_config=replace(request.output_config, format=messages.JsonSchema(subset.raw)))
    return request, ExpectedOutput(raw, "", is_native=True)


def _upgraded(raw: bytes, *, notes: list[Adjustment]) -> bytes:
    """Return the schema with older forms rewritten. Raise `InvalidRequest` for what is no JSON Schema."""
    if _is_schema(raw) and b'"nullable"' not in raw:
        return raw
    modern = _modern(raw)
    if modern is None:
        raise InvalidRequest("The schema is not valid JSON Schema.", path=_PATH, code="invalid_json_schema")
    if modern != raw:
        notes.append(Adjustment(_PATH, Action.MAPPED, "older JSON Schema forms were rewritten"))
    return modern


def _instructed(
    request: messages.MessagesRequest, schema: bytes, *, notes: list[Adjustment]
) -> tuple[messages.MessagesRequest, ExpectedOutput]:
    """By an instruction at the end of the system prompt, which stays the same from turn to turn."""
    kind = _kind(schema)
    instruction = _ONLY.format(kind=kind if kind in _OPENERS else "value")
    if schema:
        instruction += " " + _BY_SCHEMA.format(schema=schema.decode())
    notes.append(Adjustment(_PATH, Action.EMULATED, "by an instruction in the system prompt; the answer is checked"))
    config = request.output_config
    effort = config.effort if config is not None else None
    changed = replace(
        request,
        system=(*request.system, messages.Text(instruction)),
        output_config=messages.OutputConfig(effort) if effort else None,
    )
    return changed, ExpectedOutput(schema, _OPENERS.get(kind, ""))


def _kind(schema: bytes) -> str:
    """Return the type of the whole answer, as far as the schema's top says it."""
    if not schema:
        return "object"
    top = msgspec.json.decode(schema)
    kind = top.get("type") if isinstance(top, dict) else None
    return kind if isinstance(kind, str) else "value"


def judge(
    expected: ExpectedOutput, message: messages.Message, *, request: messages.MessagesRequest, results: CheckResults
) -> OutputMismatch | None:
    """Whether the answer is what was wanted; if not, what to ask for once more. `request` is what was sent."""
    if message.stop_reason not in _JUDGED:
        return None
    text = "".join(block.text for block in message.content if isinstance(block, messages.Text))
    text = extract_json(text, expected.opener) if expected.opener else text
    if message.stop_reason == "stop_sequence" and not _is_json(text):
        return None  # cut short where the caller wanted it, and it would be again
    wrong = complaint(expected.schema, text, path=_PATH, results=results)
    if wrong is None:
        return None
    repair_text = (
        f"That answer cannot be used: {wrong} Give the whole answer again, as JSON alone that is right in this respect."
    )
    repair_message = messages.InputMessage("user", (messages.Text(repair_text),))
    answer = messages.InputMessage("assistant", message.content)
    return OutputMismatch(
        f"The model's answer does not match the requested output format: {wrong}",
        path=_PATH,
        code="model_output_invalid",
        repair=replace(request, messages=(*request.messages, answer, repair_message)),
        was_held=not expected.is_native,
    )


def can_be_used(expected: ExpectedOutput, text: str, *, results: CheckResults) -> bool:
    """Tell whether JSON may pass before the end of its answer; what takes long to check waits for that."""
    try:
        return complaint(expected.schema, text, path=_PATH, results=results) is None
    except CheckNeeded:
        return False


def _is_json(text: str) -> bool:
    try:
        msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


@SchemaCache
def _is_schema(raw: bytes) -> bool:
    try:
        schema = msgspec.json.decode(raw)
        if not isinstance(schema, dict):
            return False
        return jsonschema_rs.meta.is_valid({key: value for key, value in schema.items() if key != "$schema"})
    except (ValueError, RecursionError):
        return False


@SchemaCache
def _modern(raw: bytes) -> bytes | None:
    """Return the schema in draft 2020-12; None if that would lose a part of it."""
    try:
        SchemaBudget().spend_on(schema := msgspec.json.decode(raw))
        upgraded = upgrade_schema(schema)
    except (msgspec.DecodeError, RecursionError, SchemaTooLarge):
        return None
    if upgraded.loses or not isinstance(upgraded.schema, dict):
        return None
    upgraded.schema.pop("$schema", None)
    modern = raw if upgraded.schema == schema else msgspec.json.encode(upgraded.schema)
    return modern if _is_schema(modern) else None


def _cites(conversation: tuple[messages.InputMessage, ...]) -> bool:
    """Citations and a grammar exclude each other."""
    return any(
        isinstance(block, messages.Document | messages.SearchResult) and block.citations
        for message in conversation
        for top in message.content
        for block in (top, *(top.content if isinstance(top, messages.ToolResult) else ()))
    )
