"""Output tokens, speed, region and sampling parameters, by what the model takes."""

from typing import Any

import pytest

from claude_code_proxy import messages
from claude_code_proxy.models.catalogue import BUILT_IN
from tests.adaptation.requests import NEWEST, OLD, PLAIN, accepted, adapted, request, told


def sampled(**fields: Any) -> tuple[float | None, float | None, int | None]:
    sent = adapted(request(**fields))
    accepted(sent)
    return sent.request.temperature, sent.request.top_p, sent.request.top_k


def notes(**fields: Any) -> list[tuple[str, str, bool]]:
    return [(one.path, one.action, one.changes_meaning) for one in adapted(request(**fields)).adjustments]


def test_trap_25_temperature_wins_over_top_p() -> None:
    both: dict[str, Any] = {"temperature": 0.3, "top_p": 0.5, "top_k": 9}
    assert sampled(**both) == (0.3, None, 9)
    assert notes(**both) == [("top_p", "dropped", True)]


def test_trap_25_a_default_temperature_gives_way_to_top_p() -> None:
    both: dict[str, Any] = {"temperature": 1.0, "top_p": 0.5, "model": OLD}
    assert sampled(**both) == (None, 0.5, None)
    assert notes(**both) == [("temperature", "dropped", False)]


def test_trap_25_newer_models_take_none() -> None:
    everything: dict[str, Any] = {"temperature": 0.3, "top_p": 1.0, "top_k": 9, "model": NEWEST}
    assert sampled(**everything) == (None, None, None)
    assert notes(**everything) == [
        ("temperature", "dropped", True),
        ("top_p", "dropped", False),
        ("top_k", "dropped", True),
    ]


@pytest.mark.parametrize(("asked", "sent"), [(1.7, 1.0), (2, 1.0), (1.0, 1.0), (0.0, 0.0), (-1, 0.0)])
def test_trap_26_temperature_is_clamped(asked: float, sent: float) -> None:
    assert sampled(temperature=asked) == (sent, None, None)
    assert notes(temperature=asked) == ([] if asked == sent else [("temperature", "clamped", True)])


def test_top_p_is_clamped_too() -> None:
    assert sampled(top_p=1.5) == (None, 1.0, None)


@pytest.mark.parametrize("thinking", [messages.Adaptive(), messages.Enabled(2000)])
def test_beside_thinking_only_a_high_top_p_may_stand(thinking: messages.ThinkingConfig) -> None:
    assert sampled(temperature=0.5, top_k=3, thinking=thinking) == (None, None, None)
    assert sampled(top_p=0.9, thinking=thinking) == (None, None, None)
    assert sampled(top_p=0.95, thinking=thinking) == (None, 0.95, None)


def test_without_thinking_nothing_is_taken_away() -> None:
    assert sampled(temperature=0.5, model=PLAIN, thinking=messages.Disabled()) == (0.5, None, None)


@pytest.mark.parametrize("model", [PLAIN, NEWEST, OLD])
def test_a_negative_top_k_is_how_some_say_that_there_is_none(model: str) -> None:
    assert sampled(top_k=-1, model=model) == (None, None, None)
    assert notes(top_k=-1, model=model) == [("top_k", "dropped", False)]
    assert sampled(top_k=0) == (None, None, 0)


@pytest.mark.parametrize("model", [PLAIN, NEWEST, OLD])
def test_trap_27_no_limit_is_the_models_own(model: str) -> None:
    sent = adapted(request(model=model))
    accepted(sent)
    assert sent.request.max_tokens == BUILT_IN.find(model).max_output
    assert sent.adjustments == ()


def test_trap_27_a_limit_above_the_models_is_clamped() -> None:
    sent = adapted(request(model=OLD, max_tokens=70_000))
    accepted(sent)
    assert sent.request.max_tokens == 64_000
    assert told(sent) == ["max_tokens=clamped"]
    assert adapted(request(model=OLD, max_tokens=64_000)).adjustments == ()


def test_a_limit_that_can_be_kept_is_kept() -> None:
    assert adapted(request(max_tokens=1)).request.max_tokens == 1


@pytest.mark.parametrize(
    ("model", "fields", "dropped"),
    [
        (PLAIN, {"speed": "fast"}, ["speed=dropped"]),
        (PLAIN, {"speed": "standard"}, []),
        (NEWEST, {"speed": "fast"}, []),
        (OLD, {"inference_geo": "us"}, ["inference_geo=dropped"]),
        (PLAIN, {"inference_geo": "us"}, []),
    ],
)
def test_speed_and_region_go_where_there_is_a_choice(model: str, fields: dict[str, Any], dropped: list[str]) -> None:
    sent = adapted(request(model=model, **fields))
    accepted(sent)
    assert told(sent) == dropped
    assert all(one.changes_meaning for one in sent.adjustments)
