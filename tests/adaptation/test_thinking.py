"""Thinking and effort as each generation has them."""

from typing import Any

import pytest
from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.adaptation.adapt import AdaptOptions, adapt, readapt
from claude_code_proxy.adaptation.thinking import is_replayed, state_defaults, without_history, without_last_thoughts
from claude_code_proxy.models.catalogue import BUILT_IN
from claude_code_proxy.models.model import Model
from tests.adaptation.requests import (
    MODELS,
    NEWEST,
    OLD,
    PLAIN,
    accepted,
    adapted,
    assistant,
    call,
    late_system,
    request,
    result,
    tool,
    user,
)
from tests.rejections import rejected

Settled = tuple[messages.ThinkingConfig | None, str | None]

OPUS_5, SONNET_5_5, OPUS_4_5, OPUS_4_8 = "claude-opus-5", "claude-sonnet-5-5", "claude-opus-4-5", "claude-opus-4-8"


def plain(thinking: messages.ThinkingConfig | None) -> messages.ThinkingConfig | None:
    """Without what is said of summaries nobody asked for, which has a test of its own."""
    if isinstance(thinking, messages.Adaptive | messages.Enabled) and thinking.display == "omitted":
        return replace(thinking, display=None)
    return thinking


def settled(model: str, thinking: messages.ThinkingConfig | None, effort: str | None = None, **fields: Any) -> Settled:
    config = messages.OutputConfig(effort) if effort else None
    sent = adapted(request(model=model, thinking=thinking, output_config=config, **fields))
    accepted(sent)
    return plain(sent.request.thinking), sent.request.output_config.effort if sent.request.output_config else None


def notes(
    model: str, thinking: messages.ThinkingConfig | None, effort: str | None = None, **fields: Any
) -> list[tuple[str, str, bool]]:
    config = messages.OutputConfig(effort) if effort else None
    sent = adapted(request(model=model, thinking=thinking, output_config=config, **fields))
    return [(one.path, one.action, one.changes_meaning) for one in sent.adjustments]


ADAPTIVE = messages.Adaptive()
OFF = messages.Disabled()


@pytest.mark.parametrize("model", [PLAIN, NEWEST, OLD, OPUS_5, SONNET_5_5])
def test_a_request_that_says_nothing_stays_so(model: str) -> None:
    assert settled(model, None) == (None, None)
    assert notes(model, None) == []


@pytest.mark.parametrize(
    ("model", "effort", "thinking", "sent"),
    [
        (NEWEST, "max", ADAPTIVE, "max"),
        (NEWEST, "minimal", ADAPTIVE, "low"),
        (OPUS_4_8, "xhigh", ADAPTIVE, "xhigh"),
        (PLAIN, "xhigh", ADAPTIVE, "max"),
        (PLAIN, "medium", ADAPTIVE, "medium"),
        (OPUS_4_5, "xhigh", messages.Enabled(32_768), "high"),
        (OPUS_4_5, "low", messages.Enabled(2048), "low"),
        (OLD, None, messages.Enabled(16_384), None),
        (OLD, "minimal", messages.Enabled(1024), None),
        (OLD, "low", messages.Enabled(2048), None),
        (OLD, "medium", messages.Enabled(10_000), None),
        (OLD, "high", messages.Enabled(16_384), None),
        (OLD, "xhigh", messages.Enabled(32_768), None),
        (OLD, "max", messages.Enabled(49_152), None),
    ],
)
def test_trap_29_effort_on_every_generation(
    model: str, effort: str | None, thinking: messages.ThinkingConfig, sent: str | None
) -> None:
    assert settled(model, ADAPTIVE, effort) == (thinking, sent)


def test_trap_29_a_budget_on_models_that_think_adaptively() -> None:
    assert settled(NEWEST, messages.Enabled(10_000)) == (ADAPTIVE, "medium")
    assert settled(NEWEST, messages.Enabled(100)) == (ADAPTIVE, "low")
    assert settled(NEWEST, messages.Enabled(100_000), "low") == (ADAPTIVE, "low")
    assert settled(NEWEST, messages.Enabled(100_000, "summarized")) == (messages.Adaptive("summarized"), "max")
    assert settled(PLAIN, messages.Enabled(10_000)) == (messages.Enabled(10_000), None)


def test_the_wish_to_see_thinking_is_passed_on_and_never_added() -> None:
    assert settled(OLD, messages.Adaptive("summarized"), "low") == (messages.Enabled(2048, "summarized"), None)
    asked = messages.Adaptive("omitted")
    assert adapted(request(model=NEWEST, thinking=asked)).request.thinking == asked


@pytest.mark.parametrize(("model", "said"), [(OLD, "omitted"), (PLAIN, "omitted"), (NEWEST, None)])
def test_a_summary_is_made_only_for_those_who_ask(model: str, said: str | None) -> None:
    """Older models make one unless they are told; the newer ones only when they are told."""
    quiet = adapted(request(model=model, thinking=messages.Adaptive())).request.thinking
    shown = adapted(request(model=model, thinking=messages.Adaptive("summarized"))).request.thinking
    assert isinstance(quiet, messages.Adaptive | messages.Enabled)
    assert isinstance(shown, messages.Adaptive | messages.Enabled)
    assert (quiet.display, shown.display) == (said, "summarized")


def test_effort_without_thinking_stays_effort() -> None:
    assert settled(PLAIN, None, "low") == (None, "low")
    assert settled(OLD, None, "low") == (None, None)
    assert notes(OLD, None, "low") == [("output_config.effort", "dropped", False)]


@pytest.mark.parametrize(
    ("model", "asked", "thinking", "effort"),
    [
        (PLAIN, OFF, OFF, None),
        (OLD, OFF, OFF, None),
        (OPUS_5, OFF, OFF, None),
        (SONNET_5_5, OFF, messages.BetweenTools(), None),
        (SONNET_5_5, messages.BetweenTools(), messages.BetweenTools(), None),
        (OPUS_5, messages.BetweenTools(), OFF, None),
        (NEWEST, OFF, None, "low"),
    ],
)
def test_thinking_is_switched_off_as_far_as_it_can_be(
    model: str, asked: messages.ThinkingConfig, thinking: messages.ThinkingConfig | None, effort: str | None
) -> None:
    assert settled(model, asked) == (thinking, effort)


def test_a_model_that_always_thinks_says_so() -> None:
    assert notes(NEWEST, OFF) == [("output_config.effort", "mapped", True)]


def test_switching_off_in_another_way_than_was_asked_for_is_told() -> None:
    assert notes(SONNET_5_5, OFF) == [("output_config.effort", "mapped", False)]
    assert notes(OPUS_5, messages.BetweenTools()) == [("output_config.effort", "mapped", False)]
    assert notes(OPUS_5, OFF) == []
    assert notes(SONNET_5_5, messages.BetweenTools()) == []


ALL_LEVELS = {"minimal": "low", "low": "low", "medium": "medium", "high": "high", "xhigh": "xhigh", "max": "max"}
FOUR_LEVELS = {**ALL_LEVELS, "xhigh": "max"}
THREE_LEVELS = {**ALL_LEVELS, "xhigh": "high", "max": "high"}
BUDGETS = {"minimal": 1024, "low": 2048, "medium": 10_000, "high": 16_384, "xhigh": 32_768, "max": 49_152}
BETWEEN = messages.BetweenTools()
# For each model: the levels it has, whether it thinks by budget, and what `none` becomes.
FAMILIES: dict[str, tuple[dict[str, str], bool, Settled]] = {
    **dict.fromkeys(("claude-fable-5-2", "claude-fable-5-1", "claude-fable-5"), (ALL_LEVELS, False, (None, "low"))),
    **dict.fromkeys(("claude-mythos-5-2", "claude-mythos-5-1", "claude-mythos-5"), (ALL_LEVELS, False, (None, "low"))),
    "claude-opus-5-5": (ALL_LEVELS, False, (None, "low")),
    "claude-sonnet-5-5": (ALL_LEVELS, False, (BETWEEN, None)),
    "claude-haiku-5-5": (ALL_LEVELS, False, (OFF, None)),
    "claude-opus-5": (ALL_LEVELS, False, (OFF, None)),
    "claude-sonnet-5": (ALL_LEVELS, False, (OFF, None)),
    "claude-opus-4-8": (ALL_LEVELS, False, (OFF, None)),
    "claude-opus-4-7": (ALL_LEVELS, False, (OFF, None)),
    "claude-opus-4-6": (FOUR_LEVELS, False, (OFF, None)),
    "claude-sonnet-4-6": (FOUR_LEVELS, False, (OFF, None)),
    "claude-opus-4-5": (THREE_LEVELS, True, (OFF, None)),
    "claude-haiku-4-5": ({}, True, (OFF, None)),
    "claude-sonnet-4-5": ({}, True, (OFF, None)),
}


def test_every_living_model_has_its_row_of_efforts() -> None:
    assert set(FAMILIES) == {model.id for model in BUILT_IN.listing()}


@pytest.mark.parametrize("effort", [*BUDGETS, "none"])
@pytest.mark.parametrize("model", FAMILIES)
def test_trap_29_every_effort_of_every_family_and_what_is_told_of_it(model: str, effort: str) -> None:
    levels, by_budget, off = FAMILIES[model]
    if effort == "none":
        assert settled(model, OFF) == off
        assert bool(notes(model, OFF)) == (off != (OFF, None))
        return
    thinking = messages.Enabled(BUDGETS[effort]) if by_budget else ADAPTIVE
    assert settled(model, ADAPTIVE, effort) == (thinking, levels.get(effort))
    told = [("output_config.effort", "mapped", False)] * (by_budget + (bool(levels) and levels[effort] != effort))
    assert notes(model, ADAPTIVE, effort) == told


def test_none_is_an_effort_that_means_off() -> None:
    assert settled(OPUS_5, None, "none") == (OFF, None)
    assert settled(PLAIN, ADAPTIVE, "none") == (ADAPTIVE, None)


def test_switched_off_the_effort_has_a_limit() -> None:
    assert settled(OPUS_5, OFF, "max") == (OFF, "high")
    assert settled(SONNET_5_5, messages.BetweenTools(), "xhigh") == (messages.BetweenTools(), "high")
    assert settled(OPUS_5, OFF, "low") == (OFF, "low")
    assert settled(OPUS_5, ADAPTIVE, "max") == (ADAPTIVE, "max")


def test_an_effort_that_nobody_has_is_left_out() -> None:
    assert settled(NEWEST, None, "enormous") == (None, None)


def test_a_format_outlasts_its_effort() -> None:
    shape = messages.JsonSchema(messages.Tool("a", tool().input_schema).input_schema)
    sent = adapted(request(model=OLD, output_config=messages.OutputConfig("low", shape)))
    assert sent.request.output_config is not None
    assert sent.request.output_config.effort is None
    assert sent.request.output_config.format is not None


# Budgets


@pytest.mark.parametrize(
    ("budget", "max_tokens", "sent"),
    [
        (500, 0, 1024),
        (10_000, 20_000, 10_000),
        (10_000, 10_000, 5000),
        (10_000, 9000, 4500),
        (10_000, 1500, 1024),
        (1024, 1025, 1024),
    ],
)
def test_trap_28_the_budget_leaves_room_for_the_answer(budget: int, max_tokens: int, sent: int) -> None:
    assert settled(OLD, messages.Enabled(budget), max_tokens=max_tokens) == (messages.Enabled(sent), None)


def test_trap_28_without_room_there_is_no_thinking() -> None:
    assert settled(OLD, messages.Enabled(10_000), max_tokens=1024) == (None, None)
    assert notes(OLD, messages.Enabled(10_000), max_tokens=1024) == [("thinking", "dropped", True)]
    assert notes(OLD, messages.Enabled(10_000), max_tokens=2000) == [("thinking", "clamped", False)]
    assert notes(OLD, messages.Enabled(10_000)) == []


# Forced tools

FORCED: dict[str, Any] = {"tools": (tool(),), "tool_choice": messages.ChooseTool("look")}


@pytest.mark.parametrize("model", [PLAIN, OLD])
def test_trap_30_a_budget_gives_way_to_a_forced_tool(model: str) -> None:
    assert settled(model, messages.Enabled(2000), **FORCED) == (OFF, None)
    assert notes(model, messages.Enabled(2000), **FORCED) == [("thinking", "dropped", True)]


def test_trap_30_adaptive_thinking_goes_with_a_forced_tool() -> None:
    assert settled(PLAIN, ADAPTIVE, "low", **FORCED) == (ADAPTIVE, "low")
    assert settled(OLD, OFF, **FORCED) == (OFF, None)


def test_trap_30_a_model_that_does_not_think_while_forced() -> None:
    model = replace(BUILT_IN.find("claude-sonnet-5"), forced_with_adaptive=False)
    for thinking in (None, ADAPTIVE):
        sent = adapt(request(model=model.id, thinking=thinking, **FORCED), model, options=AdaptOptions())
        assert (sent.request.thinking, sent.request.tool_choice) == (OFF, messages.ChooseTool("look"))
    always = replace(BUILT_IN.find("claude-fable-5"), forced_with_adaptive=False)
    sent = adapt(request(model=always.id, **FORCED), always, options=AdaptOptions())
    assert sent.request.tool_choice == messages.ChooseAuto()


# History

LOOP = (user("a"), assistant(call("x")), user(result("x")))
SIGNED = messages.Thinking("Hm.", "signed")


def looped(model: str, *talk: messages.InputMessage) -> messages.ThinkingConfig | None:
    return plain(
        adapted(request(*talk, model=model, thinking=messages.Enabled(2000), tools=(tool(),))).request.thinking
    )


def test_trap_32_a_loop_without_its_thinking_runs_without() -> None:
    accepted(adapted(request(*LOOP, model=OLD, thinking=messages.Enabled(2000), tools=(tool(),))))
    assert looped(OLD, *LOOP) == OFF
    assert looped(OLD, *LOOP, assistant(SIGNED, call("y")), user(result("y"))) == OFF


def test_trap_32_where_it_can_it_thinks_adaptively_instead() -> None:
    sent = adapted(request(*LOOP, model=PLAIN, thinking=messages.Enabled(2000), tools=(tool(),)))
    accepted(sent)
    assert (plain(sent.request.thinking), sent.request.output_config) == (ADAPTIVE, messages.OutputConfig("low"))


@pytest.mark.parametrize(
    "talk",
    [
        (user("a"), assistant(SIGNED, call("x")), user(result("x"))),
        (user("a"), assistant(messages.RedactedThinking("x"), call("x")), user(result("x"))),
        (user("a"), assistant(SIGNED, call("x")), user(result("x")), assistant(call("y")), user(result("y"))),
        (*LOOP, assistant("b"), user("c")),
        (user("a"),),
    ],
    ids=["signed", "redacted", "later calls", "a finished loop", "nothing yet"],
)
def test_trap_33_a_loop_with_its_thinking_goes_on_thinking(talk: tuple[messages.InputMessage, ...]) -> None:
    assert looped(OLD, *talk) == messages.Enabled(2000)


def test_trap_33_signed_thinking_goes_back_as_it_came() -> None:
    talk = (user("a"), assistant(SIGNED, messages.Thinking("", "also"), "b", call("x")), user(result("x")))
    assert adapted(request(*talk, model=NEWEST, tools=(tool(),))).request.messages == talk


def test_history_can_be_stripped_of_thinking() -> None:
    talk = (user("a"), assistant(SIGNED), late_system("s"), assistant(messages.RedactedThinking("x"), "b"))
    assert without_history(talk) == (user("a"), assistant(), late_system("s"), assistant("b"))


def test_a_model_that_cannot_think_does_not() -> None:
    blank = Model(id="m", name="m", released=0, thinking=frozenset(), thinking_default="off", efforts=())
    for thinking in (ADAPTIVE, messages.Enabled(2000)):
        sent = adapt(request(model="m", thinking=thinking), blank, options=AdaptOptions())
        assert sent.request.thinking is None
        assert [(one.path, one.changes_meaning) for one in sent.adjustments] == [("thinking", True)]
    assert adapt(request(model="m", thinking=OFF), blank, options=AdaptOptions()).request.thinking is None


@pytest.mark.parametrize("model", MODELS)
def test_defaults_are_stated_where_something_between_has_others(model: str) -> None:
    """What is stated is what the service would do by itself, so it takes it."""
    known = BUILT_IN.find(model)
    sent = adapt(request(model=model), replace(known, states_defaults=True), options=AdaptOptions())
    accepted(sent)
    config = sent.request.output_config
    assert (config.effort if config else None) == known.default_effort
    assert isinstance(sent.request.thinking, messages.Disabled) == (known.thinking_default == "off")
    assert sent.adjustments == ()


def test_a_stated_default_that_is_refused_is_not_stated_again() -> None:
    model = replace(BUILT_IN.find(SONNET_5_5), states_defaults=True)
    sent = adapt(request(model=SONNET_5_5), model, options=AdaptOptions())
    again = readapt(sent, rejected("This model does not support the effort parameter."), model=model)
    assert again is not None
    assert again.request == replace(sent.request, output_config=None)


@pytest.mark.parametrize(("thinking", "effort"), [(OFF, "low"), (BETWEEN, "high"), (ADAPTIVE, "max")])
def test_a_default_is_not_stated_where_the_request_names_another(
    thinking: messages.ThinkingConfig, effort: str
) -> None:
    model = replace(BUILT_IN.find(OPUS_5), states_defaults=True)
    original = request(model=OPUS_5, thinking=thinking, output_config=messages.OutputConfig(effort))
    assert state_defaults(original, model) is original


def test_a_loop_without_its_thinking_on_a_model_that_knows_no_word_for_off() -> None:
    model = replace(BUILT_IN.find(OLD), thinking=frozenset({"enabled"}))
    original = request(*LOOP, model=OLD, thinking=messages.Enabled(2000), tools=(tool(),))
    assert adapt(original, model, options=AdaptOptions()).request.thinking is None


@pytest.mark.parametrize(
    ("turn", "kept", "replayed"),
    [
        (assistant("a", SIGNED, messages.RedactedThinking("x")), assistant("a"), True),
        (assistant(SIGNED, "a"), assistant(SIGNED, "a"), True),
        (assistant(SIGNED), assistant(), True),
        (assistant("a"), assistant("a"), False),
        (assistant(), assistant(), False),
    ],
)
def test_thinking_at_the_end_of_a_turn(
    turn: messages.InputMessage, kept: messages.InputMessage, replayed: bool
) -> None:
    assert without_last_thoughts(turn) == kept
    assert is_replayed((user("Hi."), turn)) is replayed
