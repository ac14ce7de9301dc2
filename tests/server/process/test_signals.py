"""Signals as something to wait for."""

import os
import signal
import time

from claude_code_proxy.server.process.signals import Signals


def test_signals_are_told_in_order_and_once() -> None:
    before = signal.getsignal(signal.SIGUSR1)
    signals = Signals(signal.SIGUSR1, signal.SIGUSR2)
    try:
        os.kill(os.getpid(), signal.SIGUSR1)
        os.kill(os.getpid(), signal.SIGUSR2)
        assert signals.wait([], 5) == [signal.SIGUSR1, signal.SIGUSR2]
        assert signals.wait([], 0) == []
    finally:
        signals.close()
    assert signal.getsignal(signal.SIGUSR1) == before
    assert signal.set_wakeup_fd(-1) == -1


def test_a_pipe_with_something_to_read_ends_the_wait() -> None:
    signals = Signals(signal.SIGUSR1)
    reading, writing = os.pipe()
    try:
        os.write(writing, b"x")
        begun = time.monotonic()
        assert signals.wait([reading], 60) == []
        assert time.monotonic() - begun < 5
    finally:
        signals.close()
        os.close(reading)
        os.close(writing)


def test_so_does_the_end_of_the_time() -> None:
    signals = Signals(signal.SIGUSR1)
    try:
        begun = time.monotonic()
        assert signals.wait([], 0.05) == []
        assert 0.04 < time.monotonic() - begun < 5
    finally:
        signals.close()
