"""The one path of every request: admitted, served, recorded, however it ends.

How it is served, a subclass says: `translated` for an endpoint's own form, `forwarded` for one that the upstream speaks
too. Every error on the way is caught here, once, and rendered in the client's words.
"""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import reduce

from claude_code_proxy import messages
from claude_code_proxy.endpoints.endpoint import Endpoint, KeptReply, ReplyContext
from claude_code_proxy.endpoints.envelope import Headers
from claude_code_proxy.errors import ProxyError, ServerUnavailable
from claude_code_proxy.http1.server.request import Request
from claude_code_proxy.http1.server.responder import Responder
from claude_code_proxy.models.model import Model
from claude_code_proxy.models.pricing import total_usd
from claude_code_proxy.server.app_state import AppState
from claude_code_proxy.server.exchange.billing import Bill
from claude_code_proxy.server.exchange.paused_turns import sum_usage
from claude_code_proxy.server.exchange.record import Record
from claude_code_proxy.server.exchange.reply.headers import error_headers, stream_headers, whole_headers
from claude_code_proxy.server.process.logs import place_of
from claude_code_proxy.upstreams.upstream import Call

_log = logging.getLogger(__name__)
_RETRY_AFTER = 1.0  # seconds
_RETRIED_BY_CLIENT = b"x-stainless-retry-count"


class Exchange(ABC):
    """One request and its reply."""

    __slots__ = ("_endpoint", "_kept", "_rate_limits", "_request", "_responder", "_state", "record", "replies")

    def __init__(self, state: AppState, endpoint: Endpoint, *, request: Request, responder: Responder) -> None:
        self._state = state
        self._endpoint = endpoint
        self._request = request
        self._responder = responder
        self._kept: list[KeptReply] = []  # what the caller wants kept of the reply
        self._rate_limits: dict[str, str] = {}
        self.record = Record(state.next_id(), endpoint.name, state.now())
        self.replies = state.replies  # where replies are kept; a connection may have a place of its own

    async def run(self) -> None:
        record = self.record
        limiter = self._state.limiter
        inside = False
        try:
            if not limiter.try_enter():
                await limiter.enter()
            inside = True
            await self._serve()
            if record.outcome == "running":
                if self._responder.gone:
                    self._cut_off()
                else:
                    record.outcome = "answered"
        except ProxyError as error:
            self._fail(error)
        except asyncio.CancelledError:
            self._cut_off()
            raise
        except Exception as error:  # noqa: BLE001 - an error of ours: the client gets a clean answer, the log the place
            _log.error("unhandled error in request %s: %s", record.id, place_of(error))
            self._fail(ProxyError("Internal error in the proxy; its log says where."))
        finally:
            if inside:
                limiter.leave()
            record.duration = self._state.now() - record.started
            for observer in self._state.observers:
                observer.observe(record)

    @abstractmethod
    async def _serve(self) -> None:
        """Answer the request. Raise `ProxyError`."""

    @abstractmethod
    def _last_frame(self, error: ProxyError) -> bytes:
        """Return the frame that tells the client of an error after the reply has begun; b"" if there is none yet."""

    def _param(self, error: ProxyError) -> str | None:
        """Return the client's field that the error is about."""
        return error.param

    def _note_model(self, name: str) -> Model:
        """Record the model that was asked for, and return the one that will serve."""
        record = self.record
        record.requested_model = name
        model = self._state.catalogue.find(name)
        record.model, record.known_model = model.id, model.known
        return model

    def _context(self, model: Model) -> ReplyContext:
        record = self.record
        wall = self._state.wall
        return ReplyContext(
            self._endpoint.id_prefix + record.id,
            int(wall()),
            record.requested_model,
            Bill(model),
            completed=lambda: int(wall()),
            keep=self._kept.append,
        )

    def _call(self, betas: tuple[str, ...] = ()) -> Call:
        """Return what goes with the request upstream. A client that tries again by itself needs no retries of ours."""
        policy, record = self._state.policy, self.record
        most = min(policy.retries, self._endpoint.most_retries)
        retries = 0 if self._request.headers.get(_RETRIED_BY_CLIENT, b"0") != b"0" else most
        return Call(betas, retries=retries, deadline=None if record.stream else record.started + policy.answer_seconds)

    def _stream_head(self) -> Headers:
        record = self.record
        record.status = 200
        record.duration = self._state.now() - record.started
        return stream_headers(record, self._endpoint.envelope, rate_limits=self._rate_limits, now=self._state.wall())

    def _send_whole(self, body: bytes, extra: Headers | None = None) -> None:
        record = self.record
        record.duration = record.first_byte = self._state.now() - record.started
        record.status = 200
        headers = whole_headers(record, self._endpoint.envelope, rate_limits=self._rate_limits, now=self._state.wall())
        self._responder.send(200, headers + extra if extra else headers, body)

    def _bill(self, context: ReplyContext, usages: Sequence[messages.Usage]) -> None:
        record = self.record
        record.usage = usages[0] if len(usages) == 1 else reduce(sum_usage, usages)
        record.cost = total_usd([context.cost(usage) for usage in usages])

    def _cut_off(self) -> None:
        """Record that nobody reads the rest: the client has gone, or the server has ended."""
        record = self.record
        if self._state.stopped():
            if not self._responder.finished:
                self._fail(ServerUnavailable("The server is stopping. Try again shortly.", retry_after=_RETRY_AFTER))
            record.outcome, record.status = "stopped", record.status or 503
        else:
            record.outcome = "left"

    def _fail(self, error: ProxyError) -> None:
        record = self.record
        self._note(error)
        if self._responder.started:
            self._break_off(error)
            return
        record.outcome = "failed"
        envelope = self._endpoint.envelope
        reply = envelope.render_error(error, record.id, param=self._param(error))
        record.status = reply.status
        record.duration = self._state.now() - record.started
        limits = getattr(error, "rate_limits", {})
        headers = error_headers(record, envelope, reply=reply, rate_limits=limits, now=self._state.wall())
        self._responder.send(reply.status, headers, reply.body)

    def _break_off(self, error: ProxyError) -> None:
        """Send an error frame and no end mark, and cut the connection: the only sign that every client sees.

        Where the frame is a sign that every client sees, the reply ends as others do: a cut would hide what it says.
        """
        self.record.outcome = "broken"
        if not self._responder.finished:
            frame = self._last_frame(error)
            if frame and self._endpoint.failure_is_an_end:
                self._responder.write_end(frame)
                return
            self._responder.write(frame)
        self._responder.abort()

    def _note(self, error: ProxyError) -> None:
        record = self.record
        record.attempts += error.attempts
        record.error_kind, record.error_code = error.kind, error.code
        record.upstream_request_id = error.request_id or record.upstream_request_id
        record.cause = type(error.__cause__).__name__ if error.__cause__ is not None else None
