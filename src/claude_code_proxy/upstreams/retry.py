"""When a failed attempt is made again, and after how long. The chance and the waiting are the caller's.

As Anthropic's own SDKs do it: what the service says comes first (`x-should-retry`, `retry-after`), then the status.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from claude_code_proxy.errors import ProxyError, UpstreamBroke, UpstreamRejected, UpstreamTimeout, UpstreamUnavailable
from claude_code_proxy.upstreams.upstream import Call, CallStats

LONGEST_WAIT = 10.0  # seconds; a longer `retry-after` is the caller's to wait for
_FIRST_WAIT = 0.5
_MOST_BACKOFF = 8.0
_RETRIED = frozenset({408, 409, 429})
_T = TypeVar("_T")


class OnFailure(Protocol):
    """Told of every attempt that fails, and whether another one follows."""

    def __call__(self, error: ProxyError, *, retried: bool) -> None: ...


def ignore_failure(error: ProxyError, *, retried: bool) -> None:
    """Do nothing: an `OnFailure` for callers without one."""


def _unchanged(error: UpstreamRejected) -> UpstreamRejected:
    return error


async def retry(
    call: Call,
    attempt: Callable[[CallStats], Awaitable[_T]],
    *,
    chance: Callable[[], float],
    pause: Callable[[float], Awaitable[None]],
    on_failure: OnFailure,
    explain: Callable[[UpstreamRejected], UpstreamRejected] = _unchanged,
) -> _T:
    """Try until it works, `call.retries` are used up, or the error says that trying is no use.

    `chance` (0 to 1) spreads the retries; `pause` waits that many seconds; `explain` adds what the caller should know
    to the last refusal.
    """
    stats = CallStats()
    while True:
        stats.attempts += 1
        stats.request_id, stats.begun = None, False
        try:
            return await attempt(stats)
        except ProxyError as error:
            wait = None if stats.begun else wait_before_retry(error, stats.attempts, chance=chance())
            is_spent = stats.attempts > call.retries or _is_over(call.deadline, wait or 0.0)
            on_failure(error, retried=wait is not None and not is_spent)
            if wait is None or is_spent:
                last = _last(error, stats, is_spent=is_spent and call.retries > 0)
                raise (explain(last) if isinstance(last, UpstreamRejected) else last) from error.__cause__
        await pause(wait)


def _last(error: ProxyError, stats: CallStats, *, is_spent: bool) -> ProxyError:
    """Return the error as it reaches the caller; where retries were spent on it, the client need make none."""
    return error.replace(
        request_id=error.request_id or stats.request_id,
        attempts=stats.attempts,
        should_retry=False if is_spent else error.should_retry,
    )


def _is_over(deadline: float | None, wait: float) -> bool:
    """Whether there is no time for another attempt after `wait` seconds."""
    return deadline is not None and asyncio.get_running_loop().time() + wait >= deadline


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
        if not error.diagnosis.may_retry:
            return False
        if error.should_retry is not None:
            return error.should_retry
        return error.status in _RETRIED or error.status >= 500
    if isinstance(error, UpstreamTimeout):
        return False  # it has had all the time there is
    return isinstance(error, UpstreamUnavailable | UpstreamBroke)
