"""What a server is given: the types of its callbacks, and its limits.

A handler answers requests, a head check may refuse one before its body is read, an error renderer writes the server's
own refusals. How they are used stands in `connection`.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from sys import maxsize
from typing import Protocol

from claude_code_proxy.http1.server.request import Request
from claude_code_proxy.http1.server.responder import Headers, Responder

Handler = Callable[[Request, Responder], Awaitable[None]]
"""Answers one request as one task, which starts when the body is complete and is cancelled when the client leaves."""

Answer = tuple[int, Headers, bytes]
"""Status, headers and body of a whole reply."""

HeadCheck = Callable[[Request], Answer | None]
"""Sees a request by its head, while `body` is b""; an answer refuses it before its body is read.

It may also have the body streamed to the handler: see `Request.stream_body`.
"""


class ErrorRenderer(Protocol):
    """Renders a refusal of the server's own as headers and body; `request` is None where its head could not be read."""

    def __call__(self, status: int, message: str, *, request: Request | None) -> tuple[Headers, bytes]: ...


OnError = Callable[[Exception], None]
"""Receives what one of the other callbacks raised; the client is answered or cut off all the same."""


@dataclass(frozen=True)
class ServerLimits:
    """Bytes and seconds that a client may use. Times are checked by a sweep, so they are exact to one sweep."""

    connections: int = maxsize  # open at once; further ones wait in the system's queue
    head_bytes: int = 65536
    head_count: int = 128  # header lines
    head_seconds: float = 10.0  # from the first byte to the complete head
    body_bytes: int = 32 * 1024 * 1024
    body_memory: int = maxsize  # of all bodies together; see `body_memory`
    body_memory_seconds: float = 5.0  # that a request waits for its part of it
    body_idle_seconds: float = 30.0  # without a byte
    body_bytes_per_second: int = 1024  # the least that may arrive; see `incoming`
    body_seconds: float = 600.0  # for all of a body, while others wait for memory
    keep_alive_seconds: float = 75.0  # between two requests, and before the first
    keep_alive_when_full_seconds: float = 2.0  # the same while others wait for a connection
    unread_seconds: float = 60.0  # while the client takes nothing of what was written for it
    high_water: int = 65536  # unsent bytes from which `drain` waits
    read_ahead_bytes: int = 65536  # kept of what follows a request that is still being answered
    linger_seconds: float = 5.0  # in which the rest of a refused request is dropped, so that the refusal arrives
    linger_bytes: int = 64 * 1024 * 1024
    sweep_seconds: float = 1.0

    @property
    def largest_body(self) -> int:
        """The bytes of the largest body that is collected."""
        return min(self.body_bytes, self.body_memory)


def plain_error(status: int, message: str, *, request: Request | None) -> tuple[Headers, bytes]:
    """Return the refusal as a line of text."""
    del status, request
    return [(b"content-type", b"text/plain; charset=utf-8")], message.encode() + b"\n"
