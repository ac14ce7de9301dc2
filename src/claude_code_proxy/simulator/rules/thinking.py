"""Which kinds of thinking and which efforts a model takes, the budget, and the turn that must start with thinking."""

from claude_code_proxy.simulator import betas
from claude_code_proxy.simulator.parsed_request import ParsedRequest, ParsedTurn
from claude_code_proxy.simulator.refusal import Refusal
from claude_code_proxy.simulator.rules.shape import fail

_USE_ADAPTIVE = 'Use "thinking.type.adaptive" and "output_config.effort" to control thinking behavior.'
_BUDGET = (
    "`max_tokens` must be greater than `thinking.budget_tokens`. Please consult our documentation at "
    "https://platform.claude.com/docs/en/build-with-claude/extended-thinking"
    "#max-tokens-and-context-window-size-with-extended-thinking"
)
_MUST_START = (
    "When `thinking` is enabled, a final `assistant` message must start with a thinking block (preceeding the lastmost "
    "set of `tool_use` and `tool_result` blocks). We recommend you include thinking blocks from previous turns. To "
    "avoid this requirement, disable `thinking`. Please consult our documentation at "
    "https://platform.claude.com/docs/en/build-with-claude/extended-thinking"
)


def check(asked: ParsedRequest) -> None:
    _check_effort(asked)
    if "thinking" in asked.body:
        _check_kind(asked)
    if asked.thinking["type"] == "enabled":
        _check_budget(asked)
        _check_start(asked)


def _check_effort(asked: ParsedRequest) -> None:
    effort = asked.effort
    if effort is None:
        return
    if not asked.model.efforts:
        raise Refusal("This model does not support the effort parameter.")
    if effort not in asked.model.efforts:
        levels = ", ".join(sorted(asked.model.efforts))
        raise Refusal(f"This model does not support effort level '{effort}'. Supported levels: {levels}.")


def _check_kind(asked: ParsedRequest) -> None:
    kind = asked.thinking["type"]
    if kind not in asked.model.thinking:
        if kind == "adaptive":
            raise Refusal("adaptive thinking is not supported on this model")
        words = f'"thinking.type.{kind}" is not supported for this model.'
        raise Refusal(f"{words} {_USE_ADAPTIVE}" if kind == "enabled" else words)
    if kind in {"disabled", "between_tools"} and (asked.effort or "high") not in asked.model.quiet_efforts:
        raise Refusal(f"\"thinking.type.{kind}\" is not supported with effort level '{asked.effort}' for this model.")


def _check_budget(asked: ParsedRequest) -> None:
    interleaved = betas.INTERLEAVED in asked.caller.betas
    if asked.caller.counting or interleaved:
        return
    if asked.body["max_tokens"] <= asked.thinking["budget_tokens"]:
        raise Refusal(_BUDGET)


def _check_start(asked: ParsedRequest) -> None:
    """With a fixed budget, an open tool loop (or a prefill) is judged by the turn that began it."""
    turn = _turn_in_question(asked.turns)
    if turn is None or not turn.blocks:
        return
    first = turn.blocks[0]["type"]
    if first not in {"thinking", "redacted_thinking"}:
        raise fail(
            f"{turn.path(0)}.type",
            f"Expected `thinking` or `redacted_thinking`, but found `{first}`. {_MUST_START}",
        )


def _turn_in_question(turns: list[ParsedTurn]) -> ParsedTurn | None:
    if turns[-1].role == "assistant":
        return turns[-1]
    opener: ParsedTurn | None = None
    for turn in reversed(turns):
        if turn.role == "user" and not any(True for _ in turn.of_type("tool_result")):
            break
        if turn.role == "assistant":
            opener = turn
    return opener
