"""Writes lines to a descriptor in a thread of its own, so that a reader who takes nothing never stops the server.

What waits is bounded in bytes. Lines beyond that, and those whose reader has gone, are dropped and counted; the number
is logged as soon as somebody reads again.
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
_MOST_HELD = 1024 * 1024  # bytes that wait for a reader who is not keeping up; more are lost
_CLOSE_SECONDS = 2.0  # at the end, for what is left


class LogWriter:
    """The thread begins with the first lines. Each counter is changed by one of the two sides alone."""

    def __init__(self, descriptor: int = STANDARD_OUTPUT) -> None:
        self._descriptor = descriptor
        self._waiting: SimpleQueue[bytes | None] = SimpleQueue()
        self._thread: Thread | None = None
        self._taken = 0  # bytes
        self._done = 0  # bytes of them, written or lost
        self._dropped = 0  # lines for which there was no room
        self._unread = 0  # lines whose reader had gone

    @property
    def held(self) -> int:
        """Bytes that wait to be written."""
        return self._taken - self._done

    @property
    def lost(self) -> int:
        """Lines so far."""
        return self._dropped + self._unread

    def write(self, lines: Sequence[bytes]) -> None:
        """Queue lines and return at once. Each line ends with a newline, and has no other."""
        data = b"".join(lines)
        if self.held + len(data) > _MOST_HELD:
            self._dropped += len(lines)
            return
        self._taken += len(data)
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
            except BlockingIOError:  # somebody made it so who shares it with us
                self._wait_for_room()
            except OSError:
                return False
        return True

    def _wait_for_room(self) -> None:
        poll = select.poll()
        poll.register(self._descriptor, select.POLLOUT)
        poll.poll()
