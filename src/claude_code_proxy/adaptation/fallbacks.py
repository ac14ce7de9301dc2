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
from claude_code_proxy.adjustment import Action, Adjustment
from claude_code_proxy.messages.content import NO_JSON
from claude_code_proxy.models.model import Model


class Fallback(Struct, frozen=True):
    """What to adapt again: less of a request, or the request for a model that does less."""

    request: messages.MessagesRequest
    model: Model
    note: Adjustment


class _Refused(Struct, frozen=True):
    """What was asked, as it came in, what was sent of it, and in which words it was refused."""

    words: str
    asked: messages.MessagesRequest
    sent: messages.MessagesRequest
    model: Model


_Finder: TypeAlias = Callable[[_Refused], Fallback | None]


def find_fallback(
    message: str, asked: messages.MessagesRequest, *, sent: messages.MessagesRequest, model: Model
) -> Fallback | None:
    """None: these words are not known, or there is nothing to leave out."""
    for pattern, answer in _ANSWERS:
        if pattern.search(message):
            return answer(_Refused(message, asked, sent, model))
    return None


def _without_signed_thinking(refused: _Refused) -> Fallback | None:
    """Thinking before the block that was refused is fine and stays; what follows it was signed after it."""
    request = refused.asked
    start = _refused_turn(refused)
    stripped = (*request.messages[:start], *thinking.without_history(request.messages[start:]))
    if stripped == request.messages:
        return None
    note = Adjustment("messages", Action.DROPPED, "the service no longer takes the signed thinking of earlier turns")
    return Fallback(replace(request, messages=stripped), refused.model, note)


def _refused_turn(refused: _Refused) -> int:
    """The first turn of what was asked with the thinking that the refusal names; 0 where all must be doubted.

    Where thinking is bound to what came before it, words about a signature alone do not say that the block is the first
    that fails.
    """
    named = _PLACE.search(refused.words)
    if named is None or (refused.model.prefix_binding and not _BOUND.search(refused.words)):
        return 0
    turn, at = map(int, named.groups())
    if turn >= len(refused.sent.messages) or at >= len(refused.sent.messages[turn].content):
        return 0
    block = refused.sent.messages[turn].content[at]
    if type(block) not in thinking.BLOCKS:
        return 0
    return next((index for index, asked in enumerate(refused.asked.messages) if block in asked.content), 0)


def _without_hosted(refused: _Refused) -> Fallback | None:
    """What the service did itself in earlier turns goes, and the thinking that knows of it, and the citations."""
    request = refused.asked
    stripped = tuple(
        replace(turn, content=tuple(_uncited(block) for block in turn.content if isinstance(block, _TOLD)))
        if turn.role == "assistant" and not all(isinstance(block, _TOLD) for block in turn.content)
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
    """The service wants thinking at the start of the turn that nobody has any more: this turn runs without."""
    request, model = refused.asked, refused.model
    if model.thinking_off is None or isinstance(request.thinking, messages.Disabled | messages.BetweenTools):
        return _without_signed_thinking(refused)
    note = Adjustment("thinking", Action.DROPPED, "the conversation lacks its signed thinking", changes_meaning=True)
    stripped = replace(request, messages=thinking.without_history(request.messages), thinking=messages.Disabled())
    return Fallback(stripped, model, note)


def _without_grammar(refused: _Refused) -> Fallback | None:
    """Too much for the service to compile: tools lose their strictness first, unless it is the format that is meant."""
    request, model = refused.asked, refused.model
    config = refused.sent.output_config
    has_format = config is not None and config.format is not None
    is_strict = any(isinstance(tool, messages.Tool) and tool.strict for tool in refused.sent.tools)
    if is_strict and not (has_format and "output_config.format" in refused.words):
        asked = any(isinstance(tool, messages.Tool) and tool.strict for tool in request.tools)
        reason = "the service could not compile their strict schemas"
        note = Adjustment("tools", Action.RELAXED, reason, changes_meaning=asked)
        tools = tuple(
            replace(tool, strict=False) if isinstance(tool, messages.Tool) else tool for tool in request.tools
        )
        return Fallback(replace(request, tools=tools), replace(model, strict_tools=False), note)
    if has_format:
        note = Adjustment("output_config.format", Action.EMULATED, "the service could not compile the schema")
        return Fallback(request, replace(model, structured_outputs=False), note)
    return None


_TOLD = (messages.Text, messages.ToolUse, messages.Thinking, messages.RedactedThinking)
_PLACE = re.compile(r"messages\.(\d+)\.content\.(\d+)")
_BOUND = re.compile("bound to a different conversation", re.IGNORECASE)
_ANSWERS: tuple[tuple[re.Pattern[str], _Finder], ...] = tuple(
    (re.compile(words, re.IGNORECASE), answer)
    for words, answer in (
        (r"Invalid `signature` in `(redacted_)?thinking`|bound to a different conversation", _without_signed_thinking),
        (r"thinking`? blocks? in the latest assistant message cannot be modified", _without_signed_thinking),
        (r"thinking\.signature: (Field required|Input should be)", _without_signed_thinking),
        (r"final block in an assistant message cannot be", _without_signed_thinking),
        (r"an `assistant` message in the final position cannot contain `thinking`", _without_signed_thinking),
        (r"Invalid `encrypted_(content|index)`|`\w+_tool_result` block", _without_hosted),
        (r"the first block must be `?thinking", _without_thinking),
        (r"Expected `thinking` or `redacted_thinking`, but found", _without_thinking),
        (r"Too many strict tools", _without_grammar),
        (r"Schemas? contains? too many (optional parameters|parameters with union types)", _without_grammar),
        (r"Schema is too complex|compiled grammar is too large|Grammar compilation timed out", _without_grammar),
        (r"output_config\.format(\.schema)?: |tools\.\d+\.custom: |Circular reference", _without_grammar),
    )
)
