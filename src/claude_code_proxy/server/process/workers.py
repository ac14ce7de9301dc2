"""Supervises several processes that serve one port: starts them, replaces those that die, and ends after the last one.

This process itself serves nothing. It keeps the address bound without listening, and the kernel spreads connections
over the workers' sockets. Workers are forked, so that they share the memory of what was imported before.
"""

import gc
import logging
import os
import signal
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from claude_code_proxy.errors import Misconfigured
from claude_code_proxy.http1.server.listeners import bind
from claude_code_proxy.server.assembly import Place, credential_source, upstream_name
from claude_code_proxy.server.process import logs
from claude_code_proxy.server.process.reload import reload
from claude_code_proxy.server.process.serve import Listening, listening
from claude_code_proxy.server.process.shared_directory import shared_directory
from claude_code_proxy.server.process.signals import Signals, ignore_others, terminals
from claude_code_proxy.server.process.worker import Worker, fork
from claude_code_proxy.settings import Settings

_log = logging.getLogger(__name__)
_LONG_LIFE = 10.0  # seconds; a worker that dies later is replaced at once
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 30.0
_LONGEST_SILENCE = 10.0  # seconds without a report of a worker, which reports every second
_CHECK_SECONDS = 1.0
_GRACE = 10.0  # seconds after the time to drain, before a worker that does not end is killed


class Work(Protocol):
    """The work of one worker process, until a signal stops it. It calls `ready` once it serves."""

    def __call__(self, settings: Settings, place: Place, *, ready: Callable[[Listening], None]) -> None: ...


def supervise(settings: Settings, work: Work, *, ready: Callable[[Listening], None]) -> int:
    """Run all workers; return the exit code when every one has ended. `ready` is called when all of them serve.

    Raise `OSError` if the address cannot be used, and `Misconfigured` if no worker can serve.
    """
    logs.set_up(settings.log_level, settings.log_format)
    with ExitStack() as stack:
        held = _reserve(settings.host, settings.port)
        for each in held:
            stack.callback(each.close)
        settings = replace(settings, port=held[0].getsockname()[1])
        directory = stack.enter_context(shared_directory())
        ignore_others()
        signals = Signals(signal.SIGTERM, signal.SIGINT, signal.SIGCHLD, signal.SIGHUP)
        stack.callback(signals.close)
        gc.freeze()  # the memory of these objects stays shared as long as nothing writes to it
        workers = _Workers(settings, work, directory=directory, signals=signals, sockets=held)
        stack.callback(workers.close)
        return workers.run(ready)


def _reserve(host: str, port: int) -> list[socket.socket]:
    """Bind the port for sharing. An exclusive bind comes first, as a shared one succeeds beside another program."""
    for listener in bind(host, port):
        listener.close()
    return bind(host, port, reuse_port=True)


class _Workers:
    """The running workers. `run` returns after a signal, when every worker has ended."""

    def __init__(
        self, settings: Settings, work: Work, *, directory: Path, signals: Signals, sockets: Sequence[socket.socket]
    ) -> None:
        self._settings = settings
        self._work = work
        self._directory = directory
        self._signals = signals
        self._sockets = sockets
        self._terminals = terminals()
        self._life = os.pipe()  # closed by the end of this process, which the workers notice
        self._alive: dict[int, Worker] = {}  # by slot
        self._due: dict[int, float] = {}  # when a slot gets its next worker
        self._pauses: dict[int, float] = {}  # the pause before the last start in a slot
        self._kill_at: float | None = None  # set once a signal asked this process to stop
        self._failure: Misconfigured | None = None
        self._checked = time.monotonic()  # when the workers were last checked
        self._code = 0

    def run(self, ready: Callable[[Listening], None]) -> int:
        listening = False
        for slot in range(self._settings.workers):
            self._start(slot)
        while self._alive or self._due:
            channels = [worker.channel for worker in self._alive.values() if worker.channel >= 0]
            for number in self._signals.wait(channels, self._seconds_left()):
                self._handle(number)
            self._reap(listening=listening)
            if not listening and self._kill_at is None and all(worker.serves for worker in self._alive.values()):
                listening = True
                ready(self._listening())
            self._kill_silent()
            self._act()
        if self._failure is not None:
            raise self._failure
        return self._code

    def _handle(self, number: signal.Signals) -> None:
        if number == signal.SIGHUP and self._terminals == terminals():
            self._reload()
        elif number in {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}:
            self._stop()

    def _reload(self) -> None:
        """Read the settings again for workers that are still to come, and have those that run do the same."""
        before, self._settings = self._settings, reload(self._settings)
        if self._settings is not before:
            for worker in self._alive.values():
                worker.signal(signal.SIGHUP)

    def close(self) -> None:
        for descriptor in self._life:
            os.close(descriptor)

    def _start(self, slot: int) -> None:
        def work(serves: Callable[[], None]) -> None:
            place = Place(slot, self._directory, parent=self._life[0], report=serves)
            self._work(self._settings, place, ready=lambda _: serves())

        siblings = [worker.close for worker in self._alive.values()]
        self._alive[slot] = fork(slot, work, forget=[self._signals.close, lambda: os.close(self._life[1]), *siblings])

    def _reap(self, *, listening: bool) -> None:
        for worker in tuple(self._alive.values()):
            worker.read()
            if worker.has_ended():
                del self._alive[worker.slot]
                self._ended(worker, worker.exit_code or 0, listening=listening)

    def _kill_silent(self) -> None:
        """Kill workers that have not reported for long, unless this process itself was paused as well."""
        now = time.monotonic()
        paused, self._checked = now - self._checked > _CHECK_SECONDS * 4, now
        for worker in self._alive.values():
            silence = now - worker.answered
            if self._kill_at is None and worker.serves and silence > _LONGEST_SILENCE and not paused:
                problem = "worker %d has not answered for %.0f s (%s) and is killed"
                _log.error(problem, worker.slot + 1, silence, worker.state())
                worker.signal(signal.SIGKILL)
            if paused or silence > _LONGEST_SILENCE:
                worker.answered = now

    def _ended(self, worker: Worker, code: int, *, listening: bool) -> None:
        if self._kill_at is not None:
            self._code |= code not in {0, -signal.SIGTERM}
            return
        how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with {code}"
        how += f": {worker.last_error}" if worker.last_error else ""
        if not listening:
            self._failure = Misconfigured(worker.last_error or f"worker {worker.slot + 1} {how} before it served")
            self._stop()
            return
        longer = max(self._pauses.get(worker.slot, 0.0) * 2, _FIRST_PAUSE)
        pause = 0.0 if worker.lived > _LONG_LIFE else min(longer, _LONGEST_PAUSE)
        self._pauses[worker.slot] = pause
        self._due[worker.slot] = time.monotonic() + pause
        _log.error("worker %d %s; it is replaced in %.1f s", worker.slot + 1, how, pause)

    def _stop(self) -> None:
        """Let workers finish; stop them at once on the second call."""
        self._kill_at = time.monotonic() + self._settings.drain_seconds + _GRACE
        self._due.clear()
        for worker in self._alive.values():
            worker.signal(signal.SIGTERM)

    def _seconds_left(self) -> float:
        """Return the seconds until the next timed action."""
        now = time.monotonic()
        moments = [now + _CHECK_SECONDS, *self._due.values(), *([] if self._kill_at is None else [self._kill_at])]
        return max(min(moments) - now, 0.0)

    def _act(self) -> None:
        """Start workers that are due, or kill those that do not end."""
        now = time.monotonic()
        for slot in [slot for slot, due in self._due.items() if due <= now]:
            del self._due[slot]
            self._start(slot)
        if self._kill_at is not None and self._kill_at <= now:
            self._kill_at = now + _GRACE
            for worker in self._alive.values():
                worker.signal(signal.SIGKILL)

    def _listening(self) -> Listening:
        source = credential_source(self._settings)
        upstream = upstream_name(self._settings, source)
        return listening(self._settings.host, self._sockets, upstream=upstream, credential=source.readiness())
