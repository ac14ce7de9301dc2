"""A limit learnt from a refusal, applied to a model. What a refusal states is read in `upstreams.diagnosis`."""

from msgspec.structs import replace

from claude_code_proxy.errors import (
    EffortLimit,
    EffortWithoutThinking,
    LacksFastMode,
    LacksFeature,
    LearnedLimit,
    OutputLimit,
    SamplingLimit,
    ThinkingLimit,
)
from claude_code_proxy.models.model import EFFORTS, Effort, Model, ThinkingKind, with_thinking

_KINDS: frozenset[ThinkingKind] = frozenset({"adaptive", "enabled", "disabled", "between_tools"})


def apply_limit(limit: LearnedLimit, model: Model) -> Model:
    """Return the model as it is with the limit; the same model if the limit names nothing that is known here."""
    match limit:
        case LacksFeature(fact):
            return replace(model, **{fact: False})
        case SamplingLimit(sampling):
            return replace(model, sampling=sampling)
        case ThinkingLimit(refused, offered):
            return with_thinking(model, (model.thinking | _KINDS.intersection(offered)) - {refused})
        case EffortLimit(named):
            efforts = tuple(effort for effort in EFFORTS if effort in named)
            return replace(model, efforts=efforts, default_effort=_nearest(model.default_effort, efforts))
        case EffortWithoutThinking(named):
            effort = next((effort for effort in EFFORTS if effort == named), None)
            return replace(model, off_max_effort=effort) if effort is not None else model
        case OutputLimit(tokens):
            return replace(model, max_output=tokens)
        case LacksFastMode():
            return replace(model, fast="no")


def _nearest(effort: Effort | None, among: tuple[Effort, ...]) -> Effort | None:
    if effort in among:
        return effort
    return "high" if "high" in among else (among[-1] if among else None)
