"""What all endpoints of one public API share: the form of its errors, and the headers that its clients read."""

import math
from collections.abc import Callable, Mapping
from typing import Protocol, TypeAlias

from msgspec import Struct

from claude_code_proxy.errors import ProxyError

Headers: TypeAlias = list[tuple[bytes, bytes]]


class ErrorReply(Struct, frozen=True):
    """An error as its client gets it. `headers` are those that the error adds to the usual ones."""

    status: int
    body: bytes
    headers: Headers


class RequestHeaders(Protocol):
    """Names a request: the proxy's id of it, the upstream's if there is one, and the seconds that it has taken."""

    def __call__(self, request_id: str, upstream_request_id: str | None, *, seconds: float) -> Headers: ...


class RenderError(Protocol):
    """Renders an error for the request of this id; `param` is the client's field that the error is about."""

    def __call__(self, error: ProxyError, request_id: str, *, param: str | None = None) -> ErrorReply: ...


class Envelope(Struct, frozen=True):
    """How one public API speaks of errors, requests and limits.

    `rate_limit_headers` takes the upstream's `anthropic-ratelimit-*` headers and the time in epoch seconds.
    """

    render_error: RenderError
    request_headers: RequestHeaders
    rate_limit_headers: Callable[[Mapping[str, str], float], Headers]


def retry_headers(retry_after: float | None, *, should_retry: bool | None) -> Headers:
    """Return when and whether to try again: whole seconds, at least one, beside the precise time."""
    headers: Headers = []
    if retry_after is not None:
        headers.append((b"retry-after", b"%d" % max(1, math.ceil(retry_after))))
        headers.append((b"retry-after-ms", b"%d" % math.ceil(retry_after * 1000)))
    if should_retry is not None:
        headers.append((b"x-should-retry", b"true" if should_retry else b"false"))
    return headers
