"""What a chat completion request says about reasoning, in three dialects -> thinking and effort.

The more precise field wins: `thinking` (Anthropic's), then `reasoning` (OpenRouter's), then `reasoning_effort`. What
loses is named in an adjustment.
"""

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from claude_code_proxy import messages
from claude_code_proxy.adjustment import Action, Adjustment
from claude_code_proxy.endpoints.chat_completions import schema as chat

_Display = Literal["summarized", "omitted"]


class RequestedThinking(Struct, frozen=True):
    """`hidden`: the client is not to see any of the thinking."""

    config: messages.ThinkingConfig | None = None
    effort: str | None = None
    hidden: bool = False
    adjustments: tuple[Adjustment, ...] = ()


_NOTHING = RequestedThinking()


def to_thinking(request: chat.ChatRequest) -> RequestedThinking:
    """Translate all fields about reasoning. A readable summary costs time, so only a caller who wants one gets it."""
    reasoning = request.reasoning
    if request.thinking is None and reasoning is None and request.include_reasoning is None:
        return _of_effort(request.reasoning_effort)
    hidden = request.include_reasoning is False or bool(reasoning and reasoning.exclude)
    notes = tuple(_notes(request))
    if request.thinking is not None:
        effort = None if request.reasoning_effort == "none" else request.reasoning_effort
        return RequestedThinking(_own(request.thinking, hidden=hidden), effort, hidden, notes)
    return RequestedThinking(*_config(request, reasoning or chat.Reasoning(), hidden=hidden), hidden, notes)


def _of_effort(effort: chat.Effort | None) -> RequestedThinking:
    if effort is None:
        return _NOTHING
    return (
        RequestedThinking(messages.Disabled()) if effort == "none" else RequestedThinking(messages.Adaptive(), effort)
    )


def _config(
    request: chat.ChatRequest, reasoning: chat.Reasoning, *, hidden: bool
) -> tuple[messages.ThinkingConfig | None, str | None]:
    effort = reasoning.effort or request.reasoning_effort
    if effort == "none" or reasoning.enabled is False or _is_no_budget(reasoning.max_tokens):
        return messages.Disabled(), None
    display: _Display | None = None if hidden else "summarized"
    if request.reasoning is None and not request.include_reasoning:
        display = None
    if reasoning.max_tokens is not None:
        return messages.Enabled(reasoning.max_tokens, display), effort
    if effort or reasoning.enabled or (request.include_reasoning and not hidden):
        return messages.Adaptive(display), effort
    return None, None  # the other fields say only how to show it


def _is_no_budget(tokens: int | None) -> bool:
    """Return whether a budget switches thinking off, as 0 does elsewhere."""
    return tokens is not None and tokens <= 0


def _own(thinking: chat.ThinkingOption, *, hidden: bool) -> messages.ThinkingConfig:
    display: _Display = "omitted" if hidden else thinking.display or "summarized"
    match thinking.type:
        case "enabled" if _is_no_budget(thinking.budget_tokens):
            return messages.Disabled()
        case "enabled" if thinking.budget_tokens is not None:
            return messages.Enabled(thinking.budget_tokens, display)
        case "disabled":
            return messages.Disabled()
        case "between_tools":
            return messages.BetweenTools()
        case _:
            return messages.Adaptive(display)


def _notes(request: chat.ChatRequest) -> Iterator[Adjustment]:
    """Name the fields that are ignored because another one, which takes precedence, differs."""
    thinking, reasoning = request.thinking, request.reasoning or chat.Reasoning()
    if reasoning.summary not in {None, "auto"}:
        yield Adjustment("reasoning.summary", Action.IGNORED, "Claude's summaries are of one kind")
    if thinking is not None:
        yield from _overruled(request, thinking)
        return
    if reasoning.effort and request.reasoning_effort not in {None, reasoning.effort}:
        yield Adjustment("reasoning_effort", Action.IGNORED, "reasoning.effort wins")
    effort = reasoning.effort or request.reasoning_effort
    if reasoning.enabled is False and effort not in {None, "none"}:
        name = "reasoning.effort" if reasoning.effort else "reasoning_effort"
        yield Adjustment(name, Action.IGNORED, "reasoning.enabled is false, which wins")
    if _is_no_budget(reasoning.max_tokens):
        yield Adjustment("reasoning.max_tokens", Action.MAPPED, "a budget of 0 switches thinking off")
    elif reasoning.max_tokens and (effort == "none" or reasoning.enabled is False):
        yield Adjustment("reasoning.max_tokens", Action.IGNORED, "reasoning is switched off, which wins")
    if reasoning.enabled and effort == "none":
        yield Adjustment("reasoning.enabled", Action.IGNORED, "the effort is none, which wins")


def _overruled(request: chat.ChatRequest, thinking: chat.ThinkingOption) -> Iterator[Adjustment]:
    reasoning = request.reasoning
    if reasoning is not None and (reasoning.effort or reasoning.max_tokens or reasoning.enabled is not None):
        yield Adjustment("reasoning", Action.IGNORED, "thinking wins")
    if request.reasoning_effort == "none" and thinking.type != "disabled":
        yield Adjustment("reasoning_effort", Action.IGNORED, "thinking wins")
    if thinking.type == "enabled" and _is_no_budget(thinking.budget_tokens):
        yield Adjustment("thinking.budget_tokens", Action.MAPPED, "a budget of 0 switches thinking off")
    elif thinking.type == "enabled" and thinking.budget_tokens is None:
        yield Adjustment("thinking", Action.MAPPED, "to adaptive, as no budget is given")
    if thinking.type != "enabled" and thinking.budget_tokens:
        yield Adjustment("thinking.budget_tokens", Action.IGNORED, "only `enabled` has a budget")
