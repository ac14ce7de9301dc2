"""Lines and their reader: one who keeps up, one who is slow, one who takes nothing, one who has gone."""

import logging
import os
import re
import threading
import time
from collections.abc import Callable

import pytest

from claude_code_proxy.server.process.log_writer import LogWriter
from tests.server.doubles import Pipe

LINE = b"x" * 99 + b"\n"
LOT = [LINE] * 256


def wait_until(condition: Callable[[], bool]) -> None:
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < 20, "it never came to that"
        time.sleep(0.002)


def test_what_is_written_is_there_at_the_end() -> None:
    with Pipe() as pipe:
        writer = LogWriter(pipe.writing)
        writer.write([b"one\n", b"two\n"])
        writer.write([b"three\n"])
        writer.close()
        assert pipe.taken() == b"one\ntwo\nthree\n"
    assert (writer.held, writer.lost) == (0, 0)


def test_without_lines_there_is_no_thread() -> None:
    before = threading.active_count()
    LogWriter().close()
    assert threading.active_count() == before


def test_a_pipe_that_nobody_reads_stops_neither_the_caller_nor_the_end() -> None:
    """A pipe as a process is given it: writing to it blocks once it is full."""
    done = threading.Event()
    with Pipe() as pipe:
        assert os.get_blocking(pipe.writing)
        writer = LogWriter(pipe.writing)

        def use() -> None:
            for _ in range(200):
                writer.write(LOT)
            writer.close(0.05)
            done.set()

        threading.Thread(target=use, daemon=True).start()
        try:
            assert done.wait(20), "the writer blocks its caller"
            assert 900_000 < writer.held < 1_100_000
            assert writer.lost > 30_000
        finally:
            got = b""
            while writer.held:  # so that the thread ends before the pipe does
                got += pipe.taken()
        got += pipe.taken()
    assert got.count(b"\n") + writer.lost == 200 * len(LOT)
    assert set(got.splitlines(keepends=True)) == {LINE}


def test_what_was_lost_is_told_once_somebody_reads_again(caplog: pytest.LogCaptureFixture) -> None:
    with Pipe() as pipe, caplog.at_level(logging.WARNING):
        writer = LogWriter(pipe.writing)
        for _ in range(60):
            writer.write(LOT)
        lost = writer.lost
        while writer.held:
            pipe.taken()
        writer.write([LINE])
        writer.close()
    assert lost > 0
    warnings = [
        re.fullmatch(r"(\d+) lines were lost, because nobody read their file in time", m) for m in caplog.messages
    ]
    assert sum(int(match[1]) for match in warnings if match) == lost


@pytest.mark.parametrize("blocking", [True, False])
def test_a_slow_reader_gets_every_line_in_the_end(*, blocking: bool) -> None:
    with Pipe() as pipe:
        os.set_blocking(pipe.writing, blocking)
        writer = LogWriter(pipe.writing)
        for number in range(40):
            writer.write([b"%08d\n" % each for each in range(number * 256, (number + 1) * 256)])
        got = b""
        while writer.held:
            time.sleep(0.001)
            got += pipe.taken()
        writer.close()
        got += pipe.taken()
    assert [int(line) for line in got.splitlines()] == list(range(40 * 256))
    assert writer.lost == 0


def test_a_reader_that_has_gone_costs_lines_and_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    with Pipe() as pipe:
        pipe.close_reading()
        writer = LogWriter(pipe.writing)
        for _ in range(3):
            writer.write([LINE, LINE])
        wait_until(lambda: writer.held == 0)
        writer.close()
    assert writer.lost == 6
    assert not caplog.messages
