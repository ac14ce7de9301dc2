"""URLs as values: the origin that requests go to, and the proxy, if any, on the way there.

Nothing is opened or resolved here. An error never repeats the URL, which may hold a password.
"""

import re
from base64 import b64encode
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import SplitResult, unquote_to_bytes, urlsplit

from claude_code_proxy.errors import Misconfigured

_ENTRY_SEPARATORS = re.compile(r"[\s,]+")
_UNSAFE = re.compile(r"[^\x21-\x7e]")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where requests go; `host` is ASCII and without brackets, `path` the base path without a trailing slash."""

    tls: bool
    host: str
    port: int
    path: str = ""

    @property
    def endpoint(self) -> str:
        """Host and port, as in a CONNECT request or an error."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def authority(self) -> str:
        """The value of the Host header: the port is there unless it is the scheme's own."""
        default = 443 if self.tls else 80
        return self.endpoint.removesuffix(f":{default}") if self.port == default else self.endpoint


@dataclass(frozen=True, slots=True)
class Proxy:
    """A forward proxy that is reached by plain HTTP; `authorization` is the whole header value."""

    host: str
    port: int
    authorization: str | None = field(default=None, repr=False)

    @property
    def endpoint(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_origin(url: str, *, name: str = "The base URL") -> Origin:
    """Return the origin that a base URL names. Raise `Misconfigured`; `name` is what its message calls the URL."""
    parts, host, port = _split(url, name)
    if parts.scheme not in {"http", "https"}:
        raise Misconfigured(f"{name} must begin with https:// or http://.")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise Misconfigured(f"{name} must not hold a user name, a query or a fragment.")
    path = parts.path.rstrip("/")
    if _UNSAFE.search(path):
        raise Misconfigured(f"{name} must not hold spaces or other characters that URLs escape.")
    tls = parts.scheme == "https"
    return Origin(tls, host, port or (443 if tls else 80), path)


def parse_proxy(url: str, *, name: str = "The URL of the proxy") -> Proxy:
    """Return the proxy at `http://[user:password@]host[:port]`; the scheme may be missing. Raise `Misconfigured`."""
    parts, host, port = _split(url if "://" in url else f"http://{url}", name)
    if parts.scheme != "http":
        raise Misconfigured(
            f"{name} must begin with http://, not {parts.scheme}://. Requests to an https:// address are encrypted all"
            " the way, through such a proxy too."
        )
    userinfo, _, _ = parts.netloc.rpartition("@")
    if not userinfo:
        return Proxy(host, port or 80)
    user, _, password = userinfo.partition(":")
    pair = unquote_to_bytes(user) + b":" + unquote_to_bytes(password)
    return Proxy(host, port or 80, f"Basic {b64encode(pair).decode()}")


def proxy_for(
    origin: Origin, *, https_proxy: str | None = None, http_proxy: str | None = None, no_proxy: str = ""
) -> str | None:
    """Return the proxy's URL for this origin, by the conventions of the environment variables of these names.

    Loopback is always reached directly, as is everything that `no_proxy` lists.
    """
    url = https_proxy if origin.tls else http_proxy
    return url if url and not _bypassed(origin, no_proxy) else None


def _split(url: str, name: str) -> tuple[SplitResult, str, int | None]:
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname or "", parts.port
        host = host.encode("idna").decode()
    except ValueError as error:  # UnicodeError is one
        raise Misconfigured(f"{name} is not a valid URL.") from error
    if not host or port == 0 or _UNSAFE.search(host):
        raise Misconfigured(f"{name} is not a valid URL.")
    return parts, host, port


def _bypassed(origin: Origin, no_proxy: str) -> bool:
    address = _literal(origin.host)
    if origin.host == "localhost" or (address is not None and address.is_loopback):
        return True
    entries = _ENTRY_SEPARATORS.split(no_proxy.lower())
    return any(_covers(entry, origin) for entry in entries if entry)


def _covers(entry: str, origin: Origin) -> bool:
    if entry == "*":
        return True
    name, port = _entry_parts(entry)
    if port and port != str(origin.port):
        return False
    address = _literal(origin.host)
    if address is not None:
        return _in_network(address, name)
    domain = name.removeprefix("*").strip(".")
    host = origin.host.rstrip(".")
    return host == domain or host.endswith(f".{domain}")


def _entry_parts(entry: str) -> tuple[str, str]:
    """Split the port off; an IPv6 address has one only where brackets show it."""
    if entry.startswith("["):
        name, _, rest = entry[1:].partition("]")
        return name, rest.removeprefix(":")
    if entry.count(":") == 1:
        name, _, port = entry.partition(":")
        return name, port
    return entry, ""


def _in_network(address: IPv4Address | IPv6Address, network: str) -> bool:
    try:
        return address in ip_network(network, strict=False)
    except ValueError:
        return False


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None
