"""Keeps silent streams alive: one timer for all of them, nothing to do for those that flow.

A stream that has written nothing for `seconds` is called back, and again after as long; it then writes an SSE
comment, which clients skip.
"""

import asyncio
from collections.abc import Callable

_TICKS = 4  # per `seconds`: after activity, silence may be reported up to one beat early


class SilentStream:
    """One stream. `flowing` is set with every write, a busy stream's only cost; `due` is loop time."""

    __slots__ = ("due", "flowing", "on_silence")

    def __init__(self, on_silence: Callable[[], None], due: float) -> None:
        self.on_silence = on_silence
        self.flowing = False
        self.due = due


class KeepAliveTimer:
    """`seconds` 0 means never. Silence is never reported late, and exactly on time before the first write."""

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        self._loop = loop
        self._seconds = seconds
        self._interval = seconds / _TICKS
        self._streams: set[SilentStream] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._last_tick = 0.0

    def join(self, on_silence: Callable[[], None]) -> SilentStream:
        now = self._loop.time()
        silent_stream = SilentStream(on_silence, now + self._seconds)
        self._streams.add(silent_stream)
        if self._timer is None and self._interval > 0:
            self._last_tick = now
            self._timer = self._loop.call_later(self._interval, self._tick)
        return silent_stream

    def leave(self, silent_stream: SilentStream) -> None:
        self._streams.discard(silent_stream)

    @property
    def streams(self) -> int:
        return len(self._streams)

    def _tick(self) -> None:
        now = self._loop.time()
        next_tick = now + self._interval
        for silent_stream in self._streams:
            if silent_stream.flowing:  # it wrote since the last tick, perhaps only just after that
                silent_stream.flowing = False
                silent_stream.due = self._last_tick + self._seconds
            if silent_stream.due < next_tick:
                self._loop.call_at(silent_stream.due, self._call_back, silent_stream)
        self._last_tick = now
        self._timer = self._loop.call_at(next_tick, self._tick) if self._streams else None

    def _call_back(self, silent_stream: SilentStream) -> None:
        """Call a stream back, unless it has left or has written since."""
        if silent_stream in self._streams and not silent_stream.flowing:
            silent_stream.due += self._seconds
            silent_stream.on_silence()
