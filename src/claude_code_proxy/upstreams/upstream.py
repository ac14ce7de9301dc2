"""The seam: a place that serves Messages, whole or as a stream.

Whatever goes wrong is a `ProxyError`. Retries that a caller cannot tell from a slow answer happen behind this seam.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from msgspec import Struct

from claude_code_proxy import messages
from claude_code_proxy.adjustment import Adjustment
from claude_code_proxy.models.model import Model


class Call(Struct, frozen=True):
    """What goes with a request but is not in it.

    `retries` is how often a failed attempt may be made again; `deadline` the loop time by which a whole answer must be
    there. A stream has none: it only idles out.
    """

    betas: tuple[str, ...] = ()
    retries: int = 2
    deadline: float | None = None


class CallStats(Struct):
    """What an exchange records about its upstream side; filled in as it becomes known."""

    request_id: str | None = None
    attempts: int = 0
    begun: bool = False  # the latest attempt has brought a part of its answer
    rate_limits: dict[str, str] = {}


class Capability(Struct, frozen=True):
    """One thing that a request may ask for. `carried`: yes, emulated by the proxy, or no; `how` in a clause."""

    name: str
    carried: str  # the name is public: `GET /v1/capabilities` shows it
    how: str


def _as_it_is(request: messages.MessagesRequest) -> tuple[messages.MessagesRequest, tuple[Adjustment, ...]]:
    return request, ()


@dataclass(frozen=True)
class UpstreamProfile:
    """What an upstream supports.

    `restrict` adjusts a model to it; `drop_unsupported` removes what it cannot take from a request and reports it.

    Both run before adaptation.
    """

    restrict: Callable[[Model], Model] = lambda model: model
    drop_unsupported: Callable[[messages.MessagesRequest], tuple[messages.MessagesRequest, tuple[Adjustment, ...]]] = (
        _as_it_is
    )
    capabilities: tuple[Capability, ...] = ()

    def supports(self, name: str) -> bool:
        """Return True unless a capability of this name says "no"."""
        return all(capability.carried != "no" for capability in self.capabilities if capability.name == name)


EVERYTHING_SUPPORTED = UpstreamProfile()


class EventStream(Protocol):
    """A running answer. The upstream has accepted the request; its first event has not necessarily arrived."""

    @property
    def stats(self) -> CallStats: ...

    async def events(self) -> Sequence[messages.Event] | None:
        """Return the events of the next network read, at least one; None once the stream has ended."""

    def close(self) -> None:
        """Idempotent. Ends an unfinished answer at once, so that the upstream stops working on it."""


class ForwardedReply(Protocol):
    """A running answer in the upstream's own bytes. The upstream has accepted the request."""

    @property
    def stats(self) -> CallStats: ...

    @property
    def is_stream(self) -> bool:
        """Whether it is a stream of events, to be read by `events`, or a body, to be read by `read`."""

    async def events(self) -> bytes | None:
        """Return the whole events of the next network read, at least one; None once the stream has ended."""

    async def read(self) -> bytes:
        """Return the whole body."""

    def close(self) -> None:
        """Idempotent. Ends an unfinished answer at once, so that the upstream stops working on it."""


class Forwarder(Protocol):
    """An upstream that takes requests in its own API's form. It puts in its credential, and changes no more."""

    async def forward(
        self, path: bytes, *, headers: Sequence[tuple[bytes, bytes]], body: bytes, call: Call
    ) -> ForwardedReply:
        """Return once the upstream has accepted the request, with the first events of a stream."""


class Upstream(Protocol):
    async def create(self, request: messages.MessagesRequest, call: Call) -> tuple[messages.Message, CallStats]:
        """Return a whole answer."""

    async def stream(self, request: messages.MessagesRequest, call: Call) -> EventStream:
        """Return once the upstream has accepted the request."""

    async def close(self) -> None: ...
