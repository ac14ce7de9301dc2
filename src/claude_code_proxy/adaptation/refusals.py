"""The words of a refusal that is about one request alone -> what to ask instead.

What a refusal teaches about a model for good is in `models.lessons`.
"""

import re
from collections.abc import Callable
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.adaptation import thinking
from claude_code_proxy.adjustment import Adjustment
from claude_code_proxy.models.model import Model


class Retreat(Struct, frozen=True):
    """What to adapt again: less of a request, or the request for a model that does less."""

    request: messages.MessagesRequest
    model: Model
    note: Adjustment


_Retreating: TypeAlias = Callable[[messages.MessagesRequest, Model], Retreat | None]


def retreat(message: str, request: messages.MessagesRequest, *, model: Model) -> Retreat | None:
    """None: these words are not known, or there is nothing to leave out."""
    for pattern, answer in _ANSWERS:
        if pattern.search(message):
            return answer(request, model)
    return None


def _without_signed_thinking(request: messages.MessagesRequest, model: Model) -> Retreat | None:
    stripped = thinking.without_history(request.messages)
    if stripped == request.messages:
        return None
    note = Adjustment("messages", "dropped", "the service no longer takes the signed thinking of earlier turns")
    return Retreat(replace(request, messages=stripped), model, note)


def _without_thinking(request: messages.MessagesRequest, model: Model) -> Retreat | None:
    """The service wants thinking at the start of the turn that nobody has any more: this turn runs without."""
    if model.thinking_off is None or isinstance(request.thinking, messages.Disabled | messages.BetweenTools):
        return _without_signed_thinking(request, model)
    note = Adjustment("thinking", "dropped", "the conversation lacks its signed thinking", changes_meaning=True)
    stripped = replace(request, messages=thinking.without_history(request.messages), thinking=messages.Disabled())
    return Retreat(stripped, model, note)


def _without_grammar(request: messages.MessagesRequest, model: Model) -> Retreat | None:
    """Too much for the service to compile: tools lose their strictness first, then the format its grammar."""
    strict = any(isinstance(tool, messages.Tool) and tool.strict for tool in request.tools)
    if strict and model.strict_tools:
        note = Adjustment(
            "tools", "relaxed", "the service could not compile their strict schemas", changes_meaning=True
        )
        return Retreat(request, replace(model, strict_tools=False), note)
    if request.output_config is not None and request.output_config.format is not None and model.structured_outputs:
        note = Adjustment("response_format", "emulated", "the service could not compile the schema")
        return Retreat(request, replace(model, structured_outputs=False), note)
    return None


_ANSWERS: tuple[tuple[re.Pattern[str], _Retreating], ...] = tuple(
    (re.compile(words, re.IGNORECASE), answer)
    for words, answer in (
        (r"Invalid `signature` in `(redacted_)?thinking`|bound to a different conversation", _without_signed_thinking),
        (r"thinking`? blocks? in the latest assistant message cannot be modified", _without_signed_thinking),
        (r"thinking\.signature: (Field required|Input should be)", _without_signed_thinking),
        (r"Expected `thinking` or `redacted_thinking`, but found", _without_thinking),
        (r"Too many strict tools", _without_grammar),
        (r"Schemas? contains? too many (optional parameters|parameters with union types)", _without_grammar),
        (r"Schema is too complex|compiled grammar is too large|Grammar compilation timed out", _without_grammar),
        (r"output_config\.format\.schema|\.custom: .*(is|are) not supported|Circular reference", _without_grammar),
    )
)
