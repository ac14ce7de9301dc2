"""Which web pages may call the proxy from a browser: the headers that tell it so, and the answer to its preflight.

https://fetch.spec.whatwg.org/#http-cors-protocol. A caller's API key is an ordinary header there, not a "credential".
"""

from collections.abc import Mapping, Sequence

from claude_code_proxy.http1.server.request import Request
from claude_code_proxy.http1.server.responder import Headers

_ALL = "*"
_EXPOSED = (b"access-control-expose-headers", b"*")
_VARY = (b"vary", b"origin")
_METHODS = (b"access-control-allow-methods", b"GET, HEAD, POST")
_MAX_AGE = (b"access-control-max-age", b"3600")
_USUAL_HEADERS = b"authorization, content-type"


class Cors:
    """`origins` as a browser names them, such as `https://chat.example.com`; `*` is all of them."""

    def __init__(self, origins: Sequence[str]) -> None:
        self._all = _ALL in origins
        self._origins = frozenset(origin.rstrip("/").lower().encode() for origin in origins)

    def headers(self, request_headers: Mapping[bytes, bytes]) -> Headers:
        """Return the headers to add to every reply to a request with these headers."""
        if self._all:
            return ((b"access-control-allow-origin", b"*"), _EXPOSED)
        origin = request_headers.get(b"origin")
        if origin is None or origin.lower() not in self._origins:
            return (_VARY,)
        return ((b"access-control-allow-origin", origin), _EXPOSED, _VARY)

    def preflight(self, request: Request) -> Headers | None:
        """Return the reply headers if the request is a CORS preflight, else None."""
        request_headers = request.headers
        if (
            request.method != "OPTIONS"
            or b"origin" not in request_headers
            or b"access-control-request-method" not in request_headers
        ):
            return None
        allowed = (
            b"access-control-allow-headers",
            request_headers.get(b"access-control-request-headers", _USUAL_HEADERS),
        )
        headers = [*self.headers(request_headers), _METHODS, allowed, _MAX_AGE]
        if request_headers.get(b"access-control-request-private-network") == b"true":
            headers.append((b"access-control-allow-private-network", b"true"))
        return headers
