"""However a model's name is written, it comes down to one key."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_code_proxy.models.names import NameOptions, is_of_another_service, line, parse, split_options


@pytest.mark.parametrize(
    ("asked", "key"),
    [
        ("claude-opus-4-6", "claude-opus-4-6"),
        ("claude-opus-4.6", "claude-opus-4-6"),
        ("anthropic/claude-opus-4.6", "claude-opus-4-6"),
        ("openrouter/anthropic/claude-haiku-4.5", "claude-haiku-4-5"),
        ("  Claude Opus 4.6 ", "claude-opus-4-6"),
        ("CLAUDE-OPUS-4-6", "claude-opus-4-6"),
        ("sonnet-4.5", "claude-sonnet-4-5"),
        ("claude-sonnet-4-5-latest", "claude-sonnet-4-5"),
        ("claude-haiku-4-5-20251001", "claude-haiku-4-5"),
        ("claude-3-5-sonnet-20241022", "claude-sonnet-3-5"),
        ("claude-3.5-sonnet", "claude-sonnet-3-5"),
        ("claude-sonnet-3.5", "claude-sonnet-3-5"),
        ("claude-4.5-sonnet", "claude-sonnet-4-5"),
        ("claude-opus-4-0", "claude-opus-4"),
        ("claude-3-opus-latest", "claude-opus-3"),
        ("claude-opus-latest", "claude-opus"),
        ("claude-opus:latest", "claude-opus"),
        ("claude-sonnet-4-6:beta", "claude-sonnet-4-6"),
        ("claude_sonnet_4_6", "claude-sonnet-4-6"),
        ("anthropic:claude-sonnet-4-6", "claude-sonnet-4-6"),
        ("anthropic.claude-opus-4-6-v1", "claude-opus-4-6"),
        ("anthropic.claude-3-5-sonnet-20241022-v2:0:200k", "claude-sonnet-3-5"),
        ("us.anthropic.claude-haiku-4-5-20251001-v1:0", "claude-haiku-4-5"),
        ("global.anthropic.claude-opus-4-6-v1:0", "claude-opus-4-6"),
        ("us-gov.anthropic.claude-haiku-4-5-20251001-v1:0", "claude-haiku-4-5"),
        ("bedrock/eu.anthropic.claude-haiku-4-5-20251001-v1:0", "claude-haiku-4-5"),
        ("bedrock/converse/anthropic.claude-haiku-4-5-20251001-v1:0", "claude-haiku-4-5"),
        (
            "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-haiku-4-5-20251001-v1:0",
            "claude-haiku-4-5",
        ),
        ("claude-haiku-4-5@20251001", "claude-haiku-4-5"),
        ("vertex_ai/claude-3-5-sonnet-v2@20241022", "claude-sonnet-3-5"),
    ],
)
def test_spellings_of_one_model_have_one_key(asked: str, key: str) -> None:
    assert parse(asked).key == key


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("us.anthropic.claude-epic-9-v1:0", True),
        ("claude-epic-9@20270101", True),
        ("claude-epic-9:latest", True),
        ("anthropic:claude-epic-9", True),
        ("anthropic/claude-epic-9.1", False),
        ("claude-epic-9", False),
        ("gpt-4o", False),
    ],
)
def test_names_that_only_other_services_write(name: str, *, expected: bool) -> None:
    assert is_of_another_service(name) is expected


def test_the_date_is_kept_apart() -> None:
    assert parse("us.anthropic.claude-haiku-4-5-20251001-v1:0").date == "20251001"
    assert parse("claude-haiku-4-5@20251001").spelling == "claude-haiku-4-5-20251001"
    assert parse("anthropic/claude-haiku-4.5-20251001").date == "20251001"
    assert parse("claude-haiku-4-5").date == ""


def test_an_unknown_claude_is_spelt_as_the_service_would() -> None:
    assert parse("anthropic/Claude-Epic-9.1").spelling == "claude-epic-9-1"


@pytest.mark.parametrize("name", ["gpt-4o", "vendor/Model-7.1", "deepseek/chat:free"])
def test_a_name_that_is_not_claudes_keeps_its_spelling(name: str) -> None:
    assert parse(f" {name} ").spelling == name


@given(st.text(max_size=80))
def test_any_text_is_a_name(asked: str) -> None:
    parsed = parse(asked)
    assert parse(parsed.spelling).key == parsed.key


@pytest.mark.parametrize(
    ("model_id", "expected"),
    [("claude-opus-5-5", "opus"), ("claude-3-haiku", "haiku"), ("claude-2.1", ""), ("gpt-4o", "")],
)
def test_the_line_of_a_model(model_id: str, expected: str) -> None:
    assert line(model_id) == expected


@pytest.mark.parametrize(
    ("name", "bare", "options"),
    [
        ("claude-opus-5-5", "claude-opus-5-5", NameOptions()),
        ("claude-opus-5-5-high", "claude-opus-5-5", NameOptions("high")),
        ("anthropic/claude-opus-4.6:xhigh", "anthropic/claude-opus-4.6", NameOptions("xhigh")),
        ("opus-none", "opus", NameOptions("none")),
        ("Sonnet-Thinking", "sonnet", NameOptions("", has_thinking=True)),
        ("claude-sonnet-4-6:thinking", "claude-sonnet-4-6", NameOptions("", has_thinking=True)),
        ("claude-opus-5-thinking-max[1m]", "claude-opus-5", NameOptions("max", has_thinking=True)),
        ("claude-opus-5-low-high", "claude-opus-5", NameOptions("high")),
        ("claude-opus-5 [1m]", "claude-opus-5", NameOptions()),
        ("high", "high", NameOptions()),
        ("", "", NameOptions()),
    ],
)
def test_what_a_name_asks_for_besides_the_model(name: str, bare: str, options: NameOptions) -> None:
    assert split_options(name) == (bare, options)
