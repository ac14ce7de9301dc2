"""Every engine keeps background jobs by the same contract: this suite is run against each."""

import pytest
from msgspec.structs import replace

from claude_code_proxy.state.background_store import MOST_UNFINISHED, BackgroundJob, BackgroundStore, JobProgress
from claude_code_proxy.state.stores import Stores
from tests.state.engines import stores

__all__ = ["stores"]
JOB = BackgroundJob("resp_1", "ada", "ada's key", 100, 1000, b'{"input":"Hi."}')
EVENTS = [(0, b"event: a\n\n"), (1, b"event: b\n\n"), (2, b"event: c\n\n")]


@pytest.fixture
def store(stores: Stores) -> BackgroundStore:
    return stores.background


async def test_jobs_are_taken_once_in_their_order(store: BackgroundStore) -> None:
    second = replace(JOB, id="resp_0", created=101)
    assert await store.add(JOB)
    assert await store.add(second)
    assert await store.progress("resp_1", owner="ada") == JobProgress("queued", [])
    assert await store.take("one", now=110) == JOB
    assert await store.take("two", now=110) == second
    assert await store.take("one", now=110) is None
    assert await store.progress("resp_1", owner="ada") == JobProgress("running", [])


async def test_events_are_read_from_any_number_on(store: BackgroundStore) -> None:
    await store.add(JOB)
    await store.take("one", now=110)
    await store.append("resp_1", EVENTS[:2])
    await store.append("resp_1", EVENTS[2:])
    assert await store.progress("resp_1", owner="ada") == JobProgress("running", EVENTS)
    await store.end("resp_1")
    assert await store.progress("resp_1", owner="ada", after=1) == JobProgress("ended", EVENTS[2:])


async def test_nobody_else_sees_or_cancels_a_job(store: BackgroundStore) -> None:
    await store.add(JOB)
    assert await store.progress("resp_1", owner="bob") is None
    assert await store.cancel("resp_1", owner="bob") is None
    assert await store.take("one", now=110) == JOB


async def test_a_queued_job_that_is_cancelled_never_runs(store: BackgroundStore) -> None:
    await store.add(JOB)
    assert await store.cancel("resp_1", owner="ada") == "queued"
    assert await store.cancel("resp_1", owner="ada") == "ended"
    assert await store.take("one", now=110) is None


async def test_a_worker_learns_which_of_its_jobs_are_cancelled(store: BackgroundStore) -> None:
    await store.add(JOB)
    await store.add(replace(JOB, id="resp_2"))
    await store.take("one", now=110)
    await store.take("two", now=110)
    assert await store.cancel("resp_2", owner="ada") == "running"
    assert list(await store.beat("one", now=111)) == []
    assert list(await store.beat("two", now=111)) == ["resp_2"]


async def test_the_jobs_of_a_silent_worker_are_ended_once(store: BackgroundStore) -> None:
    await store.add(JOB)
    await store.add(replace(JOB, id="resp_2", created=101))
    await store.add(replace(JOB, id="resp_3", created=102))
    await store.take("one", now=110)
    await store.take("two", now=110)
    await store.beat("two", now=120)
    assert [job.id for job in await store.abandoned(silent_since=115)] == ["resp_1"]
    assert list(await store.abandoned(silent_since=115)) == []
    states = [await store.progress(f"resp_{number}", owner="ada") for number in (1, 2, 3)]
    assert [progress.state for progress in states if progress] == ["ended", "running", "queued"]


async def test_what_has_ended_goes_when_its_time_is_over(store: BackgroundStore) -> None:
    await store.add(JOB)
    await store.take("one", now=110)
    await store.append("resp_1", EVENTS)
    await store.end("resp_1")
    await store.add(replace(JOB, id="resp_2", created=999))
    assert await store.progress("resp_1", owner="ada") is not None
    await store.add(replace(JOB, id="resp_3", created=1000))
    assert await store.progress("resp_1", owner="ada") is None
    assert await store.progress("resp_2", owner="ada") == JobProgress("queued", [])


async def test_not_too_many_are_unfinished(store: BackgroundStore) -> None:
    added = [await store.add(replace(JOB, id=f"resp_{number}")) for number in range(MOST_UNFINISHED + 1)]
    assert added == [True] * MOST_UNFINISHED + [False]
    await store.end("resp_0")
    assert await store.add(JOB)
