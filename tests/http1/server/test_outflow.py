"""A client that takes what is written, one that is slow, and one that takes nothing."""

import asyncio
import select
import socket

import pytest

from claude_code_proxy.http1.server.outflow import Outflow, has_left
from tests.http1.server.wire import Sink


class Backlog(Sink):
    """A transport with a number of unsent bytes."""

    unsent = 100

    def get_write_buffer_size(self) -> int:
        return self.unsent


def test_a_client_that_takes_nothing_is_stuck_after_the_limit() -> None:
    outflow = Outflow(Backlog())
    outflow.watch(10.0)
    assert not outflow.is_stuck(15.0, 5.0)
    assert outflow.is_stuck(15.1, 5.0)


def test_a_client_that_takes_a_little_is_only_slow() -> None:
    transport = Backlog()
    outflow = Outflow(transport)
    outflow.watch(0.0)
    for now in range(1, 50):
        transport.unsent -= 1
        assert not outflow.is_stuck(now, 5.0)
    assert not outflow.is_stuck(54.0, 5.0)
    assert outflow.is_stuck(54.1, 5.0)


def test_more_that_is_written_is_no_progress() -> None:
    transport = Backlog()
    outflow = Outflow(transport)
    outflow.watch(0.0)
    transport.unsent += 50
    assert outflow.is_stuck(5.1, 5.0)


async def test_all_that_wait_are_woken_and_may_have_given_up() -> None:
    outflow = Outflow(Sink())
    loop = asyncio.get_running_loop()
    waits = [outflow.wait(loop) for _ in range(3)]
    waits[1].cancel()
    outflow.wake()
    assert [wait.cancelled() for wait in waits] == [False, True, False]
    assert all(wait.done() for wait in waits)
    late = outflow.wait(loop)
    assert not late.done()


@pytest.mark.skipif(not hasattr(select, "POLLRDHUP"), reason="this system does not tell when a peer closed its side")
async def test_a_client_that_closed_its_side_is_seen_although_nothing_is_read() -> None:
    ours, theirs = socket.socketpair()
    transport, _ = await asyncio.get_running_loop().connect_accepted_socket(asyncio.Protocol, ours)
    transport.pause_reading()
    assert not has_left(transport)
    theirs.shutdown(socket.SHUT_WR)
    assert has_left(transport)
    transport.close()
    assert not has_left(transport)
    theirs.close()
