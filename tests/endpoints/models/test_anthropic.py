"""The list of models as Anthropic's clients read it, page by page."""

import json
from datetime import datetime
from typing import Any

import pytest

from claude_code_proxy.endpoints.models.anthropic import render_list, render_model
from claude_code_proxy.errors import InvalidRequest
from claude_code_proxy.models.catalogue import BUILT_IN

CATALOGUE = BUILT_IN.with_aliases({"gpt-4o": "claude-sonnet-4-6"})
IDS = [*(model.id for model in CATALOGUE.listing()), "gpt-4o"]


def page(**query: str) -> Any:
    return json.loads(render_list(CATALOGUE, query))


def test_all_of_it() -> None:
    listed = page(limit="1000")
    assert [model["id"] for model in listed["data"]] == IDS
    assert (listed["has_more"], listed["first_id"], listed["last_id"]) == (False, IDS[0], "gpt-4o")
    for model in listed["data"]:
        assert model["type"] == "model"
        assert model["display_name"]
        assert datetime.fromisoformat(model["created_at"]).tzinfo is not None
        assert model["max_input_tokens"] > model["max_tokens"] > 0


def test_forwards_page_by_page() -> None:
    ids: list[str] = []
    query: dict[str, str] = {"limit": "4"}
    while True:
        listed = page(**query)
        assert len(listed["data"]) <= 4
        ids += [model["id"] for model in listed["data"]]
        if not listed["has_more"]:
            break
        query["after_id"] = listed["last_id"]
    assert ids == IDS


def test_backwards() -> None:
    listed = page(limit="2", before_id=IDS[3])
    assert [model["id"] for model in listed["data"]] == IDS[1:3]
    assert listed["has_more"]
    assert not page(limit="2", before_id=IDS[2])["has_more"]


def test_a_page_may_be_empty() -> None:
    assert page(after_id=IDS[-1]) == {"data": [], "has_more": False, "first_id": None, "last_id": None}


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "1001"}, {"limit": "x"}, {"after_id": "nobody"}])
def test_pages_that_cannot_be(query: dict[str, str]) -> None:
    with pytest.raises(InvalidRequest):
        page(**query)


def test_one_model() -> None:
    assert json.loads(render_model(CATALOGUE, "gpt-4o"))["id"] == "gpt-4o"
    with pytest.raises(InvalidRequest):
        render_model(CATALOGUE, "nobody")
