"""The record of one exchange, from which access line, metrics and headers are made. It holds no content."""

from collections.abc import Sequence
from typing import Literal, Protocol

from msgspec import Struct

from claude_code_proxy.adjustment import Adjustment
from claude_code_proxy.messages import Usage

Outcome = Literal["running", "answered", "failed", "broken", "left", "stopped"]
CLIENT_LEFT = 499
"""Stands for the status where there was none because the client left too early: nginx's convention."""


class Record(Struct):
    """Times are in seconds: `started` on the loop's clock, the others since then.

    `outcome`: answered in full; failed with an HTTP error; broken after the reply had begun; left by the client; or
    stopped, because the server ended first.
    `key` is the name of the caller's API key, if one was asked for; `method` and `path` are set where the path has no
    endpoint, or does not take the method. `stop_reason` is the Messages API's, several with commas between them.
    `reply_headers` are extra headers for the reply (CORS).
    """

    id: str
    endpoint: str
    started: float
    requested_model: str = ""
    model: str = ""
    known_model: bool = False
    stream: bool = False
    status: int = 0
    outcome: Outcome = "running"
    first_byte: float | None = None
    duration: float = 0.0
    usage: Usage | None = None
    cost: float | None = None
    adjustments: tuple[Adjustment, ...] = ()
    upstream_request_id: str | None = None
    attempts: int = 0
    error_kind: str | None = None
    error_code: str | None = None
    cause: str | None = None
    stop_reason: str | None = None
    key: str = ""
    method: str = ""
    path: str = ""
    reply_headers: Sequence[tuple[bytes, bytes]] = ()


class Observer(Protocol):
    """Receives the record of every exchange when it is over."""

    def observe(self, record: Record) -> None: ...
