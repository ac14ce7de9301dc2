"""Keeps silent streams alive: one timer for all of them, nothing to do for those that flow.

A stream that has written nothing for `seconds` is told so, again and again; it writes a comment, which is no byte of
the answer.
"""

import asyncio
from collections.abc import Callable

_BEATS = 4  # per `seconds`: a stream is told at most a quarter late, and never early


class Beat:
    """One stream. `flowing` is set with every write, which is all that a busy stream pays."""

    __slots__ = ("flowing", "on_silence", "silent")

    def __init__(self, on_silence: Callable[[], None]) -> None:
        self.on_silence = on_silence
        self.flowing = True
        self.silent = 0


class Pulse:
    """`seconds` 0 means never."""

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        self._loop = loop
        self._interval = seconds / _BEATS
        self._beats: set[Beat] = set()
        self._timer: asyncio.TimerHandle | None = None

    def join(self, on_silence: Callable[[], None]) -> Beat:
        beat = Beat(on_silence)
        self._beats.add(beat)
        if self._timer is None and self._interval > 0:
            self._timer = self._loop.call_later(self._interval, self._tick)
        return beat

    def leave(self, beat: Beat) -> None:
        self._beats.discard(beat)

    @property
    def streams(self) -> int:
        return len(self._beats)

    def _tick(self) -> None:
        self._timer = self._loop.call_later(self._interval, self._tick) if self._beats else None
        for beat in tuple(self._beats):
            if beat.flowing:  # it wrote since the last beat, perhaps only just now
                beat.flowing = False
                beat.silent = 0
                continue
            beat.silent += 1
            if beat.silent == _BEATS:
                beat.silent = 0
                beat.on_silence()
