"""The HTTP app: which request goes where, who may ask, and the small endpoints that need no exchange."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from urllib.parse import unquote

import msgspec

from claude_code_proxy.credentials.chain import Readiness
from claude_code_proxy.endpoints.endpoint import Endpoint
from claude_code_proxy.endpoints.openai import render_error, to_error_reply
from claude_code_proxy.errors import InvalidRequest, ProxyError
from claude_code_proxy.http1.request import Request
from claude_code_proxy.http1.responder import Headers, Responder
from claude_code_proxy.server.api_keys import ApiKeys
from claude_code_proxy.server.exchange import Exchange
from claude_code_proxy.server.model_list import render_list, render_model
from claude_code_proxy.server.reply_headers import JSON
from claude_code_proxy.server.routes import plain_path
from claude_code_proxy.server.serving import Serving

_OPEN = ("/health", "/health/ready", "/metrics")
_READS = ("GET", "HEAD")
Page = Callable[[Request], tuple[int, Headers, bytes]]


class App:
    """`pages` are what else is served by GET: a plain path, and what makes the reply."""

    def __init__(
        self,
        serving: Serving,
        keys: ApiKeys,
        readiness: Callable[[], Readiness],
        *,
        endpoints: Sequence[Endpoint],
        pages: Mapping[str, Page] | None = None,
    ) -> None:
        self._serving = serving
        self._keys = keys
        self._readiness = readiness
        self._endpoints = {endpoint.path: endpoint for endpoint in endpoints}
        self._endpoints |= {f"/v1{path}": endpoint for path, endpoint in self._endpoints.items()}
        self._pages: dict[str, Page] = {
            "/health": lambda _: (200, [JSON], b'{"status":"ok"}'),
            "/health/ready": self._ready,
            "/models": lambda _: (200, [JSON], render_list(serving.catalogue)),
            **(pages or {}),
        }
        self.draining = False

    def gate(self, request: Request) -> tuple[int, Headers, bytes] | None:
        """Looks at the head: who asks for what. Refuses before the body is read."""
        try:
            if request.method == "POST" and request.path in self._endpoints:
                self._keys.check(request.headers)
                return None
            path = plain_path(request.path)
            if path not in _OPEN:
                self._keys.check(request.headers)
            self._check_route(request, path)
        except ProxyError as error:
            return _refused(error)
        return None

    def handle(self, request: Request, responder: Responder) -> Awaitable[None]:
        endpoint = self._endpoints.get(request.path)
        if endpoint is None:
            endpoint = self._endpoints.get(plain_path(request.path))
        if endpoint is not None:
            return Exchange(self._serving, endpoint, request=request, responder=responder).run()
        return self._show(request, responder)

    async def _show(self, request: Request, responder: Responder) -> None:
        try:
            status, headers, body = self._page(request)
        except ProxyError as error:
            status, headers, body = _refused(error)
        responder.send(status, headers, body)

    def _page(self, request: Request) -> tuple[int, Headers, bytes]:
        path = plain_path(request.path)
        page = self._pages.get(path)
        if page is not None:
            return page(request)
        return 200, [JSON], render_model(self._serving.catalogue, unquote(path.removeprefix("/models/")))

    def _check_route(self, request: Request, path: str) -> None:
        if path in self._endpoints:
            allowed: tuple[str, ...] = ("POST",)
        elif path in self._pages or path.startswith("/models/"):
            allowed = _READS
        else:
            raise InvalidRequest(f"Unknown URL ({request.method} {request.path}).", code="unknown_url", status=404)
        if request.method not in allowed:
            raise InvalidRequest(
                f"{request.method} is not allowed on {request.path}; use {allowed[0]}.",
                code="method_not_allowed",
                status=405,
            )

    def _ready(self, _: Request) -> tuple[int, Headers, bytes]:
        readiness = Readiness(ok=False, reason="shutting down") if self.draining else self._readiness()
        status = "ready" if readiness.ok else "not ready"
        body = msgspec.json.encode({"status": status, "reason": readiness.reason})
        return 200 if readiness.ok else 503, [JSON], body


def fault(status: int, message: str) -> tuple[Headers, bytes]:
    """What the HTTP server itself refuses, in the same envelope."""
    return [JSON], render_error(InvalidRequest(message, status=status) if status < 500 else ProxyError(message))


def _refused(error: ProxyError) -> tuple[int, Headers, bytes]:
    return to_error_reply(error).status, [JSON], render_error(error)
