"""What all exchanges of a server share: the upstream, the catalogue, the rules of the house, clocks and ids."""

import itertools
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from claude_code_proxy.adaptation.adapt import AdaptOptions
from claude_code_proxy.endpoints.endpoint import KeptReply
from claude_code_proxy.errors import LearnedLimit
from claude_code_proxy.http1.server.request import Request
from claude_code_proxy.models.catalogue import Catalogue
from claude_code_proxy.server.access.concurrency import ConcurrencyLimiter
from claude_code_proxy.server.exchange.record import Observer
from claude_code_proxy.server.exchange.reply.keep_alive import KeepAliveTimer
from claude_code_proxy.server.exchange.reply.output_checks import OutputChecks
from claude_code_proxy.server.images import ImageConverter
from claude_code_proxy.state.background_store import JobProgress
from claude_code_proxy.state.kept_thinking import KeptThinking
from claude_code_proxy.upstreams.upstream import EVERYTHING_SUPPORTED, Forwarder, Upstream, UpstreamProfile


class Replies(Protocol):
    """The replies that callers want kept. `headers` are the request's, by which its caller is known.

    `temporary` tells whether they are gone when the server has ended.
    """

    @property
    def temporary(self) -> bool: ...

    async def find(self, ids: Sequence[str], headers: Mapping[bytes, bytes]) -> Mapping[str, bytes]:
        """Return what is kept under ids; what is not found is left out."""

    async def keep(self, replies: Sequence[KeptReply], headers: Mapping[bytes, bytes]) -> None:
        """Keep replies; return when they can be found."""


class NoReplies:
    """Keeps nothing."""

    temporary = False

    async def find(self, ids: Sequence[str], headers: Mapping[bytes, bytes]) -> Mapping[str, bytes]:
        del ids, headers
        return {}

    async def keep(self, replies: Sequence[KeptReply], headers: Mapping[bytes, bytes]) -> None:
        """Forget them."""


class BackgroundQueue(Protocol):
    """Takes responses that are made later."""

    def owner_of(self, request: Request) -> str:
        """Return the owner of what a request makes."""

    async def submit(self, kept: KeptReply, request: Request) -> None:
        """Queue a response. Raise `ProxyError` if that cannot be done."""

    async def progress(self, id: str, *, owner: str, after: int = -1) -> JobProgress | None:
        """Return the state of a response and its events after a number."""


@dataclass(frozen=True, slots=True)
class Policy:
    """`answer_seconds`: the time limit of an answer that is not streamed."""

    default_model: str
    adaptation: AdaptOptions
    strict: bool = False
    answer_seconds: float = 290.0
    retries: int = 2
    keep_alive_seconds: float = 0.0


@dataclass(slots=True)
class AppState:
    """`now` is the loop's clock, read precisely; `wall` the time of day in epoch seconds; `profile` the upstream's.

    `forwarder` is the upstream where it takes requests in its own form. `replies` keeps what callers want
    kept. `stopped` tells whether the server has ended what was left at its own end.
    """

    upstream: Upstream
    catalogue: Catalogue
    policy: Policy
    keep_alive: KeepAliveTimer
    limiter: ConcurrencyLimiter
    kept_thinking: KeptThinking
    now: Callable[[], float]
    wall: Callable[[], float] = time.time
    profile: UpstreamProfile = EVERYTHING_SUPPORTED
    forwarder: Forwarder | None = None
    replies: Replies = field(default_factory=NoReplies)
    background: BackgroundQueue | None = None
    observers: Sequence[Observer] = ()
    output_checks: OutputChecks = field(default_factory=OutputChecks)
    images: ImageConverter = field(default_factory=ImageConverter)
    stopped: Callable[[], bool] = lambda: False
    _ids: "itertools.count[int]" = field(default_factory=itertools.count)
    _prefix: str = field(default_factory=lambda: os.urandom(8).hex())

    def next_id(self) -> str:
        """Return an id that is unique among all processes. It is no secret."""
        return f"{self._prefix}{next(self._ids):08x}"

    def learn_limit(self, model_id: str, limit: LearnedLimit) -> None:
        self.catalogue = self.catalogue.with_limit(model_id, limit)
