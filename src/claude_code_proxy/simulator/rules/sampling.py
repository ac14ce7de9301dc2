"""`temperature`, `top_p` and `top_k` by model, under the version that still has them; their ranges are shapes."""

from claude_code_proxy.simulator.parsed_request import ParsedRequest
from claude_code_proxy.simulator.refusal import Refusal

# What a model without sampling takes: the values that change nothing.
_DEFAULTS: dict[str, set[float]] = {"temperature": {1}, "top_p": {0.99, 1}, "top_k": set()}
_MORE = (
    "Please consult our documentation at https://platform.claude.com/docs/en/build-with-claude/extended-thinking"
    "#important-considerations-when-using-extended-thinking"
)
_THINKING = "when thinking is enabled or in adaptive mode"
BOTH = "`temperature` and `top_p` cannot both be specified for this model. Please use only one."


def check(asked: ParsedRequest) -> None:
    if not asked.model.sampling:
        for name, defaults in _DEFAULTS.items():
            if name in asked.body and asked.body[name] not in defaults:
                raise Refusal(f"`{name}` is deprecated for this model.")
        return
    if "temperature" in asked.body and "top_p" in asked.body:
        raise Refusal(BOTH)
    if asked.thinking["type"] in {"enabled", "adaptive"}:
        _check_with_thinking(asked)


def _check_with_thinking(asked: ParsedRequest) -> None:
    if asked.body.get("temperature", 1) != 1:
        raise Refusal(f"`temperature` may only be set to 1 {_THINKING}. {_MORE}")
    if asked.body.get("top_p", 1) < 0.95:
        raise Refusal(f"`top_p` must be greater than or equal to 0.95 or unset {_THINKING}. {_MORE}")
    if "top_k" in asked.body:
        raise Refusal(f"`top_k` must be unset {_THINKING}. {_MORE}")
