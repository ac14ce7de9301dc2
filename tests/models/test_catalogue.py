"""Names lead to models; lists, lessons and aliases make a new catalogue and leave the old one as it was."""

import pytest

from claude_code_proxy.errors import LacksFeature, SamplingLimit
from claude_code_proxy.models.catalogue import BUILT_IN
from claude_code_proxy.models.names import NameOptions
from claude_code_proxy.models.table import MODELS
from claude_code_proxy.models.upstream_list import Capabilities, ListedThinking, ModelInfo, Supported, ThinkingTypes


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.id)
def test_every_id_and_snapshot_of_the_table_is_found_as_it_is_written(model: object) -> None:
    found = BUILT_IN.find(model.id)  # type: ignore[attr-defined]
    assert found == model
    for snapshot in found.snapshots:
        assert BUILT_IN.find(snapshot).id == snapshot
        assert BUILT_IN.find(snapshot).name == found.name


@pytest.mark.parametrize(
    ("asked", "model_id"),
    [
        ("anthropic/claude-haiku-4.5", "claude-haiku-4-5"),
        ("openrouter/anthropic/claude-opus-4.6", "claude-opus-4-6"),
        ("claude-opus-4-6-20260205", "claude-opus-4-6"),
        ("claude-sonnet-4-5-20250929", "claude-sonnet-4-5-20250929"),
        ("claude-sonnet-4-5-20991231", "claude-sonnet-4-5-20991231"),
        ("claude-sonnet-latest", "claude-sonnet-5-5"),
        ("opus", "claude-opus-5-5"),
        ("claude-3-5-sonnet-latest", "claude-3-5-sonnet"),
        ("claude-3-5-sonnet-20240620", "claude-3-5-sonnet-20240620"),
    ],
)
def test_what_goes_upstream_for_a_name(asked: str, model_id: str) -> None:
    found = BUILT_IN.find(asked)
    assert (found.id, found.known) == (model_id, True)


def test_a_retired_model_names_its_successor() -> None:
    found = BUILT_IN.find("claude-3-opus-20240229")
    assert (found.status, found.successor) == ("retired", "claude-opus-5-5")


@pytest.mark.parametrize("asked", ["claude-epic-9", "gpt-4o", "claude", ""])
def test_an_unknown_name_is_forwarded_as_it_was_asked(asked: str) -> None:
    found = BUILT_IN.find(asked)
    assert (found.id, found.known) == (asked, False)


@pytest.mark.parametrize(
    ("asked", "model_id", "options"),
    [
        ("claude-opus-5-5-high", "claude-opus-5-5", NameOptions("high")),
        ("anthropic/claude-sonnet-4.6:thinking", "claude-sonnet-4-6", NameOptions("", has_thinking=True)),
        ("opus-low", "claude-opus-5-5", NameOptions("low")),
        ("claude-haiku-4-5-20251001-thinking", "claude-haiku-4-5-20251001", NameOptions("", has_thinking=True)),
        ("claude-sonnet-4-6[1m]", "claude-sonnet-4-6", NameOptions()),
        ("us.anthropic.claude-haiku-4-5-20251001-v1:0:high", "claude-haiku-4-5-20251001", NameOptions("high")),
        ("claude-epic-9-high", "claude-epic-9-high", NameOptions()),
        ("gpt-5-high", "claude-opus-5", NameOptions("high")),
        ("o3-high", "claude-haiku-5-5", NameOptions()),
        ("fast", "claude-haiku-5-5", NameOptions("low")),
        ("fast-thinking", "claude-haiku-5-5", NameOptions("low", has_thinking=True)),
        ("fast-max", "claude-haiku-5-5", NameOptions("max")),
        ("x-claude-opus-5-high", "claude-haiku-5-5", NameOptions()),
    ],
)
def test_effort_and_thinking_in_a_name(asked: str, model_id: str, options: NameOptions) -> None:
    catalogue = BUILT_IN.with_aliases({
        "gpt-5": "claude-opus-5",
        "o3-high": "claude-haiku-5-5",
        "fast": "claude-haiku-5-5-low",
        "x-*": "claude-haiku-5-5",
    })
    assert catalogue.find(asked).id == model_id
    assert catalogue.options(asked) == options


def test_an_alias_for_everything_stands_for_no_model_with_options() -> None:
    catalogue = BUILT_IN.with_aliases({"*": "claude-haiku-5-5"})
    assert catalogue.find("claude-opus-5-high").id == "claude-opus-5"
    assert catalogue.find("gpt-5-high").id == "claude-haiku-5-5"
    assert catalogue.options("gpt-5-high") == NameOptions()


def test_an_alias_with_a_star_takes_names_that_are_no_models() -> None:
    catalogue = BUILT_IN.with_aliases({
        "gpt-4o": "claude-opus-5-5",
        "gpt-*": "claude-haiku-5-5",
        "*": "claude-sonnet-5-5",
    })
    assert catalogue.find("gpt-4o").id == "claude-opus-5-5"
    assert catalogue.find("openai/GPT-4o").id == "claude-opus-5-5"
    assert catalogue.find("gpt-5-mini").id == "claude-haiku-5-5"
    assert catalogue.find("o3").id == "claude-sonnet-5-5"
    assert BUILT_IN.with_aliases({"gpt-*": "claude-haiku-5-5"}).find("openai/gpt-5-mini").id == "claude-haiku-5-5"
    assert catalogue.find("anthropic/claude-opus-4.6").id == "claude-opus-4-6"


def test_aliases_come_first_and_forgive_case_and_prefix() -> None:
    catalogue = BUILT_IN.with_aliases({"GPT-4o": "claude-sonnet-5.5", "claude-3-opus": "claude-opus-5-5"})
    assert catalogue.find("gpt-4o").id == "claude-sonnet-5-5"
    assert catalogue.find("openai/GPT-4o ").id == "claude-sonnet-5-5"
    assert catalogue.find("claude-3-opus").id == "claude-opus-5-5"
    assert catalogue.find("gpt-5").id == "gpt-5"
    assert not BUILT_IN.find("gpt-4o").known


def test_the_built_in_list_is_the_living_newest_first() -> None:
    listing = BUILT_IN.listing()
    assert listing[0].id == "claude-fable-5-2"
    assert {model.status for model in listing} == {"active", "deprecated"}
    assert [model.released for model in listing] == sorted((model.released for model in listing), reverse=True)


def test_the_upstreams_list_is_shown_as_it_is() -> None:
    infos = [
        ModelInfo(id="claude-epic-9", display_name="Claude Epic 9", max_tokens=300_000),
        ModelInfo(id="claude-haiku-4-5-20251001", max_input_tokens=250_000),
        ModelInfo(id="claude-opus-4-1-20250805", lifecycle="retired"),
    ]
    catalogue = BUILT_IN.with_upstream(infos)
    assert [model.id for model in catalogue.listing()] == ["claude-epic-9", "claude-haiku-4-5-20251001"]
    assert catalogue.find("claude-haiku-4.5").context_window == 250_000
    assert catalogue.find("claude-haiku-4.5").cache_minimum == 4096
    epic = catalogue.find("anthropic/claude-epic-9")
    assert (epic.known, epic.max_output, epic.name) == (True, 300_000, "Claude Epic 9")
    assert not BUILT_IN.find("claude-epic-9").known


def test_the_upstreams_spelling_is_what_goes_upstream() -> None:
    catalogue = BUILT_IN.with_upstream([ModelInfo(id="anthropic/claude-opus-4.6")])
    assert catalogue.find("claude-opus-4-6").id == "anthropic/claude-opus-4.6"
    assert catalogue.find("claude-opus-4-6").sampling == "one_of"


def test_a_new_model_of_the_upstream_is_the_newest_of_its_line() -> None:
    catalogue = BUILT_IN.with_upstream([ModelInfo(id="claude-sonnet-6", created_at="2027-01-15T00:00:00Z")])
    assert catalogue.find("claude-sonnet-latest").id == "claude-sonnet-6"


def test_a_name_of_another_service_is_the_same_model_and_an_unknown_one_stays_as_it_is() -> None:
    assert BUILT_IN.find("us.anthropic.claude-haiku-4-5-20251001-v1:0").id == "claude-haiku-4-5-20251001"
    assert BUILT_IN.find("claude_sonnet_4_6").id == "claude-sonnet-4-6"
    for name in ("us.anthropic.Claude-Epic-9-v1:0", "claude-epic-9@20270101", "arn:aws:bedrock:x:1:profile/a1b2"):
        assert BUILT_IN.find(name).id == name


def test_the_newest_of_a_line_is_one_that_the_upstream_lists() -> None:
    catalogue = BUILT_IN.with_upstream([ModelInfo(id="claude-sonnet-4-6"), ModelInfo(id="claude-opus-5")])
    assert catalogue.find("claude-sonnet-latest").id == "claude-sonnet-4-6"
    assert catalogue.find("sonnet").id == "claude-sonnet-4-6"
    assert catalogue.find("haiku").id == BUILT_IN.find("haiku").id


def test_a_lesson_is_kept_for_its_model_under_all_its_names() -> None:
    catalogue = BUILT_IN.with_limit("claude-haiku-4-5-20251001", SamplingLimit("none"))
    assert not catalogue.find("anthropic/claude-haiku-4.5").accepts_sampling
    assert not catalogue.find("claude-haiku-4-5").accepts_sampling
    assert catalogue.find("claude-sonnet-4-5").accepts_sampling
    assert BUILT_IN.find("claude-haiku-4-5").accepts_sampling


def test_lessons_outlast_a_refreshed_list_and_hold_for_unknown_models() -> None:
    taught = BUILT_IN.with_limit("claude-epic-9", LacksFeature("structured_outputs"))
    assert not taught.find("claude-epic-9").structured_outputs
    told = Capabilities(
        structured_outputs=Supported(supported=True),
        thinking=ListedThinking(supported=True, types=ThinkingTypes(adaptive=Supported(supported=True))),
    )
    refreshed = taught.with_upstream([ModelInfo(id="claude-epic-9", capabilities=told)])
    assert not refreshed.find("claude-epic-9").structured_outputs
    assert refreshed.find("claude-epic-9").strict_tools


def test_a_lesson_learnt_twice_changes_nothing() -> None:
    once = BUILT_IN.with_limit("claude-opus-5", LacksFeature("prefill"))
    assert once.with_limit("claude-opus-5", LacksFeature("prefill")) is once
