"""The Models API's pages, and what they change in a model and what they leave."""

import json

import msgspec
import pytest

from claude_code_proxy.models.catalogue import BUILT_IN
from claude_code_proxy.models.model import Model, unknown
from claude_code_proxy.models.upstream_list import decode_page, merge
from tests.recordings import load

YES, NO = {"supported": True}, {"supported": False}
ENTRY = {
    "type": "model",
    "id": "claude-epic-9",
    "display_name": "Claude Epic 9",
    "created_at": "2027-02-03T00:00:00Z",
    "lifecycle": "deprecated",
    "retires_at": "2027-12-24T00:00:00Z",
    "line": None,
    "max_input_tokens": 2_000_000,
    "max_tokens": 256_000,
    "capabilities": {
        "batch": YES,
        "structured_outputs": NO,
        "context_management": {"supported": True, "clear_thinking_20251015": NO, "compact_20260112": YES},
        "effort": {"supported": True, "low": YES, "medium": YES, "high": YES, "xhigh": None, "max": NO},
        "thinking": {"supported": True, "types": {"adaptive": YES, "enabled": NO, "disabled": YES}},
    },
}


def merged(model: Model, **entry: object) -> Model:
    page = decode_page(json.dumps({"data": [{"id": model.id} | entry], "has_more": False}).encode())
    return merge(model, page.data[0])


def test_a_page_with_everything() -> None:
    page = decode_page(json.dumps({"data": [ENTRY], "has_more": True, "last_id": "claude-epic-9"}).encode())
    assert page.next_after == "claude-epic-9"
    model = merge(unknown("claude-epic-9"), page.data[0])
    assert (model.name, model.known, model.status) == ("Claude Epic 9", True, "deprecated")
    assert (model.released, model.retires_at) == (1_801_612_800, "2027-12-24T00:00:00Z")
    assert (model.context_window, model.max_output) == (2_000_000, 256_000)
    assert (set(model.thinking), model.thinking_default) == ({"adaptive", "disabled"}, "on")
    assert (model.efforts, model.default_effort) == (("low", "medium", "high"), "high")
    assert not model.structured_outputs
    assert model.lacks_edits == {"clear_thinking_20251015"}


def test_a_model_without_context_management_has_no_edits() -> None:
    model = merged(BUILT_IN.find("claude-opus-5"), capabilities={"context_management": {"supported": False}})
    assert model.lacks_edits == {"clear_thinking_20251015", "clear_tool_uses_20250919", "compact_20260112"}


def test_what_the_list_does_not_cover_stays() -> None:
    before = BUILT_IN.find("claude-opus-4-6")
    after = merged(before, display_name="Claude Opus 4.6", max_tokens=64_000)
    assert after.max_output == 64_000
    facts = ("sampling", "prefill", "forced_tool_choice", "cache_minimum", "prices", "thinking", "efforts", "released")
    assert [getattr(after, fact) for fact in facts] == [getattr(before, fact) for fact in facts]


@pytest.mark.parametrize(
    ("thinking", "kinds", "default"),
    [
        (None, {"adaptive", "disabled"}, "on"),
        ({"supported": True}, {"adaptive", "disabled"}, "on"),
        ({"supported": False}, set(), "off"),
        ({"supported": True, "types": {"adaptive": YES}}, {"adaptive"}, "always"),
        ({"supported": True, "types": {"enabled": YES, "disabled": YES}}, {"enabled", "disabled"}, "off"),
    ],
)
def test_thinking_as_the_list_tells_it(thinking: object, kinds: set[str], default: str) -> None:
    model = merged(BUILT_IN.find("claude-sonnet-5"), capabilities={"thinking": thinking})
    assert (set(model.thinking), model.thinking_default) == (kinds, default)


def test_a_model_without_effort_has_no_levels() -> None:
    model = merged(BUILT_IN.find("claude-sonnet-5"), capabilities={"effort": {"supported": False, "low": YES}})
    assert (model.efforts, model.default_effort) == ((), None)


@pytest.mark.parametrize("created_at", ["", "soon"])
def test_a_date_that_is_none_changes_nothing(created_at: str) -> None:
    before = BUILT_IN.find("claude-sonnet-5")
    assert merged(before, created_at=created_at).released == before.released


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"data": 1}'])
def test_what_is_no_list_is_refused(body: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode_page(body)


def test_an_odd_entry_does_not_cost_the_others() -> None:
    odd = {"display_name": "nameless"}, {"id": 7}, {"id": "claude-a", "max_tokens": "many"}, None, 1
    page = decode_page(json.dumps({"data": [*odd, {"id": "claude-b"}, odd[0]], "has_more": True}).encode())
    assert [info.id for info in page.data] == ["claude-b"]
    assert page.next_after == "claude-b"
    assert decode_page(json.dumps({"data": odd, "has_more": True}).encode()).next_after is None


def test_null_is_not_told() -> None:
    before = BUILT_IN.find("claude-opus-4-6")
    types = {"adaptive": YES, "enabled": None}
    nulls = dict.fromkeys(("display_name", "created_at", "lifecycle", "max_tokens"))
    after = merged(before, **nulls, capabilities={"effort": None, "thinking": {"supported": True, "types": types}})
    assert (after.name, after.released, after.max_output) == (before.name, before.released, before.max_output)
    assert (set(after.thinking), after.efforts) == ({"adaptive"}, before.efforts)


def test_a_recorded_list() -> None:
    page = decode_page(json.dumps(load("anthropic")["chatlas-list-models"]["response"]["body"]).encode())
    catalogue = BUILT_IN.with_upstream(page.data)
    assert [model.id for model in catalogue.listing()][:2] == ["claude-opus-4-5-20251101", "claude-haiku-4-5-20251001"]
    assert all(catalogue.find(info.id).known for info in page.data)
    assert catalogue.find("claude-opus-4-5").released == BUILT_IN.find("claude-opus-4-5").released
