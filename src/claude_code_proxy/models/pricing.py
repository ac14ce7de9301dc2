"""What a reply costs: billed tokens and a model's prices in, US dollars out.

Never guesses: without known prices, or in fast mode on a model that has no fast price, there is no cost.
"""

from collections.abc import Iterable

from msgspec import Struct

from claude_code_proxy.models.model import Model, Prices, Rates

BATCH = 0.5
FAST = 2.0
US_ONLY = 1.1
WEB_SEARCH_USD = 0.01
_MILLION = 1_000_000


class Billed(Struct, frozen=True):
    """What the service counted for one reply. `input` is what was neither read from nor written to the cache."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    write_5m: int = 0
    write_1h: int = 0
    web_searches: int = 0
    batch: bool = False
    fast: bool = False
    us_only: bool = False  # served under `inference_geo: us`

    @property
    def prompt(self) -> int:
        return self.input + self.cache_read + self.write_5m + self.write_1h


def cost_usd(model: Model, billed: Billed) -> float | None:
    """US dollars for one reply; None when the price is not known."""
    if model.prices is None or (billed.fast and model.fast == "no"):
        return None
    tokens = _tokens_usd(_rates(model.prices, billed.prompt), billed) * _factor(billed)
    return tokens + billed.web_searches * WEB_SEARCH_USD


def total_usd(costs: Iterable[float | None]) -> float | None:
    """Return the sum; None where one of the costs is not known."""
    total = 0.0
    for cost in costs:
        if cost is None:
            return None
        total += cost
    return total


def _rates(prices: Prices, prompt: int) -> Rates:
    return prices.long if prices.long is not None and prompt > prices.long_over else prices.standard


def _tokens_usd(rates: Rates, billed: Billed) -> float:
    return (
        billed.input * rates.input
        + billed.output * rates.output
        + billed.cache_read * rates.read
        + billed.write_5m * rates.write_5m
        + billed.write_1h * rates.write_1h
    ) / _MILLION


def _factor(billed: Billed) -> float:
    return (BATCH if billed.batch else 1.0) * (FAST if billed.fast else 1.0) * (US_ONLY if billed.us_only else 1.0)
