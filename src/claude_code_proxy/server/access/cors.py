"""Which web pages may call the proxy from a browser: the headers that tell it so, and the answer to its preflight.

https://fetch.spec.whatwg.org/#http-cors-protocol. A caller's API key is an ordinary header there, not a "credential".
What is the owner's alone, such as the metrics, is shown to no page.
"""

from collections.abc import Sequence

from claude_code_proxy.http1.server.request import Request
from claude_code_proxy.http1.server.responder import Headers
from claude_code_proxy.server.access.browser_guard import is_local_page
from claude_code_proxy.server.routes import plain_path

_ALL = "*"
_PRIVATE = frozenset({"admin", "dashboard", "metrics", "organization"})  # first segments of paths
_EXPOSED = (b"access-control-expose-headers", b"*")
_VARY = (b"vary", b"origin")
_METHODS = (b"access-control-allow-methods", b"GET, HEAD, POST")
_MAX_AGE = (b"access-control-max-age", b"3600")
_USUAL_HEADERS = b"authorization, content-type"


class Cors:
    """`origins` as a browser names them, such as `https://chat.example.com`; `*` is all of them.

    With `local_pages`, the pages of this machine may call too: for a server that only this machine reaches.
    """

    def __init__(self, origins: Sequence[str], *, local_pages: bool = False) -> None:
        self._all = _ALL in origins
        self._origins = frozenset(origin.rstrip("/").lower().encode() for origin in origins)
        self._local_pages = local_pages

    def headers(self, request: Request) -> Headers:
        """Return the headers to add to every reply to this request."""
        origin = request.headers.get(b"origin")
        if origin is None and not self._origins:
            return ()
        if _is_private(request):
            return (_VARY,)
        if self._all:
            return ((b"access-control-allow-origin", b"*"), _EXPOSED)
        if origin is None or not self._is_allowed(request, origin):
            return (_VARY,)  # a cache must not show this reply to a page that may call
        return ((b"access-control-allow-origin", origin), _EXPOSED, _VARY)

    def preflight(self, request: Request) -> Headers | None:
        """Return the reply headers if the request is a CORS preflight that is answered here, else None."""
        origin = request.headers.get(b"origin")
        if request.method != "OPTIONS" or origin is None or b"access-control-request-method" not in request.headers:
            return None
        if _is_private(request) or not (self._origins or self._is_allowed(request, origin)):
            return None
        allowed = (
            b"access-control-allow-headers",
            request.headers.get(b"access-control-request-headers", _USUAL_HEADERS),
        )
        headers = [*self.headers(request), _METHODS, allowed, _MAX_AGE]
        if request.headers.get(b"access-control-request-private-network") == b"true":
            headers.append((b"access-control-allow-private-network", b"true"))
        return headers

    def _is_allowed(self, request: Request, origin: bytes) -> bool:
        return origin.lower() in self._origins or (self._local_pages and is_local_page(request.headers))


def _is_private(request: Request) -> bool:
    return plain_path(request.path).lstrip("/").partition("/")[0] in _PRIVATE
