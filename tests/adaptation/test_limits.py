"""How much, how fast and where: by what the model can."""

from typing import Any

import pytest

from claude_code_proxy.models.catalogue import BUILT_IN
from tests.adaptation.requests import NEWEST, OLD, PLAIN, accepted, adapted, request, told


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
