"""The Host header, read strictly: bytes -> a name or an address, and a port.

Stricter than RFC 9112 section 3.2 on purpose: a name consists of letters, digits, hyphens and underscores between dots,
like every name that is looked up. Anything else is refused: it would let one host be taken for another.
"""

import re
import socket
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address

_HOST = re.compile(rb"(?:([0-9A-Za-z_-]+(?:\.[0-9A-Za-z_-]+)*\.?)|\[([0-9A-Fa-f:.]+)\])(?::([0-9]{0,5}))?")
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")
_MAX_NAME = 255
_MAX_PORT = 65535


@dataclass(frozen=True, slots=True)
class Host:
    """`name` is lower-case, without brackets and trailing dot; `address` is set if the name is one."""

    name: str
    port: int | None = None
    address: IPv4Address | IPv6Address | None = None


@lru_cache(maxsize=128)  # nearly all requests of a server bring the same few; what is refused is not kept
def parse_host(value: bytes) -> Host:
    """Raise ValueError for what is not a host with an optional port."""
    found = _HOST.fullmatch(value)
    if found is None or len(value) > _MAX_NAME:
        raise ValueError("this is not a host with an optional port")
    name, bracketed, digits = found.groups()
    port = int(digits) if digits else None
    if port is not None and port > _MAX_PORT:
        raise ValueError("a port is at most 65535")
    if bracketed is not None:
        six = IPv6Address(bracketed.decode())
        return Host(str(six), port, six)
    text = name.decode().lower().removesuffix(".")
    return Host(text, port, _ipv4(text))


def _ipv4(name: str) -> IPv4Address | None:
    """Return the address that a name stands for if it ends in a number, in one of the forms that browsers read.

    https://url.spec.whatwg.org/#ends-in-a-number-checker: such a name is an address or an error, never looked up.
    """
    if not _NUMBER.fullmatch(name.rpartition(".")[2]):
        return None
    try:
        return IPv4Address(socket.inet_aton(name))
    except OSError:
        raise ValueError("a name that ends in a number is an IPv4 address") from None
