"""The caller's API key: accepted in each of the places that clients put it, compared in constant time."""

from collections.abc import Mapping, Sequence

from claude_code_proxy.errors import Unauthenticated
from claude_code_proxy.secret import Secret
from claude_code_proxy.server.access.browser_guard import BrowserGuard
from claude_code_proxy.server.access.peers import Peers
from claude_code_proxy.server.access.wrong_keys import WrongKeys

_HEADERS = (b"x-api-key", b"api-key")
_SUBPROTOCOL = b"openai-insecure-api-key."
_NAME = "default"  # of the keys in PROXY_API_KEY


class WrongKey(Unauthenticated):
    """A key was sent, and it is none of the proxy's."""

    def __init__(self) -> None:
        super().__init__("Incorrect API key provided to this proxy (PROXY_API_KEY).", code="invalid_api_key")


class ApiKeys:
    """The keys that open the proxy. Without any it is open, but `browser_guard` keeps out web pages."""

    def __init__(
        self, keys: Sequence[Secret], browser_guard: BrowserGuard, *, wrong_keys: WrongKeys | None = None
    ) -> None:
        self.wrong_keys = wrong_keys or WrongKeys(Peers(()))
        self._keys = keys
        self._browser_guard = browser_guard

    def use(self, keys: Sequence[Secret]) -> None:
        """Take these keys from now on."""
        self._keys = keys

    def check_page(self, headers: Mapping[bytes, bytes]) -> None:
        """Raise `Forbidden` for a web page where no key is set; ask for no key where one is."""
        if not self._keys:
            self._browser_guard.check(headers)

    def check(self, headers: Mapping[bytes, bytes]) -> str:
        """Return the name of the caller's key, or "" where no key is set.

        Raise `Unauthenticated` without a key, `WrongKey` if none is right, or `Forbidden` for a web page where no key
        is set.
        """
        if not self._keys:
            self._browser_guard.check(headers)
            return ""
        candidates = keys_in(headers)
        if not candidates:
            raise Unauthenticated(
                "This proxy asks for an API key (PROXY_API_KEY). Send it as 'Authorization: Bearer KEY'.",
                code="invalid_api_key",
            )
        # every pair is compared, so that the time tells nothing about which key or header was near
        if not sum(key.matches(candidate) for candidate in candidates for key in self._keys):
            raise WrongKey
        return _NAME


def keys_in(headers: Mapping[bytes, bytes]) -> list[bytes]:
    """Return the keys that a request shows, right or wrong."""
    candidates = [headers[name].strip() for name in _HEADERS if name in headers]
    scheme, _, value = headers.get(b"authorization", b"").partition(b" ")
    if scheme.lower() == b"bearer":
        candidates.append(value.strip())
    if b"sec-websocket-protocol" in headers:  # the one header of a WebSocket that a page can set
        offered = (name.strip() for name in headers[b"sec-websocket-protocol"].split(b","))
        candidates += [name.removeprefix(_SUBPROTOCOL) for name in offered if name.startswith(_SUBPROTOCOL)]
    return [key for key in candidates if key]
