"""Request paths, as people really type them -> what answers there, by method."""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Generic, Protocol, TypeAlias, TypeVar
from urllib.parse import unquote

from msgspec import Struct

from claude_code_proxy.http1.server.request import Request
from claude_code_proxy.http1.server.responder import Headers, Responder

_SLASHES = re.compile(r"/{2,}")
_PREFIX = re.compile(r"^(?:(?:/api|/openai)?(?:/v1)+(?=/|$)|(?:/api|/openai)(?=/))")  # as other services have it
_ENDPOINTS = "chat/completions|completions|embeddings|messages|models|responses"
_ENDPOINT_IN_BASE = re.compile(rf"^/(?:{_ENDPOINTS})(?:/v1)?(?=/(?:{_ENDPOINTS})(?:/|$))")
_DEPLOYMENT = re.compile(r"^/deployments/(?P<model>[^/]+)(?=/)")
_PARAMETER = re.compile(r"\\{(\w+)(\\\.\\\.\\\.)?\\}")  # as `re.escape` leaves it
_T = TypeVar("_T")
Reply: TypeAlias = tuple[int, Headers, bytes]
Page: TypeAlias = Callable[[Request, Mapping[str, str]], Reply | Awaitable[Reply]]
"""Answers a request that needs no exchange, given the parameters of its path."""


class StreamPage(Protocol):
    """Answers such a request with a stream. It raises `ProxyError` only before it has begun."""

    def __call__(self, request: Request, parameters: Mapping[str, str], *, responder: Responder) -> Awaitable[None]: ...


class StreamedPage(Struct, frozen=True):
    """A page that some requests want as a stream, as `wants_stream` tells."""

    page: Page
    wants_stream: Callable[[Request], bool]
    stream: StreamPage


def plain_path(path: str) -> str:
    """Return the path without `/v1`, doubled slashes and a trailing slash: `/v1/v1//models/` -> `/models`.

    Clients that change only the host of `/api/v1` or `/openai/v1` are served too, those whose base URL holds the whole
    endpoint (`/v1/chat/completions/models`), and Azure's (`/openai/deployments/NAME/chat/completions`).
    """
    path = _PREFIX.sub("", _SLASHES.sub("/", path))
    path = _DEPLOYMENT.sub("", path, count=1)
    return _ENDPOINT_IN_BASE.sub("", path, count=1).rstrip("/") or "/"


def deployment(path: str) -> str | None:
    """Return the model that an address of Azure's names as its deployment, or None.

    https://learn.microsoft.com/azure/ai-services/openai/reference
    """
    if "/deployments/" not in path:
        return None
    found = _DEPLOYMENT.match(_PREFIX.sub("", _SLASHES.sub("/", path)))
    return unquote(found["model"]) if found is not None else None


class Route(Struct, Generic[_T], frozen=True):
    """One path of the server. `path` is as it was declared, `targets` what answers, by method."""

    path: str
    pattern: re.Pattern[str]
    targets: Mapping[str, _T]

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods that are allowed here: HEAD wherever GET is."""
        return tuple(name for method in self.targets for name in ((method, "HEAD") if method == "GET" else (method,)))

    def target(self, method: str) -> _T | None:
        return self.targets.get("GET" if method == "HEAD" else method)

    def parameters(self, path: str) -> dict[str, str]:
        """Return the values of the parameters in a path as a client sent it."""
        found = self.pattern.fullmatch(plain_path(path))
        return {name: unquote(value) for name, value in found.groupdict().items()} if found is not None else {}


class Routes(Generic[_T]):
    """The table of all paths. `{name}` in a path is one segment, `{name...}` the rest of the path, slashes included."""

    def __init__(self, rows: Iterable[tuple[str, str, _T]]) -> None:
        """Each row is a method, a plain path and its target."""
        targets: dict[str, dict[str, _T]] = {}
        for method, path, target in rows:
            targets.setdefault(path, {})[method] = target
        self._exact: dict[str, Route[_T]] = {}
        self._patterns: list[Route[_T]] = []
        for path, by_method in targets.items():
            route = Route(path, _compile(path), by_method)
            if "{" in path:
                self._patterns.append(route)
            else:
                self._exact[path] = self._exact[f"/v1{path}"] = route

    def find(self, path: str) -> Route[_T] | None:
        """Return the route of a path as a client sent it, if there is one."""
        route = self._exact.get(path)
        return route if route is not None else self._find_plain(plain_path(path))

    def _find_plain(self, path: str) -> Route[_T] | None:
        route = self._exact.get(path)
        if route is not None:
            return route
        return next((route for route in self._patterns if route.pattern.fullmatch(path)), None)


def _compile(path: str) -> re.Pattern[str]:
    return re.compile(_PARAMETER.sub(lambda found: f"(?P<{found[1]}>{'.+' if found[2] else '[^/]+'})", re.escape(path)))
