"""Sockets for a host and port."""

import errno
import socket

import pytest

from claude_code_proxy.http1.server.listeners import bind


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def close(listeners: list[socket.socket]) -> None:
    for listener in listeners:
        listener.close()


def test_a_port_is_chosen() -> None:
    (listener,) = bind("127.0.0.1", 0)
    with listener:
        assert listener.family == socket.AF_INET
        assert listener.getsockname()[1] > 0
        assert listener.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR)
        assert not listener.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT)
        assert not listener.getblocking()


@pytest.mark.parametrize("host", ["", "::", "localhost"])
def test_every_address_gets_the_same_port(host: str) -> None:
    listeners = bind(host, 0)
    try:
        families = [listener.family for listener in listeners]
        assert socket.AF_INET in families
        assert len(families) == len(set(families))
        assert (socket.AF_INET6 in families) is (has_ipv6() and (host in {"", "::"} or len(families) == 2))
        assert len({listener.getsockname()[1] for listener in listeners}) == 1
    finally:
        close(listeners)


def test_ipv6_alone() -> None:
    if not has_ipv6():
        pytest.skip("this machine has no IPv6")
    (listener,) = bind("::1", 0)
    with listener:
        assert listener.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)


def test_a_port_may_be_shared() -> None:
    (first,) = bind("127.0.0.1", 0, reuse_port=True)
    with first:
        (second,) = bind("127.0.0.1", first.getsockname()[1], reuse_port=True)
        second.close()


def test_a_taken_port_is_an_error() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OSError) as refused:  # noqa: PT011 - the errno says which
            bind("127.0.0.1", taken.getsockname()[1])
    assert refused.value.errno == errno.EADDRINUSE


def test_a_port_taken_on_one_address_frees_the_others() -> None:
    if not has_ipv6():
        pytest.skip("this machine has no IPv6")
    with socket.socket(socket.AF_INET6) as taken:
        taken.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        taken.bind(("::", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(OSError) as refused:  # noqa: PT011 - the errno says which
            bind("", port)
        assert refused.value.errno == errno.EADDRINUSE
        (free,) = bind("127.0.0.1", port)
        free.close()


def test_an_address_of_another_machine_is_an_error() -> None:
    with pytest.raises(OSError) as refused:  # noqa: PT011 - the errno says which
        bind("192.0.2.1", 0)
    assert refused.value.errno == errno.EADDRNOTAVAIL
