"""Thinking, effort and sampling by model, the budget, and the turn that must start with thinking."""

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
# The values that a model without sampling parameters accepts: they change nothing.
_DEFAULTS: dict[str, set[float]] = {"temperature": {1}, "top_p": {0.99, 1}, "top_k": set()}
_SEE_THINKING = (
    "Please consult our documentation at https://platform.claude.com/docs/en/build-with-claude/extended-thinking"
    "#important-considerations-when-using-extended-thinking"
)
_WHEN_THINKING = "when thinking is enabled or in adaptive mode"
BOTH = "`temperature` and `top_p` cannot both be specified for this model. Please use only one."


def check(request: ParsedRequest) -> None:
    _check_effort(request)
    if "thinking" in request.body:
        _check_kind(request)
    if request.thinking["type"] == "enabled":
        _check_budget(request)
        _check_start(request)


def _check_effort(request: ParsedRequest) -> None:
    effort = request.effort
    if effort is None:
        return
    if not request.model.efforts:
        raise Refusal("This model does not support the effort parameter.")
    if effort not in request.model.efforts:
        levels = ", ".join(sorted(request.model.efforts))
        raise Refusal(f"This model does not support effort level '{effort}'. Supported levels: {levels}.")


def _check_kind(request: ParsedRequest) -> None:
    kind = request.thinking["type"]
    if kind not in request.model.thinking:
        if kind == "adaptive":
            raise Refusal("adaptive thinking is not supported on this model")
        message = f'"thinking.type.{kind}" is not supported for this model.'
        raise Refusal(f"{message} {_USE_ADAPTIVE}" if kind == "enabled" else message)
    if (
        kind in {"disabled", "between_tools"}
        and (request.effort or "high") not in request.model.efforts_without_thinking
    ):
        raise Refusal(f"\"thinking.type.{kind}\" is not supported with effort level '{request.effort}' for this model.")


def _check_budget(request: ParsedRequest) -> None:
    interleaved = betas.INTERLEAVED in request.caller.betas
    if request.caller.counting or interleaved:
        return
    if request.body["max_tokens"] <= request.thinking["budget_tokens"]:
        raise Refusal(_BUDGET)


def _check_start(request: ParsedRequest) -> None:
    """Require thinking at the start of an open tool loop or a prefill when thinking has a budget."""
    turn = _loop_start(request.turns)
    if turn is None or not turn.blocks:
        return
    first = turn.blocks[0]["type"]
    if first not in {"thinking", "redacted_thinking"}:
        raise fail(
            f"{turn.path(0)}.type",
            f"Expected `thinking` or `redacted_thinking`, but found `{first}`. {_MUST_START}",
        )


def _loop_start(turns: list[ParsedTurn]) -> ParsedTurn | None:
    if turns[-1].role == "assistant":
        return turns[-1]
    opener: ParsedTurn | None = None
    for turn in reversed(turns):
        if turn.role == "user" and not any(True for _ in turn.of_type("tool_result")):
            break
        if turn.role == "assistant":
            opener = turn
    return opener


def check_sampling(request: ParsedRequest) -> None:
    if not request.model.sampling:
        for name, defaults in _DEFAULTS.items():
            if name in request.body and request.body[name] not in defaults:
                raise Refusal(f"`{name}` is deprecated for this model.")
        return
    if "temperature" in request.body and "top_p" in request.body:
        raise Refusal(BOTH)
    if request.thinking["type"] in {"enabled", "adaptive"}:
        _check_with_thinking(request)


def _check_with_thinking(request: ParsedRequest) -> None:
    if request.body.get("temperature", 1) != 1:
        raise Refusal(f"`temperature` may only be set to 1 {_WHEN_THINKING}. {_SEE_THINKING}")
    if request.body.get("top_p", 1) < 0.95:
        raise Refusal(f"`top_p` must be greater than or equal to 0.95 or unset {_WHEN_THINKING}. {_SEE_THINKING}")
    if "top_k" in request.body:
        raise Refusal(f"`top_k` must be unset {_WHEN_THINKING}. {_SEE_THINKING}")
