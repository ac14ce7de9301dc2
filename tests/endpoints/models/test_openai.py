"""The list of models as OpenAI's clients read it."""

import json

import pytest

from claude_code_proxy.endpoints.models.openai import render_list, render_model
from claude_code_proxy.errors import InvalidRequest
from claude_code_proxy.models.catalogue import BUILT_IN


def test_the_list_has_every_model_and_every_alias() -> None:
    catalogue = BUILT_IN.with_aliases({"gpt-4o": "claude-sonnet-4-6"})
    listed = json.loads(render_list(catalogue))
    assert listed["object"] == "list"
    ids = [model["id"] for model in listed["data"]]
    assert ids == [*(model.id for model in catalogue.listing()), "gpt-4o"]
    for model in listed["data"]:
        assert (model["object"], model["owned_by"]) == ("model", "anthropic")
        assert type(model["created"]) is int
        assert model["context_window"] > 0
        assert model["max_output_tokens"] > 0


def test_one_model_has_the_name_that_was_asked_for() -> None:
    assert json.loads(render_model(BUILT_IN, "anthropic/claude-sonnet-4-6"))["id"] == "anthropic/claude-sonnet-4-6"


def test_a_retired_model_is_not_found() -> None:
    with pytest.raises(InvalidRequest):
        render_model(BUILT_IN, "claude-3-opus-20240229")
