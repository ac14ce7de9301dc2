"""Keeps web pages from using a proxy that asks for no API key: whoever opens one has not asked it to spend money.

A page can send a simple POST to any address without asking first, and with a name of its own that it points at this
machine (DNS rebinding) it can read the reply too. The browser names the page in `Origin`, and the name in `Host`.
"""

from collections.abc import Mapping, Sequence

from claude_code_proxy.errors import InvalidRequest

_WEB = (b"http", b"https")
_LOOPBACK = (b"localhost", b"[::1]")
# Top-level names that the public DNS never hands out, so that no stranger can point one of them anywhere.
_RESERVED = frozenset({b"localhost", b"internal", b"test"})
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
        self._names = frozenset(_name(origin.partition(b"://")[2]) for origin in self._origins)
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

    def _check_host(self, host: bytes) -> None:
        if self._loopback_only and _is_public(_name(host)) and _name(host) not in self._names:
            printable = _printable(host)
            raise Forbidden(
                f"This proxy listens on this machine alone and does not know itself as {printable}. If that is right, "
                + _WAYS_OUT.format(f"http://{printable}"),
                code="forbidden_host",
                status=403,
            )
        self._last_host = host

    def _check_origin(self, origin: bytes, host: bytes) -> None:
        """Allow pages of this machine and of the proxy's own address, and editors, apps and browser extensions."""
        origin = origin.lower()
        scheme, _, address = origin.partition(b"://")
        if origin in self._origins or (scheme not in _WEB and origin != b"null"):
            return
        name = _name(address)
        if _is_loopback(name) or (address == host.lower() and not _is_public(name)):
            return
        printable = _printable(origin)
        raise Forbidden(
            f"The web page {printable} may not use this proxy, which asks for no API key. To let it, "
            + _WAYS_OUT.format(printable),
            code="forbidden_origin",
            status=403,
        )


def _name(host: bytes) -> bytes:
    """Return the host name without its port."""
    bare = host.partition(b"]")[0] + b"]" if host.startswith(b"[") else host.partition(b":")[0]
    return bare.lower().rstrip(b".")


def _is_public(name: bytes) -> bool:
    """Return whether the public DNS may know the name; it knows neither addresses nor names without a dot."""
    _, dot, last = name.rpartition(b".")
    return bool(dot) and not name.startswith(b"[") and not last.isdigit() and last not in _RESERVED


def _is_loopback(name: bytes) -> bool:
    if name in _LOOPBACK or name.endswith(b".localhost"):
        return True
    return name.startswith(b"127.") and not _is_public(name)


def _printable(value: bytes) -> str:
    text = value[:_LONGEST].decode("latin-1")
    return "".join(character if character.isascii() and character.isprintable() else "?" for character in text)
