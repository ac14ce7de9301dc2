"""A refusal of one request -> what to leave out of it and ask again.

A refusal that is about the model as a whole is a learnt limit: `models.learned_limits`.
"""

from collections.abc import Callable
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.adaptation import thinking
from claude_code_proxy.adjustment import Action, Adjustment
from claude_code_proxy.errors import Diagnosis, DiagnosisKind
from claude_code_proxy.messages.content import NO_JSON
from claude_code_proxy.models.model import Model


class Fallback(Struct, frozen=True):
    """What to adapt again: less of a request, or the request for a model that does less."""

    request: messages.MessagesRequest
    model: Model
    note: Adjustment


class _Refused(Struct, frozen=True):
    """The request as it came in, what was sent of it, and why that was refused."""

    diagnosis: Diagnosis
    original: messages.MessagesRequest
    sent: messages.MessagesRequest
    model: Model


_Finder: TypeAlias = Callable[[_Refused], Fallback | None]


def find_fallback(
    diagnosis: Diagnosis, original: messages.MessagesRequest, *, sent: messages.MessagesRequest, model: Model
) -> Fallback | None:
    """Return None where no fallback is known for such a refusal, or nothing is there to leave out."""
    if sent.compaction is not None and (diagnosis.field or "").startswith("compaction"):
        note = Adjustment("compaction", Action.EMULATED, "the service does not compact for this model")
        return Fallback(original, replace(model, summarizes=False), note)
    finder = _FINDERS.get(diagnosis.kind)
    return finder(_Refused(diagnosis, original, sent, model)) if finder is not None else None


def _without_signed_thinking(refused: _Refused) -> Fallback | None:
    """Thinking before the block that was refused is fine and stays; what follows it was signed after it."""
    request = refused.original
    start = _refused_turn(refused)
    stripped = (*request.messages[:start], *thinking.without_history(request.messages[start:]))
    if stripped == request.messages:
        return None
    note = Adjustment("messages", Action.DROPPED, "the service no longer takes the signed thinking of earlier turns")
    return Fallback(replace(request, messages=stripped), refused.model, note)


def _refused_turn(refused: _Refused) -> int:
    """Return the first turn of what was asked with the thinking that the refusal names; 0 where all must be doubted.

    Where thinking is bound to what came before it, words about a signature alone do not say that the block is the first
    that fails.
    """
    diagnosis = refused.diagnosis
    if not diagnosis.block or (refused.model.prefix_binding and diagnosis.kind is not DiagnosisKind.THINKING_BOUND):
        return 0
    turn, at = diagnosis.block[:2]
    if turn >= len(refused.sent.messages) or at >= len(refused.sent.messages[turn].content):
        return 0
    block = refused.sent.messages[turn].content[at]
    if type(block) not in messages.THINKING_TYPES:
        return 0
    return next((index for index, turn in enumerate(refused.original.messages) if block in turn.content), 0)


def _without_hosted(refused: _Refused) -> Fallback | None:
    """Drop what the service did itself in earlier turns, the thinking that knows of it, and the citations."""
    request = refused.original
    stripped = tuple(
        replace(turn, content=tuple(_uncited(block) for block in turn.content if isinstance(block, _ClientBlock)))
        if turn.role == "assistant" and not all(isinstance(block, _ClientBlock) for block in turn.content)
        else turn
        for turn in request.messages
    )
    if stripped == request.messages:
        return None
    note = Adjustment(
        "messages", Action.DROPPED, "the service no longer takes the hosted tools' results of earlier turns"
    )
    return Fallback(replace(request, messages=thinking.without_history(stripped)), refused.model, note)


def _uncited(block: messages.Block) -> messages.Block:
    return replace(block, citations=NO_JSON) if isinstance(block, messages.Text) else block


def _without_thinking(refused: _Refused) -> Fallback | None:
    """Return the request without thinking: the service wants a turn to start with some that nobody has."""
    request, model = refused.original, refused.model
    if model.thinking_off is None or isinstance(request.thinking, messages.Disabled | messages.BetweenTools):
        return _without_signed_thinking(refused)
    note = Adjustment("thinking", Action.DROPPED, "the conversation lacks its signed thinking", changes_meaning=True)
    stripped = replace(request, messages=thinking.without_history(request.messages), thinking=messages.Disabled())
    return Fallback(stripped, model, note)


def _without_grammar(refused: _Refused) -> Fallback | None:
    """Too much for the service to compile: tools lose their strictness first, unless it is the format that is meant."""
    request, model = refused.original, refused.model
    config = refused.sent.output_config
    has_format = config is not None and config.format is not None
    is_strict = any(isinstance(tool, messages.Tool) and tool.strict for tool in refused.sent.tools)
    if is_strict and not (has_format and _is_about_format(refused.diagnosis)):
        is_requested = any(isinstance(tool, messages.Tool) and tool.strict for tool in request.tools)
        reason = "the service could not compile their strict schemas"
        note = Adjustment("tools", Action.RELAXED, reason, changes_meaning=is_requested)
        tools = tuple(
            replace(tool, strict=False) if isinstance(tool, messages.Tool) else tool for tool in request.tools
        )
        return Fallback(replace(request, tools=tools), replace(model, strict_tools=False), note)
    if has_format:
        note = Adjustment("output_config.format", Action.EMULATED, "the service could not compile the schema")
        return Fallback(request, replace(model, structured_outputs=False), note)
    return None


def _is_about_format(diagnosis: Diagnosis) -> bool:
    return diagnosis.field is not None and diagnosis.field.startswith("output_config.format")


_ClientBlock: TypeAlias = messages.Text | messages.ToolUse | messages.AnyThinking
_FINDERS: dict[DiagnosisKind, _Finder] = {
    DiagnosisKind.THINKING_REFUSED: _without_signed_thinking,
    DiagnosisKind.THINKING_BOUND: _without_signed_thinking,
    DiagnosisKind.THINKING_MISSING: _without_thinking,
    DiagnosisKind.HOSTED_RESULTS_REFUSED: _without_hosted,
    DiagnosisKind.GRAMMAR_TOO_COMPLEX: _without_grammar,
}
