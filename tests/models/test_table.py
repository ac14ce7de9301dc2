"""The table holds together: what one column says of a model fits what the others say."""

import re
from datetime import date
from typing import Any

import pytest

from claude_code_proxy.models.model import OFF_KINDS, Model, Rates
from claude_code_proxy.models.names import parse
from claude_code_proxy.models.table import MODELS

BY_ID = {model.id: model for model in MODELS}
ALIVE = [model for model in MODELS if model.status != "retired"]


def ident(model: Model) -> str:
    return model.id


def test_no_two_models_have_one_name() -> None:
    names = [name for model in MODELS for name in (model.id, *model.snapshots)]
    assert len(names) == len(set(names))
    assert len({parse(model.id).key for model in MODELS}) == len(MODELS)


def test_the_newest_stand_first() -> None:
    released = [model.released for model in ALIVE]
    assert released == sorted(released, reverse=True)


@pytest.mark.parametrize("model", MODELS, ids=ident)
def test_a_snapshot_is_the_id_with_a_date(model: Model) -> None:
    for snapshot in model.snapshots:
        assert re.fullmatch(rf"{re.escape(model.id)}-20\d{{6}}", snapshot)


@pytest.mark.parametrize("model", MODELS, ids=ident)
def test_thinking_fits_its_default(model: Model) -> None:
    can_stop = bool(model.thinking & OFF_KINDS)
    assert {"always": not can_stop, "on": can_stop, "off": True}[model.thinking_default]
    assert ("adaptive" in model.thinking) >= (model.thinking_default != "off")
    assert (model.off_max_effort is None) or can_stop


@pytest.mark.parametrize("model", MODELS, ids=ident)
def test_the_default_effort_is_one_that_is_accepted(model: Model) -> None:
    assert model.default_effort in (model.efforts or (None,))


@pytest.mark.parametrize("model", ALIVE, ids=ident)
def test_cache_prices_follow_the_input_price(model: Model) -> None:
    assert model.prices is not None
    for rates in filter(None, [model.prices.standard, model.prices.long]):
        assert isinstance(rates, Rates)
        assert rates.write_5m == pytest.approx(1.25 * rates.input)
        assert rates.write_1h == pytest.approx(2 * rates.input)
        assert rates.read / rates.input == pytest.approx(0.1) or rates.read / rates.input in {0.05, 0.025}


@pytest.mark.parametrize("model", [model for model in MODELS if model.status != "active"], ids=ident)
def test_a_model_on_its_way_out_names_a_living_successor(model: Model) -> None:
    assert model.successor is not None
    assert model.retires_at is not None
    assert BY_ID[model.successor].status == "active"
    assert date.fromisoformat(model.retires_at) > date(2024, 1, 1)


# One line of the documentation each, so that a slip in the table is seen.
FACTS: dict[str, dict[str, Any]] = {
    "claude-opus-5-5": {"thinking": {"adaptive"}, "default_effort": "medium", "forced_tool_choice": False},
    "claude-sonnet-5-5": {"thinking": {"adaptive", "between_tools"}, "off_max_effort": "high", "prefix_binding": True},
    "claude-haiku-5-5": {"thinking": {"adaptive", "disabled"}, "default_effort": "medium", "forced_tool_choice": True},
    "claude-fable-5-2": {"thinking_default": "always", "cache_minimum": 512, "mid_conversation_system": True},
    "claude-sonnet-5": {"cache_minimum": 1024, "mid_conversation_system": False, "off_max_effort": None},
    "claude-opus-5": {"thinking_default": "on", "off_max_effort": "high", "prefix_binding": False},
    "claude-opus-4-8": {"thinking_default": "off", "efforts": ("low", "medium", "high", "xhigh", "max")},
    "claude-opus-4-7": {"sampling": "none", "cache_minimum": 2048, "mid_conversation_system": False},
    "claude-sonnet-4-6": {"sampling": "one_of", "efforts": ("low", "medium", "high", "max"), "prefill": False},
    "claude-opus-4-5": {"efforts": ("low", "medium", "high"), "prefill": True, "max_output": 64_000},
    "claude-haiku-4-5": {"efforts": (), "prefill": True, "context_window": 200_000, "inference_geo": False},
}


@pytest.mark.parametrize("model_id", FACTS)
def test_what_the_documentation_says(model_id: str) -> None:
    model = BY_ID[model_id]
    assert {fact: getattr(model, fact) for fact in FACTS[model_id]} == FACTS[model_id]
