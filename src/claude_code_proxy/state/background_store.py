"""The store of responses that are made in the background: who makes each one, and the events that it has so far.

A job is queued, then running, then ended; it may be ended before it runs. A worker that makes one says so again and
again (`beat`); one that has fallen silent has died, and what it was making has failed.
"""

from collections.abc import Sequence
from typing import Literal, Protocol, TypeAlias

from msgspec import Struct

JobState: TypeAlias = Literal["queued", "running", "ended"]
MOST_UNFINISHED = 1000  # jobs that are queued or run


class BackgroundJob(Struct, frozen=True):
    """`id` is the response's. `caller` is the name of the key, for the log; `created` and `until` are epoch seconds.

    `request` is what the worker needs to make the response.
    """

    id: str
    owner: str
    caller: str
    created: float
    until: float
    request: bytes


class JobProgress(Struct, frozen=True):
    """Events with their numbers, in order. Once a job has ended, there are no more."""

    state: JobState
    events: Sequence[tuple[int, bytes]] = ()


class BackgroundStore(Protocol):
    """Once a method has returned, every process that shares the store sees its effect. All raise `StoreFailed`."""

    async def add(self, job: BackgroundJob) -> bool:
        """Queue a job; return False if too many are unfinished. What is over goes."""

    async def take(self, worker: str, *, now: float) -> BackgroundJob | None:
        """Return the job that was queued first; it runs in `worker` from now on."""

    async def beat(self, worker: str, *, now: float) -> Sequence[str]:
        """Say that the worker lives; return those of its jobs that are to be cancelled."""

    async def abandoned(self, *, silent_since: float) -> Sequence[BackgroundJob]:
        """End the jobs whose worker has been silent since then, and return them."""

    async def cancel(self, id: str, *, owner: str) -> JobState | None:
        """End a queued job, or have a running one cancelled; return its state before, or None if there is no job."""

    async def append(self, id: str, events: Sequence[tuple[int, bytes]]) -> None:
        """Add events of a running job."""

    async def end(self, id: str) -> None:
        """Say that a job makes no more events."""

    async def progress(self, id: str, *, owner: str, after: int = -1) -> JobProgress | None:
        """Return the state of a job, and its events with greater numbers than `after`; None if there is no job."""
