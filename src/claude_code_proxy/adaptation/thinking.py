"""Thinking and effort as asked for -> the kind and level that the model has.

Each generation thinks in its own way: by a budget, adaptively by effort, always, or not at all; off may be `disabled`,
`between_tools` or impossible. Replayed thinking goes back byte for byte or not at all.
https://platform.claude.com/docs/en/build-with-claude/thinking
"""

from collections.abc import Sequence
from typing import TypeAlias

from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.adjustment import Action, Adjustment
from claude_code_proxy.models.model import EFFORTS, Effort, Model

MIN_BUDGET = 1024
_BUDGETS = {"minimal": 1024, "low": 2048, "medium": 10_000, "high": 16_384, "xhigh": 32_768, "max": 49_152}
_FORCED: TypeAlias = messages.ChooseAny | messages.ChooseTool
_OFF: TypeAlias = messages.Disabled | messages.BetweenTools
_EFFORT = "output_config.effort"
_OTHERWISE_OFF = {
    "between_tools": "off before the answer; between tool calls this model thinks all the same",
    "disabled": "off: this model cannot think between tool calls alone",
}


def normalize_thinking(
    request: messages.MessagesRequest, model: Model, *, notes: list[Adjustment]
) -> messages.MessagesRequest:
    """`max_tokens` and `tool_choice` must have been settled before."""
    requested = request.output_config.effort if request.output_config else None
    thinking = request.thinking
    if thinking is None and requested is None and not _must_be_off(request, model):
        return request
    if requested == "none":
        requested, thinking = None, thinking or messages.Disabled()
    effort = requested
    if thinking is not None:
        thinking, effort = _kind(thinking, requested, model=model, notes=notes)
    if _must_be_off(replace(request, thinking=thinking), model):
        notes.append(Adjustment("thinking", Action.DROPPED, "not together with a forced tool", changes_meaning=True))
        thinking = _switched_off(model)
    if isinstance(thinking, messages.Enabled):
        thinking = _within_limit(thinking, request.max_tokens, notes=notes)
    effort = _level(effort, thinking, model=model, notes=notes)
    return _with(request, _unshown(thinking, model), effort=effort)


def state_defaults(request: messages.MessagesRequest, model: Model) -> messages.MessagesRequest:
    """Return the request with the thinking and the effort that the Messages API uses where it names none."""
    thinking = request.thinking
    if thinking is None:
        thinking = _switched_off(model) if model.thinking_default == "off" else messages.Adaptive()
    effort = request.output_config.effort if request.output_config else None
    effort = effort or _level(model.default_effort, thinking, model=model, notes=[])
    return _with(request, thinking, effort=effort)


def _unshown(thinking: messages.ThinkingConfig | None, model: Model) -> messages.ThinkingConfig | None:
    """Return the thinking without a summary that nobody asked for: some models make one, which takes time."""
    if isinstance(thinking, messages.Adaptive | messages.Enabled) and thinking.display is None:
        return replace(thinking, display="omitted") if model.thinking_display == "summarized" else thinking
    return thinking


def normalize_history(
    request: messages.MessagesRequest, model: Model, *, notes: list[Adjustment]
) -> messages.MessagesRequest:
    """With a budget, a tool loop must begin with its own thinking; one that lacks it thinks adaptively, or not."""
    requested = request.thinking
    if not isinstance(requested, messages.Enabled) or not _loop_lacks_thinking(request.messages):
        return request
    reason = "the tool calls in the conversation came without their signed thinking"
    if "adaptive" in model.thinking:
        notes.append(Adjustment("thinking", Action.MAPPED, f"adaptive: {reason}"))
        effort = request.output_config.effort if request.output_config else None
        effort = effort or _level(_effort_of(requested.budget_tokens), requested, model=model, notes=[])
        return _with(request, messages.Adaptive(requested.display), effort=effort)
    notes.append(Adjustment("thinking", Action.DROPPED, reason, changes_meaning=True))
    return replace(request, thinking=_switched_off(model))


def without_history(conversation: Sequence[messages.InputMessage]) -> tuple[messages.InputMessage, ...]:
    """Return the conversation without any replayed thinking; an assistant turn may be left empty."""
    return tuple(
        replace(
            message, content=tuple(block for block in message.content if type(block) not in messages.THINKING_TYPES)
        )
        if message.role == "assistant"
        else message
        for message in conversation
    )


def is_replayed(conversation: Sequence[messages.InputMessage]) -> bool:
    return any(type(block) in messages.THINKING_TYPES for message in conversation for block in message.content)


def without_last_thoughts(turn: messages.InputMessage) -> messages.InputMessage:
    """Return the turn up to the last block that is no thinking."""
    end = len(turn.content)
    while end and type(turn.content[end - 1]) in messages.THINKING_TYPES:
        end -= 1
    return turn if end == len(turn.content) else replace(turn, content=turn.content[:end])


def _with(
    request: messages.MessagesRequest, thinking: messages.ThinkingConfig | None, *, effort: str | None
) -> messages.MessagesRequest:
    config = request.output_config
    if config is None:
        config = messages.OutputConfig(effort) if effort else None
    elif config.effort != effort:
        config = replace(config, effort=effort) if effort or config.format else None
    if thinking is request.thinking and config is request.output_config:
        return request
    return replace(request, thinking=thinking, output_config=config)


def _kind(
    requested: messages.ThinkingConfig, effort: str | None, *, model: Model, notes: list[Adjustment]
) -> tuple[messages.ThinkingConfig | None, str | None]:
    match requested:
        case messages.Adaptive():
            return _adaptive(requested, effort, model=model, notes=notes)
        case messages.Enabled():
            return _enabled(requested, effort, model=model, notes=notes)
        case messages.Disabled() | messages.BetweenTools():
            return _off(requested, effort, model=model, notes=notes)


def _adaptive(
    requested: messages.Adaptive, effort: str | None, *, model: Model, notes: list[Adjustment]
) -> tuple[messages.ThinkingConfig | None, str | None]:
    if "adaptive" in model.thinking:
        return requested, effort
    if "enabled" not in model.thinking:
        notes.append(Adjustment("thinking", Action.DROPPED, "this model does not think", changes_meaning=True))
        return None, effort
    budget = _BUDGETS.get(effort or "high", _BUDGETS["high"])
    notes.append(
        Adjustment(_EFFORT if effort else "thinking", Action.MAPPED, f"to a budget of {budget} thinking tokens")
    )
    return messages.Enabled(budget, display=requested.display), effort if model.efforts else None


def _enabled(
    requested: messages.Enabled, effort: str | None, *, model: Model, notes: list[Adjustment]
) -> tuple[messages.ThinkingConfig | None, str | None]:
    if "enabled" in model.thinking:
        return requested, effort
    if "adaptive" not in model.thinking:
        notes.append(Adjustment("thinking", Action.DROPPED, "this model does not think", changes_meaning=True))
        return None, effort
    if effort is None and model.efforts:
        effort = _effort_of(requested.budget_tokens)
    reason = f"this model thinks adaptively, at effort {effort}" if effort else "this model thinks adaptively"
    notes.append(Adjustment("thinking", Action.MAPPED, reason))
    return messages.Adaptive(display=requested.display), effort


def _effort_of(budget: int) -> Effort:
    return next((level for level in EFFORTS if _BUDGETS[level] >= budget), EFFORTS[-1])


def _off(
    requested: _OFF, effort: str | None, *, model: Model, notes: list[Adjustment]
) -> tuple[messages.ThinkingConfig | None, str | None]:
    same = "disabled" if isinstance(requested, messages.Disabled) else "between_tools"
    if same in model.thinking:
        return requested, effort
    if model.thinking_off is not None:
        notes.append(Adjustment(_EFFORT, Action.MAPPED, _OTHERWISE_OFF[model.thinking_off]))
        return _switched_off(model), effort
    if model.thinking_default == "off":
        return None, effort
    lowest = model.efforts[0] if model.efforts else None
    reason = "this model always thinks" + (f", at the least with effort {lowest}" if lowest else "")
    notes.append(Adjustment(_EFFORT, Action.MAPPED, reason, changes_meaning=True))
    return None, lowest


def _switched_off(model: Model) -> messages.ThinkingConfig | None:
    match model.thinking_off:
        case "disabled":
            return messages.Disabled()
        case "between_tools":
            return messages.BetweenTools()
        case _:
            return None


def _must_be_off(request: messages.MessagesRequest, model: Model) -> bool:
    """Whether a forced tool forbids the thinking that the request or the model would do."""
    if not isinstance(request.tool_choice, _FORCED) or not model.forced_tool_choice:
        return False
    match request.thinking:
        case messages.Enabled():
            return True
        case messages.Adaptive():
            return not model.forced_with_adaptive
        case None:
            return not model.forced_with_adaptive and model.thinking_default != "off"
        case _:
            return False


def _within_limit(requested: messages.Enabled, max_tokens: int, *, notes: list[Adjustment]) -> messages.Enabled | None:
    """Return a budget within `max_tokens`, which it is a part of, that leaves room for an answer."""
    budget = max(requested.budget_tokens, MIN_BUDGET)
    if budget >= max_tokens:
        budget = max(max_tokens // 2, MIN_BUDGET)
    if budget >= max_tokens:
        reason = f"{max_tokens} tokens leave no room for it"
        notes.append(Adjustment("thinking", Action.DROPPED, reason, changes_meaning=True))
        return None
    if budget == requested.budget_tokens:
        return requested
    notes.append(Adjustment("thinking", Action.CLAMPED, f"its budget to {budget} tokens"))
    return replace(requested, budget_tokens=budget)


def _level(
    requested: str | None, thinking: messages.ThinkingConfig | None, *, model: Model, notes: list[Adjustment]
) -> str | None:
    """Return the nearest effort that the model has: the same, else the next above, else the highest."""
    if requested is None:
        return None
    minimum = "low" if requested == "minimal" else requested
    if not model.efforts or minimum not in EFFORTS:
        notes.append(Adjustment(_EFFORT, Action.DROPPED, "this model has no such levels of effort"))
        return None
    above = EFFORTS[EFFORTS.index(minimum) :]
    level = next((effort for effort in above if effort in model.efforts), model.efforts[-1])
    if isinstance(thinking, _OFF) and model.off_max_effort is not None:
        level = min(level, model.off_max_effort, key=EFFORTS.index)
    if level != requested:
        notes.append(Adjustment(_EFFORT, Action.MAPPED, f"{requested} to {level}"))
    return level


def _loop_lacks_thinking(conversation: Sequence[messages.InputMessage]) -> bool:
    """Whether the turn that opened the tool loop at the end of the conversation does not start with thinking."""
    opener: messages.InputMessage | None = None
    for message in reversed(conversation):
        if message.role == "assistant":
            opener = message
        elif message.role == "user" and not any(type(block) is messages.ToolResult for block in message.content):
            break
    if opener is None or opener is conversation[0]:
        return False
    return type(opener.content[0]) not in messages.THINKING_TYPES
