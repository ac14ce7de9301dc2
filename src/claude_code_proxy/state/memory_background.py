"""Background jobs in the memory of one process: gone with it."""

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from claude_code_proxy.state.background_store import MOST_UNFINISHED, BackgroundJob, JobProgress, JobState

_MOST_BYTES = 64 * 1024 * 1024  # of events and requests; the oldest ended job goes first


class _KeptJob(Struct):
    job: BackgroundJob
    state: JobState = "queued"
    worker: str = ""
    beat: float = 0.0
    cancelled: bool = False
    events: list[tuple[int, bytes]] = []

    @property
    def cost(self) -> int:
        return len(self.job.request) + sum(len(event) for _, event in self.events)


class MemoryBackgroundStore:
    """A `BackgroundStore` that bounds what ended jobs leave."""

    def __init__(self, most_bytes: int = _MOST_BYTES) -> None:
        self._jobs: dict[str, _KeptJob] = {}  # in the order in which they were queued
        self._most_bytes = most_bytes

    async def add(self, job: BackgroundJob) -> bool:
        self._sweep(job.created)
        if sum(kept.state != "ended" for kept in self._jobs.values()) >= MOST_UNFINISHED:
            return False
        self._jobs[job.id] = _KeptJob(job)
        return True

    async def take(self, worker: str, *, now: float) -> BackgroundJob | None:
        for kept in self._jobs.values():
            if kept.state == "queued":
                kept.state, kept.worker, kept.beat = "running", worker, now
                return kept.job
        return None

    async def beat(self, worker: str, *, now: float) -> Sequence[str]:
        own = [kept for kept in self._jobs.values() if kept.state == "running" and kept.worker == worker]
        for kept in own:
            kept.beat = now
        return [kept.job.id for kept in own if kept.cancelled]

    async def abandoned(self, *, silent_since: float) -> Sequence[BackgroundJob]:
        silent = [kept for kept in self._jobs.values() if kept.state == "running" and kept.beat < silent_since]
        for kept in silent:
            kept.state = "ended"
        return [kept.job for kept in silent]

    async def cancel(self, id: str, *, owner: str) -> JobState | None:
        kept = self._find(id, owner)
        if kept is None:
            return None
        before, kept.cancelled = kept.state, True
        if before == "queued":
            await self.end(id)
        return before

    async def append(self, id: str, events: Sequence[tuple[int, bytes]]) -> None:
        kept = self._jobs.get(id)
        if kept is not None:
            kept.events += events

    async def end(self, id: str) -> None:
        kept = self._jobs.get(id)
        if kept is not None:
            kept.state, kept.job = "ended", replace(kept.job, request=b"")

    async def progress(self, id: str, *, owner: str, after: int = -1) -> JobProgress | None:
        kept = self._find(id, owner)
        if kept is None:
            return None
        return JobProgress(kept.state, [(number, event) for number, event in kept.events if number > after])

    def _find(self, id: str, owner: str) -> _KeptJob | None:
        kept = self._jobs.get(id)
        return kept if kept is not None and kept.job.owner == owner else None

    def _sweep(self, now: float) -> None:
        ended = [id for id, kept in self._jobs.items() if kept.state == "ended"]
        size = sum(kept.cost for kept in self._jobs.values())
        for id in ended:
            kept = self._jobs[id]
            if kept.job.until <= now or size > self._most_bytes:
                size -= kept.cost
                del self._jobs[id]
