"""The HTTP app: which request goes where, who may ask, and the small endpoints that need no exchange."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from urllib.parse import unquote

import msgspec

from claude_code_proxy import __version__
from claude_code_proxy.credentials.chain import Readiness
from claude_code_proxy.endpoints.endpoint import Endpoint
from claude_code_proxy.endpoints.openai.errors import render_error, to_error_reply
from claude_code_proxy.errors import InvalidRequest, ProxyError
from claude_code_proxy.http1.server.request import Request
from claude_code_proxy.http1.server.responder import Headers, Responder
from claude_code_proxy.server.access.api_keys import ApiKeys
from claude_code_proxy.server.access.cors import Cors
from claude_code_proxy.server.app_state import AppState
from claude_code_proxy.server.exchange.exchange import Exchange
from claude_code_proxy.server.exchange.record import Record
from claude_code_proxy.server.exchange.reply_headers import JSON
from claude_code_proxy.server.model_list import render_list, render_model
from claude_code_proxy.server.routes import plain_path

_OPEN = ("/health", "/health/ready", "/metrics")  # for probes: no key is asked for, and nothing recorded
_READS = ("GET", "HEAD")
_CODES = {408: "request_timeout", 413: "request_too_large", 431: "request_headers_too_large"}
_INDEX = msgspec.json.encode({
    "name": "claude-code-proxy",
    "version": __version__,
    "what": "an OpenAI-compatible API in front of the Anthropic Messages API",
    "base_url": "/v1",
    "models": "/v1/models",
    "capabilities": "/v1/capabilities",
    "health": "/health",
    "ready": "/health/ready",
    "metrics": "/metrics",
    "documentation": "README.md and docs/ of the source",
})
Reply = tuple[int, Headers, bytes]
Page = Callable[[Request], Reply | Awaitable[Reply]]


class App:
    """`pages` are further routes: method and plain path, like `GET /metrics`, and the function that makes the reply."""

    def __init__(
        self,
        state: AppState,
        keys: ApiKeys,
        *,
        readiness: Callable[[], Readiness],
        endpoints: Sequence[Endpoint],
        pages: Mapping[str, Page] | None = None,
        cors: Cors | None = None,
    ) -> None:
        self._state = state
        self._keys = keys
        self._readiness = readiness
        self._endpoints = {endpoint.path: endpoint for endpoint in endpoints}
        self._endpoints |= {f"/v1{path}": endpoint for path, endpoint in self._endpoints.items()}
        self._cors = cors
        everywhere: dict[str, Page] = {
            "GET /": lambda _: (200, [JSON], _INDEX),
            "GET /health": lambda _: (200, [JSON], b'{"status":"ok"}'),
            "GET /health/ready": self._ready,
            "GET /models": lambda _: (200, [JSON], render_list(state.catalogue)),
            **(pages or {}),
        }
        self._pages: dict[str, tuple[tuple[str, ...], Page]] = {}
        for name, page in everywhere.items():
            method, _, path = name.partition(" ")
            self._pages[path] = _READS if method == "GET" else (method,), page
        self.draining = False

    def check_head(self, request: Request) -> Reply | None:
        """Checks key, route and coding by the head alone, so that a refusal comes before the body is read."""
        try:
            if request.method == "POST" and request.path in self._endpoints:
                self._keys.check(request.headers)
                _check_coding(request.headers)
                return None
            preflight = self._cors.preflight(request) if self._cors is not None else None
            if preflight is not None:
                return 204, preflight, b""
            path = plain_path(request.path)
            if path not in _OPEN:
                self._keys.check(request.headers)
            self._check_route(request, path)
            _check_coding(request.headers)
        except ProxyError as error:
            return self._refused(error, request)
        return None

    def handle(self, request: Request, responder: Responder) -> Awaitable[None]:
        endpoint = self._endpoints.get(request.path)
        if endpoint is None:
            endpoint = self._endpoints.get(plain_path(request.path))
        if endpoint is None:
            return self._show(request, responder)
        exchange = Exchange(self._state, endpoint, request=request, responder=responder)
        if self._cors is not None:
            exchange.record.reply_headers = self._cors.headers(request.headers)
        return exchange.run()

    def fault(self, status: int, message: str) -> tuple[Headers, bytes]:
        """Renders what the HTTP server itself refuses in the same envelope; nothing else is known of such a request."""
        code = _CODES.get(status)
        error = InvalidRequest(message, code=code, status=status) if status < 500 else ProxyError(message)
        _, headers, body = self._refused(error, Request("", ""))
        return headers, body

    async def _show(self, request: Request, responder: Responder) -> None:
        try:
            status, headers, body = await self._page(request)
        except ProxyError as error:
            status, headers, body = self._refused(error, request)
        responder.send(status, headers, body)

    async def _page(self, request: Request) -> Reply:
        path = plain_path(request.path)
        _, page = self._pages.get(path, ((), self._model))
        reply = page(request)
        status, headers, body = reply if isinstance(reply, tuple) else await reply
        if self._cors is not None:
            headers = [*headers, *self._cors.headers(request.headers)]
        if path not in _OPEN:
            self._record(request, status)
        return status, headers, body

    def _model(self, request: Request) -> Reply:
        name = unquote(plain_path(request.path).removeprefix("/models/"))
        return 200, [JSON], render_model(self._state.catalogue, name)

    def _check_route(self, request: Request, path: str) -> None:
        if path in self._endpoints:
            allowed: tuple[str, ...] = ("POST",)
        elif path in self._pages:
            allowed, _ = self._pages[path]
        elif path.startswith("/models/"):
            allowed = _READS
        else:
            there = ", ".join(f"POST /v1{endpoint.path}" for endpoint in dict.fromkeys(self._endpoints.values()))
            raise InvalidRequest(
                f"There is nothing at {request.method} {request.path}. Try {there} or GET /v1/models.",
                code="unknown_url",
                status=404,
            )
        if request.method not in allowed:
            raise MethodNotAllowed(request, allowed)

    def _ready(self, _: Request) -> Reply:
        readiness = Readiness(ok=False, reason="shutting down") if self.draining else self._readiness()
        status = "ready" if readiness.ok else "not ready"
        body = msgspec.json.encode({"status": status, "reason": readiness.reason})
        return 200 if readiness.ok else 503, [JSON], body

    def _refused(self, error: ProxyError, request: Request) -> Reply:
        reply = to_error_reply(error)
        record = self._record(request, reply.status, error=error)
        headers: list[tuple[bytes, bytes]] = [JSON, (b"x-request-id", record.id.encode())]
        if isinstance(error, MethodNotAllowed):
            headers.append((b"allow", ", ".join(error.allowed).encode()))
        if self._cors is not None:
            headers += self._cors.headers(request.headers)
        return reply.status, headers, render_error(error)

    def _record(self, request: Request, status: int, *, error: ProxyError | None = None) -> Record:
        """Logs and counts a request that did not become an exchange."""
        state = self._state
        path = plain_path(request.path)
        endpoint = self._endpoints.get(path)
        name = endpoint.name if endpoint is not None else self._page_name(path)
        record = Record(state.next_id(), name, state.now(), status=status)
        record.outcome = "failed" if error is not None else "answered"
        if error is not None:
            record.error_kind, record.error_code = error.kind, error.code
        for observer in state.observers:
            observer.observe(record)
        return record

    def _page_name(self, path: str) -> str:
        """The label for log and metrics: one of few, whatever path a client sends."""
        if path.startswith("/models/"):
            return "models"
        return (path[1:] or "index") if path in self._pages else "other"


def _check_coding(headers: Mapping[bytes, bytes]) -> None:
    coding = headers.get(b"content-encoding")
    if coding is not None and coding.lower() not in {b"", b"identity"}:
        raise InvalidRequest(
            f"The body is sent with the content-encoding {coding.decode('latin-1')!r}; send it as it is.",
            code="unsupported_content_encoding",
            status=415,
        )


class MethodNotAllowed(InvalidRequest):
    """The address exists, but takes other methods."""

    def __init__(self, request: Request, allowed: Sequence[str]) -> None:
        super().__init__(
            f"{request.method} is not allowed on {request.path}; use {allowed[0]}.",
            code="method_not_allowed",
            status=405,
        )
        self.allowed = allowed
