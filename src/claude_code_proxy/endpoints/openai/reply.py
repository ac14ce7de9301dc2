"""What the replies of OpenAI-shaped endpoints share: why a turn ended, what was refused, what was used.

https://platform.openai.com/docs/api-reference/chat/object
"""

from collections.abc import Sequence

from msgspec import UNSET, Struct, UnsetType

from claude_code_proxy import messages
from claude_code_proxy.endpoints.endpoint import ReplyContext
from claude_code_proxy.models.pricing import total_usd

FINISH_REASONS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "pause_turn": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}
REFUSED = "Claude declined to answer this request."
_SERVICE_TIERS = {"standard": "default", "priority": "priority", "batch": "flex"}


class _PromptDetails(Struct, frozen=True):
    cached_tokens: int
    cache_write_tokens: int
    audio_tokens: int = 0


class _CompletionDetails(Struct, frozen=True):
    reasoning_tokens: int
    audio_tokens: int = 0
    accepted_prediction_tokens: int = 0
    rejected_prediction_tokens: int = 0


class CompletionUsage(Struct, frozen=True):
    """`prompt_tokens` counts cached and uncached alike; the last three are extras that clients look for."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: _PromptDetails
    completion_tokens_details: _CompletionDetails
    cache_read_input_tokens: int
    cache_creation_input_tokens: int
    cost: float | UnsetType = UNSET


def to_usage(usages: Sequence[messages.Usage], context: ReplyContext) -> CompletionUsage:
    """Add up the usage of all choices of one reply. `cost` is there when the price of each is known."""
    read = written = prompt = completion = thinking = 0
    for usage in usages:
        read += usage.cache_read_input_tokens or 0
        written += usage.cache_creation_input_tokens or 0
        prompt += usage.input_tokens or 0
        completion += usage.output_tokens or 0
        if usage.output_tokens_details is not None:
            thinking += usage.output_tokens_details.thinking_tokens or 0
    prompt += read + written
    cost = total_usd([context.cost(usage) for usage in usages])
    return CompletionUsage(
        prompt,
        completion,
        prompt + completion,
        _PromptDetails(read, written),
        _CompletionDetails(thinking),
        read,
        written,
        UNSET if cost is None else round(cost, 8),
    )


def service_tier(usage: messages.Usage) -> str:
    """Return the tier that was used. Fast mode is a tier of its own to OpenAI's clients."""
    return "fast" if usage.speed == "fast" else _SERVICE_TIERS.get(usage.service_tier or "", "default")


def finish_reason(stop_reason: str | None, *, called_tools: bool) -> str:
    """Return OpenAI's reason. Clients run calls only if it is `tool_calls`, so any call in a whole turn sets it."""
    reason = FINISH_REASONS.get(stop_reason or "", "stop")
    if reason in {"stop", "tool_calls"}:
        return "tool_calls" if called_tools else "stop"
    return reason


def refusal_text(stop_reason: str | None, details: messages.StopDetails | None) -> str | None:
    if stop_reason != "refusal":
        return None
    return (details.explanation if details else None) or REFUSED
