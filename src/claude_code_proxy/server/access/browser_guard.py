"""Keeps web pages from using a proxy that asks for no API key: whoever opens one has not asked it to spend money.

A page can send a simple POST to any address without asking first, and with a name of its own that it points at this
machine (DNS rebinding) it can read the reply too. The browser names the page in `Origin`, and the name in `Host`.
"""

from collections.abc import Mapping, Sequence

from claude_code_proxy.errors import InvalidRequest
from claude_code_proxy.http1.server.host import Host, parse_host

_WEB = (b"http", b"https")
# Top-level names that the public DNS never hands out, so that no stranger can point one of them anywhere.
_RESERVED = frozenset({"localhost", "internal", "test"})
_LONGEST = 200
_WAYS_OUT = "set PROXY_API_KEY, which callers then show, or add {} to CORS_ORIGINS."


class Forbidden(InvalidRequest):
    """A web page that nobody allowed."""

    kind = "permission_error"


class BrowserGuard:
    """`origins` are the web pages that may call. `loopback_only`: only names of this machine are expected."""

    def __init__(self, origins: Sequence[str], *, loopback_only: bool) -> None:
        self._all = "*" in origins
        self._origins = frozenset(origin.rstrip("/").lower().encode() for origin in origins)
        self._names = frozenset(host.name for host in map(_host_of_origin, self._origins) if host is not None)
        self._loopback_only = loopback_only
        self._last_host = b""  # that was found to be right: most requests bring the same one

    def check(self, headers: Mapping[bytes, bytes]) -> None:
        """Raise `Forbidden` for a web page that may not call. Other clients send no `Origin` and cost one look-up."""
        if self._all:
            return
        host = headers.get(b"host", b"")
        if host != self._last_host:
            self._check_host(host)
        if b"origin" in headers:
            self._check_origin(headers[b"origin"], host)

    def _check_host(self, value: bytes) -> None:
        host = _parsed(value)
        if self._loopback_only and value and (host is None or (_is_public(host) and host.name not in self._names)):
            printable = _printable(value)
            raise Forbidden(
                f"This proxy listens on this machine alone and does not know itself as {printable}. If that is right, "
                + _WAYS_OUT.format(f"http://{printable}"),
                code="forbidden_host",
                status=403,
            )
        self._last_host = value

    def _check_origin(self, origin: bytes, host: bytes) -> None:
        """Allow pages of this machine and of the proxy's own address, and editors, apps and browser extensions."""
        origin = origin.lower()
        scheme, _, address = origin.partition(b"://")
        if origin in self._origins or (scheme not in _WEB and origin != b"null"):
            return
        page = _parsed(address)
        if page is not None and (_is_loopback(page) or (address == host.lower() and not _is_public(page))):
            return
        printable = _printable(origin)
        raise Forbidden(
            f"The web page {printable} may not use this proxy, which asks for no API key. To let it, "
            + _WAYS_OUT.format(printable),
            code="forbidden_origin",
            status=403,
        )


def is_local_page(headers: Mapping[bytes, bytes]) -> bool:
    """Return whether a page of this machine sent the request, by a name that no stranger can have pointed here."""
    scheme, _, address = headers.get(b"origin", b"").lower().partition(b"://")
    page, host = _parsed(address), _parsed(headers.get(b"host", b""))
    return scheme in _WEB and page is not None and _is_loopback(page) and host is not None and not _is_public(host)


def _host_of_origin(origin: bytes) -> Host | None:
    return _parsed(origin.partition(b"://")[2])


def _parsed(value: bytes) -> Host | None:
    try:
        return parse_host(value)
    except ValueError:
        return None


def _is_public(host: Host) -> bool:
    """Return whether the public DNS may know the name; it knows neither addresses nor names without a dot."""
    _, dot, last = host.name.rpartition(".")
    return bool(dot) and host.address is None and last not in _RESERVED


def _is_loopback(host: Host) -> bool:
    if host.address is not None:
        return host.address.is_loopback
    return host.name == "localhost" or host.name.endswith(".localhost")  # RFC 6761: both stand for this machine


def _printable(value: bytes) -> str:
    text = value[:_LONGEST].decode("latin-1")
    return "".join(character if character.isascii() and character.isprintable() else "?" for character in text)
