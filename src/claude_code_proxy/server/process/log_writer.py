"""Writes log lines to a descriptor in a thread of its own, so that a slow reader never blocks the server.

The queue is bounded in bytes. Lines beyond that, and lines whose reader has gone, are dropped and counted; the number
is logged once somebody reads again.
"""

import logging
import os
import select
from collections.abc import Sequence
from queue import SimpleQueue
from threading import Thread

_log = logging.getLogger(__name__)
STANDARD_OUTPUT, STANDARD_ERROR = 1, 2
_NAMES = {STANDARD_OUTPUT: "standard output", STANDARD_ERROR: "standard error"}
_MOST_HELD = 1024 * 1024  # bytes in the queue; more are dropped
_CLOSE_SECONDS = 2.0  # for the queued lines, at the end


class LogWriter:
    """One descriptor and its thread, which starts with the first lines. Only one thread changes each counter."""

    def __init__(self, descriptor: int = STANDARD_OUTPUT) -> None:
        self._descriptor = descriptor
        self._waiting: SimpleQueue[bytes | None] = SimpleQueue()
        self._thread: Thread | None = None
        self._queued = 0  # bytes that were ever queued
        self._done = 0  # bytes of these that were written or lost
        self._dropped = 0  # lines that found the queue full
        self._unread = 0  # lines whose reader had gone

    @property
    def held(self) -> int:
        """Return the bytes that wait to be written."""
        return self._queued - self._done

    @property
    def lost(self) -> int:
        """Return the number of lines that were lost so far."""
        return self._dropped + self._unread

    def write(self, lines: Sequence[bytes]) -> None:
        """Queue lines and return at once. Each line ends with a newline, and has no other."""
        data = b"".join(lines)
        if self.held + len(data) > _MOST_HELD:
            self._dropped += len(lines)
            return
        self._queued += len(data)
        self._waiting.put(data)
        if self._thread is None:
            self._thread = Thread(target=self._run, name="log-writer", daemon=True)
            self._thread.start()

    def close(self, seconds: float = _CLOSE_SECONDS) -> None:
        """Wait that long for queued lines to be written. No line may be written afterwards."""
        if self._thread is not None:
            self._waiting.put(None)
            self._thread.join(seconds)

    def _run(self) -> None:
        reported = 0
        while (data := self._waiting.get()) is not None:
            if not self._has_written(data):
                self._unread += data.count(b"\n")
            elif self.lost > reported:
                lost, reported = self.lost - reported, self.lost
                name = _NAMES.get(self._descriptor, "their file")
                _log.warning("%d lines were lost, because nobody read %s in time", lost, name)
            self._done += len(data)

    def _has_written(self, data: bytes) -> bool:
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[os.write(self._descriptor, rest) :]
            except BlockingIOError:  # another process that shares the descriptor made it non-blocking
                self._wait_for_room()
            except OSError:
                return False
        return True

    def _wait_for_room(self) -> None:
        poll = select.poll()
        poll.register(self._descriptor, select.POLLOUT)
        poll.poll()
