"""Usage into what is billed, and what that costs."""

import pytest

from claude_code_proxy.messages import Usage
from claude_code_proxy.messages.response import CacheCreation, ServerToolUsage
from claude_code_proxy.models.catalogue import BUILT_IN
from claude_code_proxy.models.model import unknown
from claude_code_proxy.models.pricing import Billed
from claude_code_proxy.server.exchange.billing import Bill, billed

SONNET = BUILT_IN.find("claude-sonnet-4-6")
HAIKU = BUILT_IN.find("claude-haiku-5-5")


def test_nothing_told_is_nothing_billed() -> None:
    assert billed(Usage()) == Billed()


def test_everything() -> None:
    usage = Usage(
        input_tokens=1,
        output_tokens=2,
        cache_read_input_tokens=3,
        cache_creation_input_tokens=10,
        cache_creation=CacheCreation(ephemeral_5m_input_tokens=6, ephemeral_1h_input_tokens=4),
        server_tool_use=ServerToolUsage(web_search_requests=5),
        service_tier="batch",
        speed="fast",
        inference_geo="us",
    )
    assert billed(usage) == Billed(
        input=1, output=2, cache_read=3, write_5m=6, write_1h=4, web_searches=5, batch=True, fast=True, us_only=True
    )


def test_writes_of_no_told_lifetime_are_the_ordinary_ones() -> None:
    assert billed(Usage(cache_creation_input_tokens=10)).write_5m == 10
    odd = Usage(cache_creation_input_tokens=3, cache_creation=CacheCreation(ephemeral_1h_input_tokens=5))
    assert (billed(odd).write_5m, billed(odd).write_1h) == (0, 5)


def test_the_cost() -> None:
    bill = Bill(SONNET)
    usage = Usage(input_tokens=1000, output_tokens=100)
    assert bill(usage) == bill(usage) == pytest.approx(1000 * 3e-6 + 100 * 15e-6)
    assert bill(Usage(input_tokens=1)) == pytest.approx(3e-6)


def test_each_request_of_a_sum_has_its_own_price() -> None:
    """120,000 tokens at once would be five times as dear."""
    each = Usage(input_tokens=60_000)
    both = Usage(input_tokens=120_000, requests=(each, each))
    assert Bill(HAIKU)(each) == pytest.approx(60_000 * 0.10e-6)
    assert Bill(HAIKU)(both) == pytest.approx(120_000 * 0.10e-6)
    assert Bill(HAIKU)(Usage(input_tokens=120_000)) == pytest.approx(120_000 * 0.50e-6)
    assert Bill(unknown("whatever"))(both) is None


def test_without_a_price_there_is_no_cost() -> None:
    assert Bill(unknown("whatever"))(Usage(input_tokens=1)) is None
