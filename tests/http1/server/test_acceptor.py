"""As many connections as there may be; others wait their turn, and none is reset."""

import socket
from pathlib import Path

import pytest

from claude_code_proxy.http1.server import ServerLimits
from tests.http1.server.conftest import Serve
from tests.http1.server.wire import QUICK, Client, Echo, eventually, get, post


def limits(connections: int, *, idle: float = 30.0) -> ServerLimits:
    return ServerLimits(connections=connections, keep_alive_when_full_seconds=idle, sweep_seconds=QUICK)


def test_one_that_is_too_many_waits_until_another_leaves(serve: Serve) -> None:
    full: list[None] = []
    running = serve(Echo(), limits=limits(2), on_full=lambda: full.append(None))
    first, second = running.connect(), running.connect()
    eventually(lambda: running.server.connections == 2)
    third = running.connect()
    third.send(post(b"third"))
    assert third.is_silent()
    assert len(full) == 1
    first.close()
    assert third.reply().body == b"third"
    second.send(post(b"second"))
    assert second.reply().body == b"second"


@pytest.mark.parametrize("clients", [1, 3, 40])
def test_everybody_gets_a_turn(serve: Serve, clients: int) -> None:
    """Replies end their connections while others wait."""
    running = serve(Echo(), limits=limits(3))
    waiting = [running.connect() for _ in range(clients)]
    for number, client in enumerate(waiting):
        client.send(post(b"%d" % number))
    assert [client.reply().body for client in waiting] == [b"%d" % number for number in range(clients)]


def test_silent_connections_give_way(serve: Serve) -> None:
    running = serve(Echo(), limits=limits(2, idle=0.2))
    silent = [running.connect() for _ in range(2)]
    eventually(lambda: running.server.connections == 2)
    last = running.connect()
    last.send(get())
    assert last.reply().status == 200
    assert any(client.is_closed() for client in silent)


def test_a_server_that_accepts_nothing_can_be_shut_down(serve: Serve) -> None:
    running = serve(Echo(), limits=limits(1))
    first = running.connect()
    eventually(lambda: running.server.connections == 1)
    running.call(running.server.shutdown(0))
    assert first.is_closed()
    with pytest.raises(OSError):  # noqa: PT011 - the system chooses which
        Client(("127.0.0.1", running.server.port))


def test_a_unix_socket_goes_on(serve: Serve, tmp_path: Path) -> None:
    path = str(tmp_path / "socket")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    running = serve(Echo(), limits=limits(1), sockets=[listener])
    for _ in range(3):
        running.clients.append(Client(path, family=socket.AF_UNIX))
        running.clients[-1].send(get())
    assert [client.reply().status for client in running.clients] == [200, 200, 200]
