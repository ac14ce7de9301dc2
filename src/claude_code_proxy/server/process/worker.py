"""One worker process, seen from its parent: forked, read from, and waited for.

The channel between them is a pipe on which the worker reports again and again that it serves, or the error that
prevents it.
"""

import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from claude_code_proxy.errors import ProxyError
from claude_code_proxy.server.process import logs

SERVES = b"\x06"  # ASCII's acknowledgement: no message begins with it
_STATES = {"R": "it computes", "D": "it waits for a disk", "T": "it was stopped", "t": "it is traced"}
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD, signal.SIGHUP)


@dataclass(eq=False)
class Worker:
    """One worker. `exit_code` is None while it runs, and negative if a signal ended it.

    `answered` is when it last reported that it serves; `last_error` is the last error message it sent.
    """

    slot: int
    pid: int
    channel: int
    started: float = field(default_factory=time.monotonic)
    serves: bool = False
    answered: float = 0.0
    last_error: str = ""
    exit_code: int | None = None

    @property
    def lived(self) -> float:
        return time.monotonic() - self.started

    def read(self) -> None:
        """Read what the worker has written to the channel since the last call."""
        with suppress(BlockingIOError):
            while self.channel >= 0 and (data := os.read(self.channel, 4096)):
                if SERVES in data:
                    self.serves = True
                    self.answered = time.monotonic()
                self.last_error += data.replace(SERVES, b"").decode(errors="replace")
            self.close()

    def has_ended(self) -> bool:
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if not pid:
            return False
        self.read()
        self.close()
        self.exit_code = os.waitstatus_to_exitcode(status)
        return True

    def state(self) -> str:
        """Return what the system says that the process does, as far as it says that."""
        with suppress(OSError):
            stat = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii", errors="replace")
            return _STATES.get(stat.rpartition(")")[2].split()[0], "it waits")
        return "its state is not known"

    def signal(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def close(self) -> None:
        if self.channel >= 0:
            os.close(self.channel)
            self.channel = -1


def fork(slot: int, work: Callable[[Callable[[], None]], None], *, forget: Iterable[Callable[[], None]]) -> Worker:
    """Run `work` in a process of its own, which ends with it; `work` receives what to call once it serves.

    The child calls `forget` to release what only the parent needs. SIGINT is ignored there: a terminal sends it
    to all processes, and the parent passes it on.
    """
    reading, writing = os.pipe()
    sys.stdout.flush()
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)  # until the child has set its own handlers
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        _run_child(work, writing, forget=forget)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
    os.close(writing)
    os.set_blocking(reading, False)
    return Worker(slot, pid, reading)


def _run_child(
    work: Callable[[Callable[[], None]], None], channel: int, *, forget: Iterable[Callable[[], None]]
) -> NoReturn:
    code = 1
    try:
        for each in forget:
            each()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until the event loop takes it
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        work(lambda: report(channel, SERVES))
        code = 0
    except ProxyError as error:
        report(channel, error.message.encode())
    except OSError as error:
        report(channel, (error.strerror or str(error)).encode())
    except BaseException as error:  # noqa: BLE001 - whatever it was, the process ends here
        logs.report_unhandled(error)
    finally:
        logging.shutdown()
        sys.stdout.flush()
        os._exit(code)


def report(channel: int, message: bytes) -> None:
    with suppress(OSError):  # the parent has gone
        os.write(channel, message)
