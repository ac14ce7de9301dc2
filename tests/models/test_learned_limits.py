"""What each limit that a refusal states makes of a model."""

import pytest

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
from claude_code_proxy.models.catalogue import BUILT_IN
from claude_code_proxy.models.learned_limits import apply_limit
from claude_code_proxy.models.model import unknown

LIMITS: list[LearnedLimit] = [
    LacksFeature("forced_tool_choice"),
    LacksFeature("forced_with_adaptive"),
    LacksFeature("prefill"),
    LacksFeature("mid_conversation_system"),
    LacksFeature("structured_outputs"),
    LacksFeature("strict_tools"),
    LacksFeature("inference_geo"),
    SamplingLimit("one_of"),
    SamplingLimit("none"),
    ThinkingLimit("enabled", frozenset({"adaptive"})),
    ThinkingLimit("disabled", frozenset({"between_tools", "adaptive"})),
    ThinkingLimit("between_tools"),
    ThinkingLimit("adaptive", frozenset({"enabled", "disabled"})),
    EffortLimit(("low", "medium", "high", "max")),
    EffortLimit(()),
    EffortWithoutThinking("high"),
    OutputLimit(64_000),
    LacksFastMode(),
]


def _name(limit: LearnedLimit) -> str:
    """Return the same name in each process: a set's order differs between them."""
    values = (getattr(limit, field) for field in limit.__struct_fields__)
    shown = (sorted(value) if isinstance(value, frozenset) else value for value in values)
    return f"{type(limit).__name__}({', '.join(map(str, shown))})"


@pytest.mark.parametrize("limit", LIMITS, ids=_name)
def test_every_limit_changes_some_model(limit: LearnedLimit) -> None:
    models = [
        unknown("claude-x"),
        *(BUILT_IN.find(f"claude-{name}") for name in ("opus-4-6", "haiku-4-5", "opus-5-5", "sonnet-5-5")),
    ]
    assert any(apply_limit(limit, model) != model for model in models)


def test_an_old_model_that_refuses_adaptive_thinking_thinks_when_told() -> None:
    learnt = apply_limit(ThinkingLimit("adaptive", frozenset({"enabled", "disabled"})), unknown("claude-old"))
    assert (set(learnt.thinking), learnt.thinking_default) == ({"enabled", "disabled"}, "off")


def test_a_model_that_refuses_to_stop_thinking_always_thinks() -> None:
    learnt = apply_limit(ThinkingLimit("disabled", frozenset({"adaptive"})), BUILT_IN.find("claude-sonnet-5"))
    assert (set(learnt.thinking), learnt.thinking_default, learnt.thinking_off) == ({"adaptive"}, "always", None)


def test_a_model_that_offers_another_way_to_stop_takes_that() -> None:
    offered = ThinkingLimit("disabled", frozenset({"between_tools"}))
    learnt = apply_limit(offered, BUILT_IN.find("claude-sonnet-5"))
    assert (learnt.thinking_off, learnt.thinking_default) == ("between_tools", "on")


def test_a_model_that_thinks_only_when_asked_goes_on_doing_so() -> None:
    learnt = apply_limit(ThinkingLimit("enabled", frozenset({"adaptive"})), BUILT_IN.find("claude-opus-4-6"))
    assert (set(learnt.thinking), learnt.thinking_default) == ({"adaptive", "disabled"}, "off")


@pytest.mark.parametrize(
    ("efforts", "default"),
    [(("low", "medium", "high"), "high"), (("low", "medium"), "medium"), (("high", "max"), "high"), ((), None)],
)
def test_the_default_effort_stays_within_the_levels(efforts: tuple, default: str | None) -> None:
    learnt = apply_limit(EffortLimit(efforts), BUILT_IN.find("claude-opus-5"))
    assert (learnt.efforts, learnt.default_effort) == (efforts, default)


def test_after_fast_mode_is_refused_there_is_none() -> None:
    assert apply_limit(LacksFastMode(), BUILT_IN.find("claude-opus-4-8")).fast == "no"


@pytest.mark.parametrize(
    "limit", [EffortWithoutThinking("tiny"), EffortLimit(("low", "medium", "high", "xhigh", "max", "ultra"))], ids=repr
)
def test_a_level_that_is_not_known_here_changes_nothing(limit: LearnedLimit) -> None:
    model = BUILT_IN.find("claude-opus-5")
    assert apply_limit(limit, model) == model
