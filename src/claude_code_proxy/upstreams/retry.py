"""When a failed attempt is made again, and after how long. Pure: the chance and the clock are the caller's.

As Anthropic's own SDKs do it: what the service says comes first (`x-should-retry`, `retry-after`), then the status.
"""

from claude_code_proxy.errors import ProxyError, UpstreamBroke, UpstreamRejected, UpstreamTimeout, UpstreamUnavailable

LONGEST_WAIT = 10.0  # seconds; a longer `retry-after` is the caller's to wait for
_FIRST_WAIT = 0.5
_MOST_BACKOFF = 8.0
_RETRIED = frozenset({408, 409, 429})
_SPENT = frozenset({"contract_spend_limit_reached", "enforced_spend_limit_reached"})


def wait_before_retry(error: ProxyError, attempt: int, *, chance: float) -> float | None:
    """Seconds to wait before the attempt after `attempt` (from 1); None: not worth another. `chance` is 0 to 1."""
    if not _worth_another(error):
        return None
    if error.retry_after is not None:
        return error.retry_after if error.retry_after <= LONGEST_WAIT else None
    backoff: float = min(_FIRST_WAIT * 2.0 ** (attempt - 1), _MOST_BACKOFF)
    return backoff * (0.75 + 0.25 * chance)


def _worth_another(error: ProxyError) -> bool:
    if isinstance(error, UpstreamRejected):
        if error.error_code in _SPENT:
            return False
        if error.should_retry is not None:
            return error.should_retry
        return error.status in _RETRIED or error.status >= 500
    if isinstance(error, UpstreamTimeout):
        return False  # it has had all the time there is
    return isinstance(error, UpstreamUnavailable | UpstreamBroke)
