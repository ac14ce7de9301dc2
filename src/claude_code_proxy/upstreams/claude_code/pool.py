"""The conversations that have a process: looked up by digest, limited in number, and closed when idle.

One limit holds for all processes. When it is reached, the conversation that has been idle longest is closed; one that
is being answered never is.
"""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Callable

from claude_code_proxy.errors import Overloaded
from claude_code_proxy.upstreams.claude_code.conversation import SplitConversation
from claude_code_proxy.upstreams.claude_code.launch import Launch
from claude_code_proxy.upstreams.claude_code.session import EndReason, Session

_CLOSING_SOON: frozenset[EndReason] = frozenset({
    "room",
    "idle",
    "login",
    "died",
    "cut_short",
})  # at rest already, or dead


class SessionPool:
    """At most `most` processes.

    `idle_seconds` is how long a conversation may wait for its next turn, `queue_seconds` a request for a free place.
    """

    def __init__(self, most: int, *, idle_seconds: float, queue_seconds: float, now: Callable[[], float]) -> None:
        self._most = most
        self._idle_seconds = idle_seconds
        self._queue_seconds = queue_seconds
        self._now = now
        self._waiting: OrderedDict[Session, tuple[bytes, asyncio.TimerHandle]] = OrderedDict()  # longest first
        self._by_key: dict[bytes, list[Session]] = {}
        self._all: set[Session] = set()
        self._changed = asyncio.Event()
        self._queued = 0  # requests that wait for a place
        self.started = 0
        self.ended: Counter[str] = Counter()  # by what ended them

    def __len__(self) -> int:
        return len(self._all)

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def find(self, key: bytes, conversation: SplitConversation) -> Session | None:
        """Return the session of a conversation and take it out of the pool; None if none can take the next turn."""
        found = next((session for session in self._by_key.get(key, ()) if session.can_resume(conversation)), None)
        if found is not None:
            self._forget(found)
        return found

    async def new(self, launch: Launch) -> Session:
        """Return a session without a process yet. Raise `Overloaded` if no place becomes free in time."""
        try:
            async with asyncio.timeout(self._queue_seconds):
                await self._make_room()
        except TimeoutError:
            raise Overloaded(
                f"Claude Code is answering {self._most} conversations already; raise CLAUDE_CODE_PROCESSES for more.",
                retry_after=5.0,
            ) from None
        session = Session(launch, on_end=self._ended, now=self._now)
        self._all.add(session)
        self.started += 1
        return session

    async def _make_room(self) -> None:
        self._queued += 1
        try:
            while len(self._all) >= self._most:
                self._changed.clear()
                if self._waiting and self._closing_soon() < self._queued:
                    self._expire(next(iter(self._waiting)), "room")
                await self._changed.wait()
        finally:
            self._queued -= 1

    def _closing_soon(self) -> int:
        """Return how many places will soon be free without closing another conversation."""
        return sum(session.state == "gone" and session.ended_by in _CLOSING_SOON for session in self._all)

    def keep(self, session: Session, key: bytes) -> None:
        """Put a session whose turn has ended into the pool, under the digest of its conversation."""
        if session.state not in {"parked", "idle"}:
            return
        timer = asyncio.get_running_loop().call_later(self._idle_seconds, self._expire, session, "idle")
        self._waiting[session] = (key, timer)
        self._by_key.setdefault(key, []).append(session)
        self._changed.set()

    async def close(self) -> None:
        sessions = list(self._all)
        for session in sessions:
            self._forget(session)
            session.give_up("shutdown")
        await asyncio.gather(*(session.close() for session in sessions), return_exceptions=True)

    def _expire(self, session: Session, reason: EndReason) -> None:
        self._forget(session)
        session.give_up(reason)

    def _forget(self, session: Session) -> None:
        entry = self._waiting.pop(session, None)
        if entry is None:
            return
        key, timer = entry
        timer.cancel()
        self._by_key[key].remove(session)
        if not self._by_key[key]:
            del self._by_key[key]

    def _ended(self, session: Session) -> None:
        self._forget(session)
        self._all.discard(session)
        self.ended[session.ended_by] += 1
        self._changed.set()
