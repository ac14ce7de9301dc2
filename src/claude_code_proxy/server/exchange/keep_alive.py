"""Keeps silent streams alive: one timer for all of them, nothing to do for those that flow.

A stream that has written nothing for `seconds` is called back, and again after as long; it then writes an SSE
comment, which clients skip.
"""

import asyncio
from collections.abc import Callable

_BEATS = 4  # per `seconds`: after activity, silence may be reported up to one beat early


class Beat:
    """One stream. `flowing` is set with every write, a busy stream's only cost; `due` is loop time."""

    __slots__ = ("due", "flowing", "on_silence")

    def __init__(self, on_silence: Callable[[], None], due: float) -> None:
        self.on_silence = on_silence
        self.flowing = False
        self.due = due


class Pulse:
    """`seconds` 0 means never. Silence is never reported late, and exactly on time before the first write."""

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        self._loop = loop
        self._seconds = seconds
        self._interval = seconds / _BEATS
        self._beats: set[Beat] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._last_tick = 0.0

    def join(self, on_silence: Callable[[], None]) -> Beat:
        now = self._loop.time()
        beat = Beat(on_silence, now + self._seconds)
        self._beats.add(beat)
        if self._timer is None and self._interval > 0:
            self._last_tick = now
            self._timer = self._loop.call_later(self._interval, self._tick)
        return beat

    def leave(self, beat: Beat) -> None:
        self._beats.discard(beat)

    @property
    def streams(self) -> int:
        return len(self._beats)

    def _tick(self) -> None:
        now = self._loop.time()
        next_tick = now + self._interval
        for beat in self._beats:
            if beat.flowing:  # it wrote since the last tick, perhaps only just after that
                beat.flowing = False
                beat.due = self._last_tick + self._seconds
            if beat.due < next_tick:
                self._loop.call_at(beat.due, self._tell, beat)
        self._last_tick = now
        self._timer = self._loop.call_at(next_tick, self._tick) if self._beats else None

    def _tell(self, beat: Beat) -> None:
        """Unless it has left, or has written after all."""
        if beat in self._beats and not beat.flowing:
            beat.due += self._seconds
            beat.on_silence()
