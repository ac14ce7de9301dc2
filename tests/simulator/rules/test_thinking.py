"""Kinds of thinking and efforts by model, budgets, and turns that must start with thinking."""

import pytest

from claude_code_proxy.simulator import betas
from tests.simulator.asking import (
    OLD,
    WEATHER,
    Json,
    accepted,
    answered,
    asking,
    assistant,
    call,
    continued,
    result,
    text,
    user,
    words_of_refusal,
)

KINDS: dict[str, Json] = {
    "adaptive": {"type": "adaptive"},
    "enabled": {"type": "enabled", "budget_tokens": 2000},
    "disabled": {"type": "disabled"},
    "between_tools": {"type": "between_tools"},
}
ALL = ("low", "medium", "high", "xhigh", "max")
# Model: the kinds it takes, the efforts it takes.
TAKES = {
    "claude-fable-5-2": ({"adaptive"}, ALL),
    "claude-mythos-5-2": ({"adaptive"}, ALL),
    "claude-fable-5-1": ({"adaptive"}, ALL),
    "claude-mythos-5-1": ({"adaptive"}, ALL),
    "claude-fable-5": ({"adaptive"}, ALL),
    "claude-mythos-5": ({"adaptive"}, ALL),
    "claude-opus-5-5": ({"adaptive"}, ALL),
    "claude-opus-5": ({"adaptive", "disabled"}, ALL),
    "claude-sonnet-5-5": ({"adaptive", "between_tools"}, ALL),
    "claude-sonnet-5": ({"adaptive", "disabled"}, ALL),
    "claude-haiku-5-5": ({"adaptive", "disabled"}, ALL),
    "claude-opus-4-8": ({"adaptive", "disabled"}, ALL),
    "claude-opus-4-7": ({"adaptive", "disabled"}, ALL),
    "claude-opus-4-6": ({"adaptive", "enabled", "disabled"}, ("low", "medium", "high", "max")),
    "claude-sonnet-4-6": ({"adaptive", "enabled", "disabled"}, ("low", "medium", "high", "max")),
    "claude-opus-4-5": ({"enabled", "disabled"}, ("low", "medium", "high")),
    "claude-sonnet-4-5": ({"enabled", "disabled"}, ()),
    "claude-haiku-4-5": ({"enabled", "disabled"}, ()),
}
WORDS = {
    "adaptive": "adaptive thinking is not supported on this model",
    "enabled": '"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive" and '
    '"output_config.effort" to control thinking behavior.',
    "disabled": '"thinking.type.disabled" is not supported for this model.',
    "between_tools": '"thinking.type.between_tools" is not supported for this model.',
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("model", TAKES)
def test_kinds_by_model(model: str, kind: str) -> None:
    body = asking(model=model, max_tokens=4000, thinking=KINDS[kind])
    if kind in TAKES[model][0]:
        accepted(body)
    else:
        assert words_of_refusal(body) == WORDS[kind]


@pytest.mark.parametrize("effort", ALL)
@pytest.mark.parametrize("model", TAKES)
def test_efforts_by_model(model: str, effort: str) -> None:
    body = asking(model=model, output_config={"effort": effort})
    efforts = TAKES[model][1]
    if effort in efforts:
        accepted(body)
    elif efforts:
        levels = ", ".join(sorted(efforts))
        assert words_of_refusal(body) == (
            f"This model does not support effort level '{effort}'. Supported levels: {levels}."
        )
    else:
        assert words_of_refusal(body) == "This model does not support the effort parameter."


@pytest.mark.parametrize(
    ("model", "kind"),
    [("claude-opus-5", "disabled"), ("claude-haiku-5-5", "disabled"), ("claude-sonnet-5-5", "between_tools")],
)
def test_thinking_is_not_switched_off_at_great_effort(model: str, kind: str) -> None:
    accepted(asking(model=model, thinking=KINDS[kind], output_config={"effort": "high"}))
    assert words_of_refusal(asking(model=model, thinking=KINDS[kind], output_config={"effort": "max"})) == (
        f"\"thinking.type.{kind}\" is not supported with effort level 'max' for this model."
    )


def test_a_budget_is_less_than_max_tokens() -> None:
    body = asking(model=OLD, max_tokens=2000, thinking=KINDS["enabled"])
    assert words_of_refusal(body).startswith(
        "`max_tokens` must be greater than `thinking.budget_tokens`. Please consult"
    )
    accepted(body, betas.INTERLEAVED)


def expected_thinking(path: str, found: str) -> str:
    return (
        f"{path}.type: Expected `thinking` or `redacted_thinking`, but found `{found}`. When `thinking` is "
        "enabled, a final "
        "`assistant` message must start with a thinking block (preceeding the lastmost set of `tool_use` and "
        "`tool_result` "
        "blocks). We recommend you include thinking blocks from previous turns. To avoid this requirement, disable "
        "`thinking`. Please consult our documentation at "
        "https://platform.claude.com/docs/en/build-with-claude/extended-thinking"
    )


BUDGETED: Json = {"model": OLD, "max_tokens": 4000, "thinking": KINDS["enabled"], "tools": [WEATHER]}


def test_a_tool_loop_starts_with_thinking() -> None:
    body = asking("a", assistant(call()), user(result()), **BUDGETED)
    assert words_of_refusal(body) == expected_thinking("messages.1.content.0", "tool_use")
    spoken = asking("a", assistant(text("b"), call()), user(result()), **BUDGETED)
    assert words_of_refusal(spoken) == expected_thinking("messages.1.content.0", "text")


def test_a_tool_loop_without_budget_need_not() -> None:
    for thinking in ({"type": "adaptive"}, {"type": "disabled"}):
        body = asking(
            "a", assistant(call()), user(result()), model="claude-sonnet-4-6", thinking=thinking, tools=[WEATHER]
        )
        accepted(body)


def test_the_first_turn_of_the_loop_is_the_one_that_counts() -> None:
    opening = asking("What is the weather?", **BUDGETED)
    first = answered(opening)
    called = first.blocks[-1]["id"]
    looping = continued(opening, first, user(result(called)), assistant(call("toolu_b")), user(result("toolu_b")))
    accepted(looping)


def test_a_finished_loop_is_not_asked_about() -> None:
    accepted(asking("a", assistant(call()), user(result()), assistant("b"), "c", **BUDGETED))


def test_a_prefill_cannot_follow_thinking() -> None:
    body = asking("a", assistant("b"), **BUDGETED)
    assert words_of_refusal(body) == expected_thinking("messages.1.content.0", "text")
