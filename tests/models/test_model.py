"""What follows from a model's facts, and that guesses about an unknown one are safe."""

from typing import Literal

import pytest

from claude_code_proxy.models.model import Model, ThinkingKind, unknown, with_thinking
from claude_code_proxy.models.table import MODELS

ALIVE = [model for model in MODELS if model.status != "retired"]


@pytest.mark.parametrize(
    ("kinds", "off"),
    [
        ({"adaptive", "enabled", "disabled"}, "disabled"),
        ({"adaptive", "between_tools"}, "between_tools"),
        ({"adaptive"}, None),
    ],
)
def test_how_thinking_is_switched_off(kinds: set[str], off: str | None) -> None:
    model = Model(id="m", name="M", released=0, thinking=frozenset(kinds))  # type: ignore[arg-type]
    assert model.thinking_off == off


def test_sampling_is_accepted_or_not() -> None:
    assert not Model(id="m", name="M", released=0).accepts_sampling
    assert Model(id="m", name="M", released=0, sampling="one_of").accepts_sampling


@pytest.mark.parametrize("alive", ALIVE, ids=lambda model: model.id)
def test_a_guess_asks_no_more_than_a_living_model_gives(alive: Model) -> None:
    guess = unknown("claude-from-tomorrow")
    assert guess.max_output <= alive.max_output
    assert guess.context_window <= alive.context_window
    assert guess.cache_minimum >= alive.cache_minimum
    assert not guess.accepts_sampling
    assert not guess.prefill
    assert not guess.forced_tool_choice
    assert not guess.mid_conversation_system


def test_a_guess_says_that_it_is_one() -> None:
    guess = unknown("claude-from-tomorrow")
    assert (guess.id, guess.known, guess.prices) == ("claude-from-tomorrow", False, None)


@pytest.mark.parametrize(
    ("before", "kinds", "default"),
    [
        ("on", {"adaptive", "disabled"}, "on"),
        ("on", {"adaptive"}, "always"),
        ("always", {"adaptive", "between_tools"}, "on"),
        ("on", {"enabled", "disabled"}, "off"),
        ("off", {"adaptive"}, "off"),
    ],
)
def test_the_default_that_can_hold_with_other_kinds_of_thinking(
    before: Literal["on", "off", "always"], kinds: set[ThinkingKind], default: str
) -> None:
    model = with_thinking(Model(id="m", name="M", released=0, thinking_default=before), frozenset(kinds))
    assert set(model.thinking) == kinds
    assert model.thinking_default == default
