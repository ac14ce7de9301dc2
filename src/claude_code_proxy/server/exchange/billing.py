"""What an exchange costs: the usage that the upstream tells, at the prices of the model that served it.

Each request upstream has its own price: what several used together may cost more than their sum would.
"""

from claude_code_proxy.messages import Usage
from claude_code_proxy.models.model import Model
from claude_code_proxy.models.pricing import Billed, cost_usd, total_usd


class Bill:
    """Usage in, US dollars out; None where the price is not known. The last answer is kept: it is asked for twice."""

    __slots__ = ("_cost", "_model", "_usage")

    def __init__(self, model: Model) -> None:
        self._model = model
        self._usage: Usage | None = None
        self._cost: float | None = None

    def __call__(self, usage: Usage) -> float | None:
        if usage is not self._usage:
            self._usage = usage
            self._cost = self._priced(usage)
        return self._cost

    def _priced(self, usage: Usage) -> float | None:
        if usage.requests is None:
            return cost_usd(self._model, billed(usage))
        return total_usd([cost_usd(self._model, billed(each)) for each in usage.requests])


def billed(usage: Usage) -> Billed:
    """Return what is billed; cache writes without a stated lifetime count as those of five minutes."""
    creation = usage.cache_creation
    written = usage.cache_creation_input_tokens or 0
    hourly = (creation.ephemeral_1h_input_tokens or 0) if creation else 0
    searches = usage.server_tool_use
    return Billed(
        input=usage.input_tokens or 0,
        output=usage.output_tokens or 0,
        cache_read=usage.cache_read_input_tokens or 0,
        write_5m=max(written - hourly, 0),
        write_1h=hourly,
        web_searches=(searches.web_search_requests or 0) if searches else 0,
        batch=usage.service_tier == "batch",
        fast=usage.speed == "fast",
        us_only=usage.inference_geo == "us",
    )
