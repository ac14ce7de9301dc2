"""No small schema costs much work, wherever it is used; what is too large is refused with words and the field."""

import json
import time
from typing import Any

import pytest
from msgspec import Raw

from claude_code_proxy import messages
from claude_code_proxy.adaptation.schemas.schema_budget import (
    MOST_PARTS,
    TOO_LARGE,
    SchemaBudget,
    SchemaTooLarge,
)
from claude_code_proxy.errors import InvalidRequest
from tests.adaptation.requests import adapted, request, tool
from tests.adaptation.schemas.bombs import BOMBS

SECONDS = 2.0  # generous: each takes a few hundredths on an idle machine
NOT_EXPANDED = {
    "ten properties, defined elsewhere",
    "pairs with a description",
    "merged objects, defined in a property",
    "a long text in many places",
}  # a plain tool's references stay where they are
LARGEST = 1_000_000  # bytes of what is sent


def asking(schema: Any, use: str) -> messages.MessagesRequest:
    if use == "format":
        wanted = messages.JsonSchema(Raw(json.dumps(schema).encode()))
        return request(output_config=messages.OutputConfig(format=wanted))
    return request(tools=(tool("look", schema, strict=use == "strict tool"),))


@pytest.mark.parametrize("use", ["tool", "strict tool", "format"])
@pytest.mark.parametrize("name", BOMBS)
def test_a_schema_that_unfolds_without_end_costs_little(name: str, use: str) -> None:
    schema, is_too_large = BOMBS[name]
    fits = not is_too_large or (use == "tool" and name in NOT_EXPANDED)
    began = time.process_time()
    if fits:
        assert len(messages.encode_request(adapted(asking(schema, use)).request)) < LARGEST
    else:
        with pytest.raises(InvalidRequest) as caught:
            adapted(asking(schema, use))
        error = caught.value
        assert (error.message, error.code) == (TOO_LARGE, "invalid_json_schema")
        assert error.path == ("output_config.format" if use == "format" else "tools[0].input_schema")
    assert time.process_time() - began < SECONDS


def test_a_part_is_paid_for_wherever_it_stands() -> None:
    budget = SchemaBudget()
    shared = {"a": [1, 2]}
    budget.spend_on({"x": shared, "y": shared})
    assert budget.spent == 9
    budget.spend(4)
    assert budget.spent == 13


def test_long_text_is_paid_for() -> None:
    budget = SchemaBudget()
    budget.spend_on("x" * 2560)
    assert budget.spent == 11


def test_nothing_is_left() -> None:
    budget = SchemaBudget()
    budget.spend(MOST_PARTS)
    with pytest.raises(SchemaTooLarge):
        budget.spend()
    with pytest.raises(SchemaTooLarge):
        SchemaBudget().spend_on([0] * MOST_PARTS)


def test_a_long_list_is_refused_before_its_parts_are_looked_at() -> None:
    """A list that stands in many places would otherwise fill the memory with parts that are never paid for."""
    budget = SchemaBudget()
    with pytest.raises(SchemaTooLarge):
        budget.spend_on([0] * (MOST_PARTS + 1))
    assert budget.spent == 1
