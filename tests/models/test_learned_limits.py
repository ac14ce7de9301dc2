"""The service's refusals, in its own words, and what each teaches about the model."""

import pytest

from claude_code_proxy.models.catalogue import BUILT_IN
from claude_code_proxy.models.learned_limits import (
    Efforts,
    Lacks,
    LearnedLimit,
    MaxOutput,
    NoFast,
    OffMaxEffort,
    Samples,
    Thinks,
    apply_limit,
    learn_limit,
)
from claude_code_proxy.models.model import unknown
from claude_code_proxy.simulator.parsed_request import Caller
from claude_code_proxy.simulator.refusal import Refusal
from claude_code_proxy.simulator.validation import judge

REFUSALS: dict[str, LearnedLimit] = {
    "`temperature` and `top_p` cannot both be specified for this model. Please use only one.": Samples("one_of"),
    "`temperature` is deprecated for this model.": Samples("none"),
    "top_k is not supported for this model": Samples("none"),
    '"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive" and "output_config.effort" '
    "to control thinking behavior.": Thinks("enabled", frozenset({"adaptive"})),
    '"thinking.type.disabled" is not supported for this model. Use "thinking.type.between_tools" for the lowest '
    'thinking setting, or "thinking.type.adaptive" and "output_config.effort" to control thinking behavior.': Thinks(
        "disabled", frozenset({"between_tools", "adaptive"})
    ),
    '"thinking.type.between_tools" is not supported for this model.': Thinks("between_tools"),
    "adaptive thinking is not supported on this model": Thinks("adaptive", frozenset({"enabled", "disabled"})),
    "This model does not support effort level 'xhigh'. Supported levels: high, low, max, medium.": Efforts((
        "low",
        "medium",
        "high",
        "max",
    )),
    "This model does not support the effort parameter.": Efforts(()),
    "output_config.effort 'max' is not supported when thinking is disabled on this model. Use effort 'high' or below, "
    "or enable thinking.": OffMaxEffort("high"),
    'tool_choice: type "tool" and "any" are not supported for this model.': Lacks("forced_tool_choice"),
    "tool_choice forces tool use is not compatible with this model": Lacks("forced_tool_choice"),
    "Thinking may not be enabled when tool_choice forces tool use.": Lacks("forced_with_adaptive"),
    "This model does not support assistant message prefill. The conversation must end with a user message.": Lacks(
        "prefill"
    ),
    "role 'system' is not supported on this model": Lacks("mid_conversation_system"),
    "messages.2: role 'system' is not supported on this model": Lacks("mid_conversation_system"),
    "'claude-old' does not support output format.": Lacks("structured_outputs"),
    "This model does not support strict tools.": Lacks("strict_tools"),
    "inference_geo is not supported for this model": Lacks("inference_geo"),
    "tools.3.custom.strict: Extra inputs are not permitted": Lacks("strict_tools"),
    "tools.0.strict: Extra inputs are not permitted": Lacks("strict_tools"),
    "output_config.format: Extra inputs are not permitted": Lacks("structured_outputs"),
    "output_config.effort: Extra inputs are not permitted": Efforts(()),
    "speed is not supported for this model": NoFast(),
    "speed: 'fast' is not supported for this model.": NoFast(),
    "\"thinking.type.disabled\" is not supported with effort level 'max' for this model.": OffMaxEffort("high"),
    "max_tokens: 128000 > 64000, which is the maximum allowed number of output tokens for claude-x": MaxOutput(64_000),
}


@pytest.mark.parametrize("message", REFUSALS)
def test_a_refusal_teaches(message: str) -> None:
    assert learn_limit(message) == REFUSALS[message]


@pytest.mark.parametrize(
    "message",
    [
        "messages: text content blocks must be non-empty",
        "inference_geo is not supported for this organization type.",
        "stop_sequences: each stop sequence must contain non-whitespace",
        "tools.0.name: 'x This model does not support the effort parameter' is not a name",
        '"thinking.type.sideways" is not supported for this model.',
        "output_config.effort 'max' is not supported when thinking is disabled on this model. Use effort 'tiny'.",
        "",
    ],
)
def test_other_refusals_teach_nothing(message: str) -> None:
    assert learn_limit(message) is None


@pytest.mark.parametrize("limit", REFUSALS.values(), ids=repr)
def test_every_limit_changes_some_model(limit: LearnedLimit) -> None:
    models = [
        unknown("claude-x"),
        *(BUILT_IN.find(f"claude-{name}") for name in ("opus-4-6", "haiku-4-5", "opus-5-5", "sonnet-5-5")),
    ]
    assert any(apply_limit(limit, model) != model for model in models)


def test_an_old_model_that_refuses_adaptive_thinking_thinks_when_told() -> None:
    learnt = apply_limit(Thinks("adaptive", frozenset({"enabled", "disabled"})), unknown("claude-old"))
    assert (set(learnt.thinking), learnt.thinking_default) == ({"enabled", "disabled"}, "off")


def test_a_model_that_refuses_to_stop_thinking_always_thinks() -> None:
    learnt = apply_limit(Thinks("disabled", frozenset({"adaptive"})), BUILT_IN.find("claude-sonnet-5"))
    assert (set(learnt.thinking), learnt.thinking_default, learnt.thinking_off) == ({"adaptive"}, "always", None)


def test_a_model_that_offers_another_way_to_stop_takes_that() -> None:
    offered = Thinks("disabled", frozenset({"between_tools"}))
    learnt = apply_limit(offered, BUILT_IN.find("claude-sonnet-5"))
    assert (learnt.thinking_off, learnt.thinking_default) == ("between_tools", "on")


def test_a_model_that_thinks_only_when_asked_goes_on_doing_so() -> None:
    learnt = apply_limit(Thinks("enabled", frozenset({"adaptive"})), BUILT_IN.find("claude-opus-4-6"))
    assert (set(learnt.thinking), learnt.thinking_default) == ({"adaptive", "disabled"}, "off")


@pytest.mark.parametrize(
    ("efforts", "default"),
    [(("low", "medium", "high"), "high"), (("low", "medium"), "medium"), (("high", "max"), "high"), ((), None)],
)
def test_the_default_effort_stays_within_the_levels(efforts: tuple, default: str | None) -> None:
    learnt = apply_limit(Efforts(efforts), BUILT_IN.find("claude-opus-5"))
    assert (learnt.efforts, learnt.default_effort) == (efforts, default)


def test_after_fast_mode_is_refused_there_is_none() -> None:
    assert apply_limit(NoFast(), BUILT_IN.find("claude-opus-4-8")).fast == "no"


TOOL = {"name": "a", "input_schema": {"type": "object"}}


@pytest.mark.parametrize(
    "body",
    [
        {"speed": "fast", "model": "claude-opus-4-7"},
        {"inference_geo": "us", "model": "claude-haiku-4-5"},
        {"temperature": 0.5, "top_p": 0.5, "model": "claude-haiku-4-5"},
        {"temperature": 0.5},
        {"thinking": {"type": "disabled"}, "model": "claude-fable-5"},
        {"thinking": {"type": "disabled"}, "output_config": {"effort": "max"}},
        {"thinking": {"type": "adaptive"}, "model": "claude-haiku-4-5"},
        {"thinking": {"type": "enabled", "budget_tokens": 1024}},
        {"output_config": {"effort": "low"}, "model": "claude-haiku-4-5"},
        {"output_config": {"effort": "xhigh"}, "model": "claude-sonnet-4-6"},
        {"tools": [TOOL], "tool_choice": {"type": "any"}, "model": "claude-fable-5-1"},
        {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]},
        {
            "messages": [{"role": "user", "content": "a"}, {"role": "system", "content": "b"}],
            "model": "claude-haiku-4-5",
        },
        {"max_tokens": 10_000_000},
    ],
    ids=str,
)
def test_what_the_simulation_refuses_of_a_model_is_understood(body: dict[str, object]) -> None:
    asked = {"model": "claude-opus-5", "max_tokens": 2000, "messages": [{"role": "user", "content": "a"}], **body}
    with pytest.raises(Refusal) as caught:
        judge(asked, Caller())
    assert learn_limit(caught.value.message) is not None
