"""Dollars for what was billed, by the service's own price list."""

import pytest

from claude_code_proxy.models.catalogue import BUILT_IN
from claude_code_proxy.models.model import unknown
from claude_code_proxy.models.pricing import Billed, cost_usd, total_usd

SONNET = BUILT_IN.find("claude-sonnet-4-6")
OPUS = BUILT_IN.find("claude-opus-5-5")
HAIKU = BUILT_IN.find("claude-haiku-5-5")


@pytest.mark.parametrize(
    ("billed", "usd"),
    [
        (Billed(), 0),
        (Billed(input=1_000_000), 3),
        (Billed(output=1_000_000), 15),
        (Billed(cache_read=1_000_000), 0.3),
        (Billed(write_5m=1_000_000), 3.75),
        (Billed(write_1h=1_000_000), 6),
        (Billed(input=1000, output=500, cache_read=20_000, write_5m=2000), 0.003 + 0.0075 + 0.006 + 0.0075),
        (Billed(input=1_000_000, output=1_000_000, batch=True), 9),
        (Billed(input=1_000_000, us_only=True), 3.3),
        (Billed(web_searches=3), 0.03),
        (Billed(input=1_000_000, web_searches=1, batch=True, us_only=True), 1.65 + 0.01),
    ],
)
def test_what_a_reply_costs(billed: Billed, usd: float) -> None:
    assert cost_usd(SONNET, billed) == pytest.approx(usd)


def test_fast_mode_doubles_every_token() -> None:
    assert cost_usd(OPUS, Billed(input=1_000_000, output=1_000_000, fast=True)) == pytest.approx(48)


def test_fast_mode_has_no_price_where_there_is_none() -> None:
    assert cost_usd(SONNET, Billed(input=1, fast=True)) is None


def test_a_long_prompt_reprices_the_whole_request() -> None:
    assert cost_usd(HAIKU, Billed(input=100_000, output=1000)) == pytest.approx(0.01 + 0.0005)
    assert cost_usd(HAIKU, Billed(input=100_001, output=1000)) == pytest.approx(0.0500005 + 0.0025)


def test_cached_tokens_make_a_prompt_long() -> None:
    assert cost_usd(HAIKU, Billed(input=1, cache_read=60_000, write_5m=30_000, write_1h=10_000)) == pytest.approx(
        (1 * 0.5 + 60_000 * 0.05 + 30_000 * 0.625 + 10_000 * 1.0) / 1_000_000
    )


def test_an_unknown_price_is_not_guessed() -> None:
    assert cost_usd(unknown("claude-epic-9"), Billed(input=1)) is None
    assert cost_usd(BUILT_IN.find("claude-3-opus"), Billed(input=1)) is None


@pytest.mark.parametrize(("costs", "total"), [((), 0.0), ((1.5, 0.25), 1.75), ((1.5, None), None), ((None,), None)])
def test_a_sum_is_known_when_all_its_parts_are(costs: tuple[float | None, ...], total: float | None) -> None:
    assert total_usd(costs) == total
