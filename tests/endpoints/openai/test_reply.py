"""Reasons, refusals and usage."""

import pytest
from msgspec import UNSET

from claude_code_proxy import messages
from claude_code_proxy.endpoints.endpoint import ReplyContext
from claude_code_proxy.endpoints.openai.reply import (
    FINISH_REASONS,
    REFUSED,
    finish_reason,
    refusal_text,
    service_tier,
    to_usage,
)


def context(cost: float | None = None) -> ReplyContext:
    return ReplyContext("chatcmpl-1", 1, "claude-x", lambda _: cost)


@pytest.mark.parametrize(
    ("stop_reason", "called", "reason"),
    [
        ("end_turn", False, "stop"),
        ("stop_sequence", False, "stop"),
        ("pause_turn", False, "stop"),
        ("max_tokens", False, "length"),
        ("model_context_window_exceeded", False, "length"),
        ("tool_use", True, "tool_calls"),
        ("refusal", False, "content_filter"),
        ("end_turn", True, "tool_calls"),
        ("tool_use", False, "stop"),
        ("max_tokens", True, "length"),
        ("refusal", True, "content_filter"),
        (None, False, "stop"),
        ("a_new_reason", False, "stop"),
        ("a_new_reason", True, "tool_calls"),
    ],
)
def test_why_a_turn_ended(stop_reason: str | None, called: bool, reason: str) -> None:
    assert finish_reason(stop_reason, called_tools=called) == reason


def test_only_words_that_clients_know() -> None:
    assert set(FINISH_REASONS.values()) == {"stop", "length", "tool_calls", "content_filter"}


def test_a_refusal_always_has_words() -> None:
    assert refusal_text("refusal", messages.StopDetails(explanation="No.")) == "No."
    assert refusal_text("refusal", messages.StopDetails(explanation="")) == REFUSED
    assert refusal_text("refusal", None) == REFUSED
    assert refusal_text("end_turn", messages.StopDetails(explanation="No.")) is None


def test_the_prompt_counts_cached_tokens_too() -> None:
    details = messages.TokenDetails(thinking_tokens=7)
    reported = messages.Usage(
        10, 20, cache_creation_input_tokens=3, cache_read_input_tokens=100, output_tokens_details=details
    )
    usage = to_usage([reported], context())
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (113, 20, 133)
    assert (usage.prompt_tokens_details.cached_tokens, usage.prompt_tokens_details.cache_write_tokens) == (100, 3)
    assert (usage.cache_read_input_tokens, usage.cache_creation_input_tokens) == (100, 3)
    assert usage.completion_tokens_details.reasoning_tokens == 7


def test_what_is_not_told_counts_nothing() -> None:
    usage = to_usage([messages.Usage(output_tokens_details=messages.TokenDetails())], context())
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (0, 0, 0)
    assert usage.completion_tokens_details.reasoning_tokens == 0


def test_several_choices_add_up() -> None:
    usage = to_usage([messages.Usage(10, 1), messages.Usage(10, 2)], context(cost=0.125))
    assert (usage.prompt_tokens, usage.completion_tokens, usage.cost) == (20, 3, 0.25)


def test_a_price_that_is_not_known_is_not_guessed() -> None:
    assert to_usage([messages.Usage(10, 1)], context(cost=None)).cost is UNSET
    mixed = ReplyContext("a", 1, "m", lambda usage: 1.0 if usage.input_tokens == 1 else None)
    assert to_usage([messages.Usage(1), messages.Usage(2)], mixed).cost is UNSET


@pytest.mark.parametrize(
    ("usage", "tier"),
    [
        (messages.Usage(), "default"),
        (messages.Usage(service_tier="standard"), "default"),
        (messages.Usage(service_tier="priority"), "priority"),
        (messages.Usage(service_tier="batch"), "flex"),
        (messages.Usage(service_tier="standard", speed="fast"), "fast"),
        (messages.Usage(service_tier="new", speed="standard"), "default"),
    ],
)
def test_the_tier_that_was_used(usage: messages.Usage, tier: str) -> None:
    assert service_tier(usage) == tier
