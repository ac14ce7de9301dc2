"""Who sent a request: the address of the connection, or the one that a trusted proxy names in X-Forwarded-For.

Anybody can write that header, so it is read from its end, and only as far as the proxies in `TRUSTED_PROXIES` go.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from claude_code_proxy.http1.server.request import Request

_UNIX = "unix"  # what a connection on a Unix socket has for an address
_SITE_BITS = 64  # of an IPv6 address, whose other bits a caller chooses freely


class Peers:
    """`trusted` are addresses or networks, as in `10.0.0.0/8`; `unix` trusts whoever connects to a Unix socket."""

    def __init__(self, trusted: Sequence[str]) -> None:
        self._trusts_unix = _UNIX in trusted
        self._networks = [ip_network(each) for each in trusted if each != _UNIX]

    def origin(self, request: Request) -> str:
        """Return the address that a request came from; of an IPv6 address, the network that is one caller's."""
        address = _address(request.peer.rpartition(":")[0])
        if not (self._trusts_unix if address is None else self._trusts(address)):
            return _printable(address)
        for hop in reversed(request.headers.get(b"x-forwarded-for", b"").decode("latin-1").split(",")):
            named = _address(hop.strip())
            if named is None:
                break
            address = named
            if not self._trusts(address):
                break
        return _printable(address)

    def _trusts(self, address: IPv4Address | IPv6Address) -> bool:
        return any(address in network for network in self._networks)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """Return an address that may have brackets, or stand for an IPv4 address; None if it is none."""
    try:
        address = ip_address(text.removeprefix("[").removesuffix("]"))
    except ValueError:
        return None
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address


def _printable(address: IPv4Address | IPv6Address | None) -> str:
    if isinstance(address, IPv6Address):
        return str(ip_network((int(address), _SITE_BITS), strict=False))
    return _UNIX if address is None else str(address)
