"""Signals for a process without an event loop: caught, and waited for together with pipes."""

import os
import select
import signal
from collections.abc import Sequence
from contextlib import suppress
from types import FrameType


class Signals:
    """Catches `numbers` until it is closed."""

    def __init__(self, *numbers: signal.Signals) -> None:
        self._reading, self._writing = os.pipe()
        os.set_blocking(self._reading, False)
        os.set_blocking(self._writing, False)
        self._previous_descriptor = signal.set_wakeup_fd(self._writing, warn_on_full_buffer=False)
        self._previous = {number: signal.signal(number, _wake) for number in numbers}

    def wait(self, descriptors: Sequence[int], seconds: float | None) -> list[signal.Signals]:
        """Those that came; none when a pipe has something to read, or the time is over."""
        select.select([self._reading, *descriptors], [], [], seconds)
        with suppress(BlockingIOError):
            return [signal.Signals(number) for number in os.read(self._reading, 4096)]
        return []

    def close(self) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._previous_descriptor)
        os.close(self._reading)
        os.close(self._writing)


def _wake(number: int, frame: FrameType | None) -> None:
    """The number is written to the pipe; there is nothing else to do."""
