"""Listening sockets for a host and port, each bound but not yet listened on."""

import errno
import socket
from typing import Any

_NOT_HERE = {errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL}


def bind(host: str, port: int, *, reuse_port: bool = False) -> list[socket.socket]:
    """Return one socket for each address that `host` has on this machine, all on one port.

    "" and "::" stand for every address, of IPv4 and IPv6. Port 0 lets the system choose. Raise OSError if one is taken,
    or none can be bound.
    """
    everywhere = host in {"", "::"}  # the socket of "::" is for IPv6 alone
    found = socket.getaddrinfo(None if everywhere else host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    listeners: list[socket.socket] = []
    absent: OSError | None = None
    for family, address in dict.fromkeys((family, address) for family, _, _, _, address in found):
        chosen = listeners[0].getsockname()[1] if listeners else port
        try:
            listeners.append(_bound(family, (address[0], chosen, *address[2:]), reuse_port=reuse_port))
        except OSError as error:
            absent = error
            if error.errno not in _NOT_HERE:
                _close(listeners)
                raise
    if absent is not None and not listeners:
        raise absent
    return listeners


def _bound(family: socket.AddressFamily, address: tuple[Any, ...], *, reuse_port: bool) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if reuse_port:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.setblocking(False)
        listener.bind(address)
    except OSError:
        listener.close()
        raise
    return listener


def _close(listeners: list[socket.socket]) -> None:
    for listener in listeners:
        listener.close()
