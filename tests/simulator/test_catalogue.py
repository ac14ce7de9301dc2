"""`/v1/models`: entries and pages."""

import pytest

from claude_code_proxy.simulator import catalogue
from claude_code_proxy.simulator.models import MODELS
from claude_code_proxy.simulator.refusal import Refusal

IDS = [model.id for model in MODELS]


def test_an_entry_says_what_the_model_can() -> None:
    entry = catalogue.one("claude-opus-4-5")
    assert (entry["id"], entry["type"], entry["line"]) == ("claude-opus-4-5-20251101", "model", "opus")
    assert (entry["max_input_tokens"], entry["max_tokens"]) == (200_000, 64_000)
    capabilities = entry["capabilities"]
    assert capabilities["thinking"]["types"] == {
        "adaptive": {"supported": False},
        "enabled": {"supported": True},
        "disabled": {"supported": True},
        "between_tools": {"supported": False},
    }
    assert [name for name, leaf in capabilities["effort"].items() if leaf is not True and leaf["supported"]] == [
        "low",
        "medium",
        "high",
    ]


def test_an_unknown_one_is_not_found() -> None:
    with pytest.raises(Refusal, match=r"^model: claude-2\.1$") as caught:
        catalogue.one("claude-2.1")
    assert caught.value.status == 404


def test_pages_forward() -> None:
    response, query = [], {"limit": ["7"]}
    while True:
        page = catalogue.page(query)
        response += [entry["id"] for entry in page["data"]]
        assert (page["first_id"], page["last_id"]) == (page["data"][0]["id"], page["data"][-1]["id"])
        if not page["has_more"]:
            break
        query = {"limit": ["7"], "after_id": [page["last_id"]]}
    assert response == IDS


def test_pages_backward() -> None:
    page = catalogue.page({"limit": ["3"], "before_id": [IDS[5]]})
    assert [entry["id"] for entry in page["data"]] == IDS[2:5]
    assert page["has_more"]
    assert not catalogue.page({"limit": ["5"], "before_id": [IDS[5]]})["has_more"]


def test_only_the_deprecated() -> None:
    page = catalogue.page({"lifecycle[]": ["deprecated"]})
    assert [entry["id"] for entry in page["data"]] == ["claude-sonnet-4-5-20250929"]
    assert page["data"][0]["retires_at"]


@pytest.mark.parametrize("query", [{"limit": ["0"]}, {"limit": ["x"]}, {"after_id": ["none"]}])
def test_bad_questions(query: dict[str, list[str]]) -> None:
    with pytest.raises(Refusal) as caught:
        catalogue.page(query)
    assert caught.value.status == 400
