"""The caller's API key: accepted in each of the places that clients put it, compared in constant time."""

import hmac
from collections.abc import Mapping, Sequence

from claude_code_proxy.errors import Unauthenticated
from claude_code_proxy.secret import Secret

_HEADERS = (b"x-api-key", b"api-key")


class ApiKeys:
    """The keys that open the proxy; with none set, it is open to all."""

    def __init__(self, keys: Sequence[Secret]) -> None:
        self._keys = [key.reveal().encode() for key in keys]

    def check(self, headers: Mapping[bytes, bytes]) -> None:
        """Raises `Unauthenticated`."""
        if not self._keys:
            return
        shown = _shown(headers)
        if not shown:
            raise Unauthenticated(
                "This proxy asks for an API key (PROXY_API_KEY). Send it as 'Authorization: Bearer KEY'.",
                code="invalid_api_key",
            )
        # every pair is compared, so that the time tells nothing about which key or header was near
        if not sum(hmac.compare_digest(key, known) for key in shown for known in self._keys):
            raise Unauthenticated("Incorrect API key provided to this proxy (PROXY_API_KEY).", code="invalid_api_key")


def _shown(headers: Mapping[bytes, bytes]) -> list[bytes]:
    shown = [headers[name].strip() for name in _HEADERS if name in headers]
    scheme, _, value = headers.get(b"authorization", b"").partition(b" ")
    if scheme.lower() == b"bearer":
        shown.append(value.strip())
    return [key for key in shown if key]
