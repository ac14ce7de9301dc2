"""Which failures are worth another attempt, and when."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_code_proxy.errors import (
    Diagnosis,
    DiagnosisKind,
    InvalidRequest,
    Misconfigured,
    Overloaded,
    ProxyError,
    RejectionHeaders,
    Unauthenticated,
    UpstreamBroke,
    UpstreamRejected,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from claude_code_proxy.http1.client import CannotConnect, ConnectTimeout
from claude_code_proxy.upstreams.retry import LONGEST_WAIT, ignore_failure, retry, wait_before_retry
from claude_code_proxy.upstreams.upstream import Call, CallStats


def said(status: int, *, should_retry: bool | None = None, retry_after: float | None = None) -> UpstreamRejected:
    headers = RejectionHeaders(should_retry=should_retry, retry_after=retry_after)
    return UpstreamRejected("w", status=status, kind="k", headers=headers)


def worth_it(error: ProxyError) -> bool:
    return wait_before_retry(error, 1, chance=0.5) is not None


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504, 520, 529])
def test_by_status(status: int) -> None:
    assert worth_it(said(status))


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 405, 413, 418, 422])
def test_not_by_status(status: int) -> None:
    assert not worth_it(said(status))


def test_the_services_own_word_comes_first() -> None:
    assert worth_it(said(400, should_retry=True))
    assert not worth_it(said(529, should_retry=False))


def test_what_waiting_cannot_mend_is_not_tried_again_whatever_the_service_says() -> None:
    headers = RejectionHeaders(should_retry=True)
    hopeless = Diagnosis(DiagnosisKind.OUT_OF_MONEY, may_retry=False)
    assert not worth_it(UpstreamRejected("w", status=429, kind="k", diagnosis=hopeless, headers=headers))
    assert worth_it(UpstreamRejected("w", status=429, kind="k", headers=headers))


@pytest.mark.parametrize("error", [UpstreamUnavailable("w"), UpstreamBroke("w"), CannotConnect("w")])
def test_a_network_that_failed(error: ProxyError) -> None:
    assert worth_it(error)


@pytest.mark.parametrize(
    "error",
    [
        UpstreamTimeout("w"),
        ConnectTimeout("w"),
        Overloaded("w", retry_after=1.0),
        Unauthenticated("w"),
        InvalidRequest("w"),
        Misconfigured("w"),
    ],
)
def test_what_another_attempt_would_not_mend(error: ProxyError) -> None:
    assert not worth_it(error)


def test_the_wait_that_is_asked_for() -> None:
    assert wait_before_retry(said(429, retry_after=0.0), 1, chance=1.0) == 0.0
    assert wait_before_retry(said(429, retry_after=LONGEST_WAIT), 3, chance=0.0) == LONGEST_WAIT
    assert wait_before_retry(said(429, retry_after=LONGEST_WAIT + 0.1), 1, chance=0.0) is None


@given(attempt=st.integers(1, 12), chance=st.floats(0, 1))
def test_else_twice_as_long_each_time_with_jitter(attempt: int, chance: float) -> None:
    wait = wait_before_retry(said(500), attempt, chance=chance)
    most = min(0.5 * 2 ** (attempt - 1), 8.0)
    assert wait is not None
    assert most * 0.75 <= wait <= most


async def tried(error: ProxyError, retries: int, *, begun: bool = False) -> tuple[ProxyError, list[float]]:
    """Return the error that is raised after all attempts failed this way, and the waits between them."""
    waits: list[float] = []

    async def attempt(stats: CallStats) -> None:
        stats.begun = begun
        raise error

    async def pause(seconds: float) -> None:
        waits.append(seconds)

    with pytest.raises(type(error)) as caught:
        await retry(Call(retries=retries), attempt, chance=lambda: 1.0, pause=pause, on_failure=ignore_failure)
    assert caught.value.__cause__ is error.__cause__
    return caught.value, waits


async def test_as_often_as_is_allowed() -> None:
    error, waits = await tried(said(529), 2)
    assert (error.attempts, error.should_retry, waits) == (3, False, [0.5, 1.0])
    error, waits = await tried(said(529), 0)
    assert (error.attempts, error.should_retry, waits) == (1, None, []), "the client has its own retries"


async def test_not_what_another_attempt_would_not_mend() -> None:
    error, waits = await tried(said(400), 2)
    assert (error.attempts, error.should_retry, waits) == (1, None, [])


async def test_not_what_has_begun() -> None:
    error, waits = await tried(said(529), 2, begun=True)
    assert (error.attempts, waits) == (1, [])
