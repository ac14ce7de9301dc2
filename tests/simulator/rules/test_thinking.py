"""Thinking, efforts and sampling by model, budgets, and turns that must start with thinking."""

import pytest

from claude_code_proxy.simulator import betas
from claude_code_proxy.simulator.models import MODELS
from claude_code_proxy.simulator.rules.thinking import BOTH
from tests.simulator.requests import (
    OLD,
    PLAIN,
    WEATHER,
    Json,
    accept,
    answer_to,
    assistant,
    call,
    continue_with,
    make_request,
    refusal_message,
    result,
    text,
    user,
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
    body = make_request(model=model, max_tokens=4000, thinking=KINDS[kind])
    if kind in TAKES[model][0]:
        accept(body)
    else:
        assert refusal_message(body) == WORDS[kind]


@pytest.mark.parametrize("effort", ALL)
@pytest.mark.parametrize("model", TAKES)
def test_efforts_by_model(model: str, effort: str) -> None:
    body = make_request(model=model, output_config={"effort": effort})
    efforts = TAKES[model][1]
    if effort in efforts:
        accept(body)
    elif efforts:
        levels = ", ".join(sorted(efforts))
        assert refusal_message(body) == (
            f"This model does not support effort level '{effort}'. Supported levels: {levels}."
        )
    else:
        assert refusal_message(body) == "This model does not support the effort parameter."


@pytest.mark.parametrize(
    ("model", "kind"),
    [("claude-opus-5", "disabled"), ("claude-haiku-5-5", "disabled"), ("claude-sonnet-5-5", "between_tools")],
)
def test_thinking_is_not_switched_off_at_great_effort(model: str, kind: str) -> None:
    accept(make_request(model=model, thinking=KINDS[kind], output_config={"effort": "high"}))
    assert refusal_message(make_request(model=model, thinking=KINDS[kind], output_config={"effort": "max"})) == (
        f"\"thinking.type.{kind}\" is not supported with effort level 'max' for this model."
    )


def test_a_budget_is_less_than_max_tokens() -> None:
    body = make_request(model=OLD, max_tokens=2000, thinking=KINDS["enabled"])
    assert refusal_message(body).startswith(
        "`max_tokens` must be greater than `thinking.budget_tokens`. Please consult"
    )
    accept(body, betas.INTERLEAVED)


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
    body = make_request("a", assistant(call()), user(result()), **BUDGETED)
    assert refusal_message(body) == expected_thinking("messages.1.content.0", "tool_use")
    answer_text = make_request("a", assistant(text("b"), call()), user(result()), **BUDGETED)
    assert refusal_message(answer_text) == expected_thinking("messages.1.content.0", "text")


def test_a_tool_loop_without_budget_need_not() -> None:
    for thinking in ({"type": "adaptive"}, {"type": "disabled"}):
        body = make_request(
            "a", assistant(call()), user(result()), model="claude-sonnet-4-6", thinking=thinking, tools=[WEATHER]
        )
        accept(body)


def test_the_first_turn_of_the_loop_is_the_one_that_counts() -> None:
    opening = make_request("What is the weather?", **BUDGETED)
    first = answer_to(opening)
    called = first.blocks[-1]["id"]
    looping = continue_with(opening, first, user(result(called)), assistant(call("toolu_b")), user(result("toolu_b")))
    accept(looping)


def test_a_finished_loop_is_not_asked_about() -> None:
    accept(make_request("a", assistant(call()), user(result()), assistant("b"), "c", **BUDGETED))


def test_a_prefill_cannot_follow_thinking() -> None:
    body = make_request("a", assistant("b"), **BUDGETED)
    assert refusal_message(body) == expected_thinking("messages.1.content.0", "text")


MORE = (
    "Please consult our documentation at https://platform.claude.com/docs/en/build-with-claude/extended-thinking"
    "#important-considerations-when-using-extended-thinking"
)
SAMPLING = {
    "claude-haiku-4-5-20251001",
    "claude-opus-4-5-20251101",
    "claude-opus-4-6",
    "claude-sonnet-4-5-20250929",
    "claude-sonnet-4-6",
}


@pytest.mark.parametrize("model", [model.id for model in MODELS])
@pytest.mark.parametrize(("name", "value"), [("temperature", 0.2), ("top_p", 0.5), ("top_k", 40)])
def test_sampling_by_model(model: str, name: str, value: float) -> None:
    body = make_request(model=model, **{name: value})
    if model in SAMPLING:
        accept(body)
    else:
        assert refusal_message(body) == f"`{name}` is deprecated for this model."


@pytest.mark.parametrize("model", [model.id for model in MODELS])
def test_what_changes_nothing_is_accepted_everywhere(model: str) -> None:
    accept(make_request(model=model, temperature=1))
    accept(make_request(model=model, temperature=1.0))


def test_only_one_of_the_two() -> None:
    assert refusal_message(make_request(temperature=0.5, top_p=0.9)) == BOTH
    accept(make_request(temperature=0.5, top_k=3))


@pytest.mark.parametrize(
    "body",
    [
        make_request(model=OLD, max_tokens=4000, thinking={"type": "enabled", "budget_tokens": 2000}),
        make_request(model=PLAIN, thinking={"type": "adaptive"}),
    ],
    ids=["enabled", "adaptive"],
)
def test_with_thinking(body: Json) -> None:
    when = "when thinking is enabled or in adaptive mode"
    assert refusal_message({**body, "temperature": 0.5}) == f"`temperature` may only be set to 1 {when}. {MORE}"
    assert refusal_message({**body, "top_k": 5}) == f"`top_k` must be unset {when}. {MORE}"
    assert refusal_message({**body, "top_p": 0.9}) == (
        f"`top_p` must be greater than or equal to 0.95 or unset {when}. {MORE}"
    )
    accept({**body, "temperature": 1})
    accept({**body, "top_p": 0.95})
