"""The HTTP app: which request goes where, who may ask, and the small endpoints that need no exchange."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import msgspec

from claude_code_proxy import __version__
from claude_code_proxy.credentials.chain import Readiness
from claude_code_proxy.endpoints.endpoint import Endpoint
from claude_code_proxy.endpoints.envelope import Envelope
from claude_code_proxy.endpoints.models.endpoint import render_list, render_model
from claude_code_proxy.errors import InvalidRequest, Overloaded, ProxyError, ServerUnavailable
from claude_code_proxy.http1.server.content_coding import CODINGS, coding_of, is_decoded
from claude_code_proxy.http1.server.request import Request
from claude_code_proxy.http1.server.responder import Headers, Responder
from claude_code_proxy.server.access.api_keys import ApiKeys, WrongKey
from claude_code_proxy.server.access.cors import Cors
from claude_code_proxy.server.app_state import AppState
from claude_code_proxy.server.exchange.record import Record
from claude_code_proxy.server.exchange.reply.headers import JSON, error_headers
from claude_code_proxy.server.exchange.selection import make_exchange
from claude_code_proxy.server.routes import Page, Reply, Route, Routes, StreamedPage
from claude_code_proxy.server.sockets.service import SocketService

_PROBES = ("/health", "/health/ready")
_OPEN = (*_PROBES, "/metrics")  # no key is asked for, and nothing recorded
_DELAYED = 1 << 62  # as the limit of a body that nobody reads: the refusal of a wrong key, which has to wait
_RETRY_AFTER = 1.0  # seconds, until a body or a stopping server may have made room
_CODES = {408: "request_timeout", 413: "request_too_large", 431: "request_headers_too_large"}
_INDEX = {
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
}
Fallback = Callable[[str, Mapping[bytes, bytes]], Envelope]
"""Returns the envelope for a path and headers, where no endpoint's own applies."""


Target: TypeAlias = Endpoint | Page | StreamedPage | SocketService


@dataclass(frozen=True)
class Surface:
    """Everything that can be asked for.

    `pages` are routes that need no exchange: method and plain path, like `GET /metrics`, and what makes the reply.
    `sockets` are those whose connections become WebSockets.
    """

    endpoints: Sequence[Endpoint]
    pages: Mapping[str, Page | StreamedPage]
    fallback: Fallback
    sockets: Mapping[str, SocketService] = field(default_factory=dict)


class App:
    """The server's handler, the check of each request's head, and the renderer of the HTTP server's own refusals."""

    def __init__(
        self,
        state: AppState,
        keys: ApiKeys,
        *,
        readiness: Callable[[], Readiness],
        surface: Surface,
        cors: Cors | None = None,
    ) -> None:
        self._state = state
        self._keys = keys
        self._readiness = readiness
        self._fallback = surface.fallback
        self._cors = cors
        self._addresses = ", ".join(f"POST /v1{endpoint.path}" for endpoint in surface.endpoints)
        everywhere: dict[str, Page | StreamedPage] = {
            "GET /": self._index,
            "GET /health": lambda *_: (200, [JSON], b'{"status":"ok"}'),
            "GET /health/ready": self._ready,
            "GET /models": self._models,
            "GET /models/{name...}": self._model,
            **surface.pages,
        }
        rows: list[tuple[str, str, Target]] = [("POST", endpoint.path, endpoint) for endpoint in surface.endpoints]
        named: dict[str, Target] = {**everywhere, **surface.sockets}
        for name, target in named.items():
            method, _, path = name.partition(" ")
            rows.append((method, path, target))
        self._routes: Routes[Target] = Routes(rows)
        self._served = [f"{method} /v1{path}" for method, path, _ in rows if path not in {"/", *_OPEN}]
        # By the paths that nearly all clients use, so that these need no search.
        self._endpoints = {prefix + each.path: each for each in surface.endpoints for prefix in ("", "/v1")}
        self.draining = False

    def check_head(self, request: Request) -> Reply | None:
        """Check key, route and coding by the head alone, so that a refusal comes before the body is read."""
        try:
            if request.method == "POST" and request.path in self._endpoints:
                request.caller = self._keys.check(request.headers)
                _check_coding(request)
                return None
            preflight = self._cors.preflight(request) if self._cors is not None else None
            if preflight is not None:
                return 204, list(preflight), b""
            route = self._routes.find(request.path)
            if route is None or route.path not in _OPEN:
                request.caller = self._keys.check(request.headers)
            elif route.path not in _PROBES:
                self._keys.check_page(request.headers)
            self._check_route(request, route)
            _check_coding(request)
        except WrongKey as error:
            if not self._keys.wrong_keys.delays(request):
                return self._refused(error, request)
            request.stream_body(_DELAYED)
        except ProxyError as error:
            return self._refused(error, request)
        return None

    def handle(self, request: Request, responder: Responder) -> Awaitable[None]:
        """Answer a request that `check_head` has let pass."""
        if request.stream_limit == _DELAYED:
            return self._refuse_later(request, responder)
        endpoint = self._endpoints.get(request.path) if request.method == "POST" else None
        if endpoint is None:
            route = self._routes.find(request.path)
            target = route.target(request.method) if route is not None else None
            if isinstance(target, SocketService):
                return target.serve(request, responder)
            if not isinstance(target, Endpoint):
                return self._show(request, responder, route=route)
            endpoint = target
        exchange = make_exchange(self._state, endpoint, request=request, responder=responder)
        exchange.record.key = request.caller
        if self._cors is not None:
            exchange.record.reply_headers = self._cors.headers(request)
        return exchange.run()

    async def _refuse_later(self, request: Request, responder: Responder) -> None:
        error: ProxyError = WrongKey()
        try:
            await self._keys.wrong_keys.wait(request)
        except Overloaded as too_many:
            error = too_many
        status, headers, body = self._refused(error, request)
        responder.send(status, headers, body)

    def fault(self, status: int, message: str, *, request: Request | None) -> tuple[Headers, bytes]:
        """Render what the HTTP server itself refuses; without a request where its head could not be read."""
        if status == 503:
            error: ProxyError = ServerUnavailable(message, retry_after=_RETRY_AFTER)
        elif status < 500:
            error = InvalidRequest(message, code=_CODES.get(status), status=status)
        else:
            error = ProxyError(message)
        _, headers, body = self._refused(error, request or Request("", ""))
        return headers, body

    async def _show(self, request: Request, responder: Responder, *, route: Route[Target] | None) -> None:
        try:
            page = route.target(request.method) if route is not None else None
            if route is not None and isinstance(page, StreamedPage) and page.wants_stream(request):
                await page.stream(request, route.parameters(request.path), responder=responder)
                self._record(request, 200)
                return
            status, headers, body = await self._page(request, route)
        except ProxyError as error:
            status, headers, body = self._refused(error, request)
        responder.send(status, headers, body)

    async def _page(self, request: Request, route: Route[Target] | None) -> Reply:
        page = route.target(request.method) if route is not None else None
        if route is None or page is None or isinstance(page, Endpoint | SocketService):
            raise self._unknown(request)
        page = page.page if isinstance(page, StreamedPage) else page
        reply = page(request, route.parameters(request.path))
        status, headers, body = reply if isinstance(reply, tuple) else await reply
        if self._cors is not None:
            headers = [*headers, *self._cors.headers(request)]
        if route.path not in _OPEN:
            self._record(request, status)
        return status, headers, body

    def _index(self, *_: object) -> Reply:
        return 200, [JSON], msgspec.json.encode({**_INDEX, "endpoints": self._served})

    def _models(self, request: Request, _: Mapping[str, str]) -> Reply:
        body = render_list(self._state.catalogue, query=request.query, headers=request.headers)
        return 200, [JSON], body

    def _model(self, request: Request, parameters: Mapping[str, str]) -> Reply:
        return 200, [JSON], render_model(self._state.catalogue, parameters["name"], headers=request.headers)

    def _check_route(self, request: Request, route: Route[Target] | None) -> None:
        if route is None:
            raise self._unknown(request)
        if route.target(request.method) is None:
            raise MethodNotAllowed(request, route.methods)

    def _unknown(self, request: Request) -> InvalidRequest:
        return InvalidRequest(
            f"There is nothing at {request.method} {request.path}. Try {self._addresses} or GET /v1/models.",
            code="unknown_url",
            status=404,
        )

    def _ready(self, *_: object) -> Reply:
        readiness = Readiness(ok=False, reason="shutting down") if self.draining else self._readiness()
        status = "ready" if readiness.ok else "not ready"
        body = msgspec.json.encode({"status": status, "reason": readiness.reason})
        return 200 if readiness.ok else 503, [JSON], body

    def _refused(self, error: ProxyError, request: Request) -> Reply:
        endpoint = self._endpoint_of(request)
        envelope = self._fallback(request.path, request.headers) if endpoint is None else endpoint.envelope
        record = self._record(request, error.status, error=error)
        reply = envelope.render_error(error, record.id)
        record.reply_headers = self._cors.headers(request) if self._cors is not None else ()
        headers = error_headers(record, envelope, reply=reply, rate_limits={}, now=0.0)
        if isinstance(error, MethodNotAllowed):
            headers.append((b"allow", ", ".join(error.allowed).encode()))
        return reply.status, headers, reply.body

    def _record(self, request: Request, status: int, *, error: ProxyError | None = None) -> Record:
        """Log and count a request that did not become an exchange."""
        state = self._state
        record = Record(state.next_id(), self._label(request), state.now(), status=status)
        record.key = request.caller
        record.outcome = "failed" if error is not None else "answered"
        if error is not None:
            record.error_kind, record.error_code = error.kind, error.code
        if status in {404, 405}:
            record.method, record.path = request.method, request.path
        for observer in state.observers:
            observer.observe(record)
        return record

    def _endpoint_of(self, request: Request) -> Endpoint | None:
        route = self._routes.find(request.path)
        targets = route.targets.values() if route is not None else ()
        return next((target for target in targets if isinstance(target, Endpoint)), None)

    def _label(self, request: Request) -> str:
        """Return the name of an address for log and metrics: one of few, whatever path a client sends."""
        endpoint = self._endpoint_of(request)
        if endpoint is not None:
            return endpoint.name
        route = self._routes.find(request.path)
        if route is None:
            return "other"
        return route.path.partition("/{")[0][1:] or "index"


def _check_coding(request: Request) -> None:
    if b"content-encoding" not in request.headers:
        return
    coding = coding_of(request)
    if coding and not is_decoded(coding):
        known = ", ".join(sorted(name.decode() for name in CODINGS))
        raise InvalidRequest(
            f"The body is sent with the content-encoding {coding.decode('latin-1')!r}; use one of {known}, or none.",
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
