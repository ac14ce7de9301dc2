"""Waiting for signals: together with pipes in a process without an event loop, or on an event loop."""

import asyncio
import os
import select
import signal
from collections.abc import Callable, Sequence
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
        """Return the signals that arrived; an empty list if a descriptor became readable or the time is over."""
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


def ignore_others() -> None:
    """Have the signals that mean nothing here end no process. Unlike SIG_IGN, a child process does not inherit this."""
    for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM):
        signal.signal(number, _wake)


def terminals() -> tuple[int, ...]:
    """Return those of the standard streams that are a terminal."""
    return tuple(number for number in (0, 1, 2) if os.isatty(number))


def _wake(number: int, frame: FrameType | None) -> None:
    """Do nothing: Python has written the number to the pipe."""


class ShutdownSignals:
    """Waits for SIGTERM and SIGINT on an event loop, again after each.

    SIGHUP calls `on_hangup`, unless it came because the terminal was closed: that is one to stop, too.
    A worker, which has a pipe from its `parent`, leaves SIGINT to it and takes the end of the parent for a signal.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, parent: int | None, *, on_hangup: Callable[[], None] | None = None
    ) -> None:
        self._loop = loop
        self._parent = parent
        self._on_hangup = on_hangup
        self._terminals = terminals()
        self._event = asyncio.Event()
        self._numbers: tuple[signal.Signals, ...] = (signal.SIGTERM,)
        if parent is None:
            self._numbers += (signal.SIGINT,)
        for number in self._numbers:
            loop.add_signal_handler(number, self._event.set)
        if on_hangup is not None:
            self._numbers += (signal.SIGHUP,)
            loop.add_signal_handler(signal.SIGHUP, self._hang_up)
        if parent is not None:
            loop.add_reader(parent, self._on_orphaned)

    async def wait(self) -> None:
        await self._event.wait()
        self._event.clear()

    def close(self) -> None:
        self._stop_watching_parent()
        for number in self._numbers:
            self._loop.remove_signal_handler(number)

    def _hang_up(self) -> None:
        if self._parent is None and self._terminals != terminals():
            self._event.set()
        elif self._on_hangup is not None:
            self._on_hangup()

    def _on_orphaned(self) -> None:
        self._stop_watching_parent()
        self._event.set()

    def _stop_watching_parent(self) -> None:
        if self._parent is not None:
            self._loop.remove_reader(self._parent)
