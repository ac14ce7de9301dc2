"""Settings -> the server of one process, with everything it stands on. Put together here, and only here."""

import asyncio
import os
import ssl
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from claude_code_proxy.adaptation.adapt import AdaptOptions
from claude_code_proxy.credentials.chain import CredentialSource, Readiness
from claude_code_proxy.endpoints.chat_completions import CHAT_COMPLETIONS
from claude_code_proxy.endpoints.completions import COMPLETIONS
from claude_code_proxy.endpoints.fallback import fallback_envelope
from claude_code_proxy.endpoints.messages import COUNT_TOKENS, MESSAGES
from claude_code_proxy.endpoints.responses import input_tokens_endpoint, responses_endpoint
from claude_code_proxy.endpoints.responses.background import BACKGROUND
from claude_code_proxy.errors import Misconfigured, Unauthenticated
from claude_code_proxy.http1.client import (
    ClientLimits,
    Origin,
    Timeouts,
    Transport,
    parse_origin,
    parse_proxy,
    proxy_for,
)
from claude_code_proxy.http1.server.request import Request
from claude_code_proxy.http1.server.server import Server
from claude_code_proxy.http1.server.types import ServerLimits
from claude_code_proxy.models.catalogue import BUILT_IN
from claude_code_proxy.models.upstream_list import ModelInfo
from claude_code_proxy.secret import Secret
from claude_code_proxy.server.access.api_keys import ApiKeys
from claude_code_proxy.server.access.browser_guard import BrowserGuard
from claude_code_proxy.server.access.concurrency import ConcurrencyLimiter
from claude_code_proxy.server.access.cors import Cors
from claude_code_proxy.server.access.peers import Peers
from claude_code_proxy.server.access.wrong_keys import WrongKeys
from claude_code_proxy.server.app import App, Surface
from claude_code_proxy.server.app_state import AppState, Policy
from claude_code_proxy.server.background.pages import BackgroundPages
from claude_code_proxy.server.background.service import BackgroundService
from claude_code_proxy.server.embeddings import EMBEDDINGS, UNSUPPORTED, EmbeddingsForwarder
from claude_code_proxy.server.exchange.dry_run import dry_run
from claude_code_proxy.server.exchange.reply.headers import JSON
from claude_code_proxy.server.exchange.reply.keep_alive import KeepAliveTimer
from claude_code_proxy.server.login_service import LoginService
from claude_code_proxy.server.opened_state import open_state
from claude_code_proxy.server.process import logs
from claude_code_proxy.server.process.log_writer import STANDARD_OUTPUT, LogWriter
from claude_code_proxy.server.process.memory_limit import memory_limit
from claude_code_proxy.server.process.open_files import ShortageReport, client_connections, upstream_connections
from claude_code_proxy.server.routes import Reply
from claude_code_proxy.server.sockets.service import SocketService
from claude_code_proxy.server.telemetry.access_log import AccessLog, layout
from claude_code_proxy.server.telemetry.counters import Counts, CredentialGauge, Gauges
from claude_code_proxy.server.telemetry.metrics import Metrics, MetricsPage
from claude_code_proxy.server.telemetry.multiprocess import SharedCounts
from claude_code_proxy.server.upstream_models import CheckedCredential, keep_fresh
from claude_code_proxy.settings import Settings
from claude_code_proxy.state.kept_thinking import KeptThinking
from claude_code_proxy.upstreams.anthropic.capabilities import PROFILE as MESSAGES_API
from claude_code_proxy.upstreams.anthropic.messages_api import MessagesApi
from claude_code_proxy.upstreams.claude_code.capabilities import PROFILE as CLAUDE_CODE
from claude_code_proxy.upstreams.upstream import Upstream, UpstreamProfile

_EMBEDDINGS_CONNECTIONS = 20
AskModels = Callable[[], Awaitable[Sequence[ModelInfo]]]


@dataclass(frozen=True)
class Place:
    """What one worker of several is given: its number, a directory that all share, a pipe that ends with the parent.

    `report` tells the parent that the worker serves; a worker that does not call it for long is replaced.
    """

    slot: int
    directory: Path
    parent: int
    report: Callable[[], None]


class Assembly:
    """Made on a running event loop. `start` begins to serve, `drain` ends that, `close` lets everything go."""

    def __init__(self, settings: Settings, *, files: int, place: Place | None = None) -> None:
        """`files` is how many the process may have open. Raise `Misconfigured`."""
        loop = asyncio.get_running_loop()
        self.settings = settings
        self._connections = client_connections(files)
        self._share = None if place is None else SharedCounts(place.directory, place.slot)
        self._tasks: list[asyncio.Task[None]] = []
        self.metrics = Metrics(self._gauges, None if self._share is None else self._share.inherited())
        self.login = LoginService(settings)
        self.credentials = self.login.credentials
        self.checked = CheckedCredential(self.credentials)
        self._log = _access_log(settings, loop)
        self._kept = open_state(settings, None if place is None else place.directory)
        self._read_models: AskModels | None = None
        self.upstream, profile = self._choose_upstream(upstream_connections(files, settings.max_concurrent))
        self._embeddings = _embeddings(settings)
        self._keys = _api_keys(settings)
        self.state = self._app_state(profile, loop)
        self.app = App(
            self.state,
            self._keys,
            readiness=self.checked.readiness,
            surface=self._surface(profile),
            cors=_cors(settings),
        )
        self.server = _server(settings, self.app, connections=self._connections)
        self.state.stopped = lambda: self.server.gave_up

    def _app_state(self, profile: UpstreamProfile, loop: asyncio.AbstractEventLoop) -> AppState:
        """Return what all exchanges share."""
        settings = self.settings
        return AppState(
            upstream=self.upstream,
            profile=profile,
            forwarder=self.upstream if isinstance(self.upstream, MessagesApi) else None,
            catalogue=BUILT_IN.with_aliases(settings.model_aliases),
            policy=_policy(settings),
            keep_alive=KeepAliveTimer(loop, settings.keepalive_seconds),
            limiter=_limiter(settings, self.metrics),
            kept_thinking=KeptThinking(self._kept.stores.thinking, time.time),
            replies=self._kept.replies,
            now=time.monotonic,
            observers=[self.metrics] if self._log is None else [self._log, self.metrics],
        )

    def _surface(self, profile: UpstreamProfile) -> Surface:
        """Return all that can be asked for."""
        name = upstream_name(self.settings, self.credentials)
        page = MetricsPage(self._counts, lambda: _credential(self.credentials), share=self._share)
        responses = replace(responses_endpoint(self._kept.sealer), background=BACKGROUND)
        self._background = BackgroundService(
            self.state, responses, replies=self._kept.replies, store=self._kept.stores.background
        )
        self.state.background = self._background
        background = BackgroundPages(self._background, self._kept.replies, silence=self.settings.keepalive_seconds)
        self._socket = SocketService(
            self.state,
            responses_endpoint(self._kept.sealer, keeps_all=True),
            most_bytes=self.settings.max_body_bytes,
        )
        return Surface(
            endpoints=(
                CHAT_COMPLETIONS,
                COMPLETIONS,
                responses,
                input_tokens_endpoint(self._kept.sealer),
                MESSAGES,
                COUNT_TOKENS,
            ),
            pages={
                **UNSUPPORTED,
                **self._kept.replies.pages(),
                **background.pages(),
                **self._kept.conversations.pages(),
                **({EMBEDDINGS: self._embeddings} if self._embeddings is not None else {}),
                "GET /capabilities": lambda *_: (200, [JSON], _capabilities(name, profile)),
                "GET /metrics": page,
                "POST /translate": self._translate,
            },
            fallback=fallback_envelope,
            sockets={"GET /responses": self._socket},
        )

    async def start(self) -> None:
        """Begin to serve. Raise `OSError` when the address cannot be used."""
        settings = self.settings
        await self.server.start(host=settings.host, port=settings.port, reuse_port=self._share is not None)
        self.login.start()
        self.run_in_background(self._background.run())
        if self._read_models is not None:
            seconds = settings.models_refresh_seconds
            read_models = partial(self.checked.models, self._read_models)
            self.run_in_background(keep_fresh(self.state, read_models, seconds=seconds))
        if self._share is not None:
            self.run_in_background(self._share.keep(self._counts))

    def use(self, settings: Settings) -> None:
        """Take over the settings that can change while the server runs: keys, aliases and limits."""
        self.settings = settings
        self._keys.use(settings.proxy_api_key)
        self.state.catalogue = self.state.catalogue.with_aliases(settings.model_aliases)
        self.state.limiter.use(
            settings.max_concurrent, queued=settings.max_queued, queue_seconds=settings.queue_seconds
        )
        self.server.use_limits(_server_limits(settings, self._connections))

    def run_in_background(self, work: Coroutine[Any, Any, None]) -> None:
        """Run it until it ends, or until `close`."""
        self._tasks.append(asyncio.create_task(work))

    async def check_credential(self, seconds: float) -> Readiness:
        """Return the readiness once the upstream was asked for its models, or after so many seconds."""
        if self._read_models is not None:
            await self.checked.wait(seconds)
        return self.checked.readiness()

    async def drain(self, seconds: float) -> None:
        """Accept no more connections and wait that long for running requests. A second call may shorten the wait."""
        self.app.draining = True
        self._socket.drain()
        await asyncio.gather(self.server.shutdown(seconds), self._background.drain(seconds))

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._background.close()
        await self.upstream.close()
        if self._embeddings is not None:
            await self._embeddings.close()
        await self.login.close()
        await self._kept.stores.close()
        if self._log is not None:
            self._log.close()
        if self._share is not None:
            self._share.write(self._counts())

    def _choose_upstream(self, connections: int) -> tuple[Upstream, UpstreamProfile]:
        """Return the upstream: Claude Code where there is a login for it, else the Messages API."""
        settings = self.settings
        if self.credentials.through_claude_code:
            return self.login.upstream(self.metrics.upstream_failed), CLAUDE_CODE
        upstream = MessagesApi(
            make_transport(settings, connections),
            self.credentials,
            workspace_id=settings.anthropic_workspace_id,
            on_failure=self.metrics.upstream_failed,
        )
        self._read_models = upstream.models
        return upstream, MESSAGES_API

    async def _translate(self, request: Request, _: Mapping[str, str]) -> Reply:
        betas = request.headers.get(b"anthropic-beta", b"").decode("latin-1")
        return 200, [JSON], await dry_run(self.state, CHAT_COMPLETIONS, body=request.body, betas=betas)

    def _gauges(self) -> Gauges:
        limiter, memory = self.state.limiter, self.server.memory
        return Gauges(
            open_streams=self.state.keep_alive.streams,
            requests_in_progress=limiter.inside,
            requests_waiting=limiter.waiting,
            client_connections=self.server.connections if self.server.sockets else 0,
            body_memory_bytes=memory.used,
            body_memory_limit_bytes=memory.capacity,
            requests_waiting_for_memory=memory.waiting,
            claude_code_processes=len(self.login.pool or ()),
        )

    def _counts(self) -> Counts:
        counts = self.metrics.counts(os.getpid())
        pool = self.login.pool
        if pool is not None:  # of one worker alone, so there is nobody's to add to
            counts.totals.processes_started, counts.totals.processes_ended = pool.started, dict(pool.ended)
            counts.totals.login_renewals = self.login.renewal.renewed
        return counts


def credential_source(settings: Settings) -> CredentialSource:
    return LoginService(settings).credentials


def upstream_name(settings: Settings, source: CredentialSource) -> str:
    """Name the upstream. Without a credential it is Claude Code: only a login for it can appear later."""
    if settings.upstream == "simulated":
        return "simulated"
    return "claude-code" if source.through_claude_code else "anthropic"


def _credential(source: CredentialSource) -> CredentialGauge:
    try:
        credential = source.resolve()
    except Unauthenticated:
        return CredentialGauge(ready=False, kind="none")
    left = None if credential.expires_at is None else credential.expires_at - time.time()
    return CredentialGauge(ready=True, kind=credential.kind, seconds_left=left)


def _capabilities(upstream: str, profile: UpstreamProfile) -> bytes:
    return msgspec.json.encode({"upstream": upstream, "capabilities": profile.capabilities})


def _access_log(settings: Settings, loop: asyncio.AbstractEventLoop) -> AccessLog | None:
    if settings.log_level == "error":
        return None
    only_failures = settings.log_level == "warning"
    return AccessLog(
        layout(settings.log_format),
        loop,
        writer=LogWriter(),
        only_failures=only_failures,
        at_once=os.isatty(STANDARD_OUTPUT),
    )


def _limiter(settings: Settings, metrics: Metrics) -> ConcurrencyLimiter:
    return ConcurrencyLimiter(
        settings.max_concurrent,
        queued=settings.max_queued,
        queue_seconds=settings.queue_seconds,
        on_refusal=metrics.turned_away,
    )


def _api_keys(settings: Settings) -> ApiKeys:
    guard = BrowserGuard(settings.cors_origins, loopback_only=settings.loopback_only)
    return ApiKeys(settings.proxy_api_key, guard, wrong_keys=WrongKeys(Peers(settings.trusted_proxies)))


def _cors(settings: Settings) -> Cors | None:
    if not settings.cors_origins and not settings.loopback_only:
        return None
    return Cors(settings.cors_origins, local_pages=settings.loopback_only)


def _policy(settings: Settings) -> Policy:
    return Policy(
        default_model=settings.default_model,
        adaptation=AdaptOptions(prompt_cache=settings.prompt_cache == "auto"),
        strict=settings.strict,
        answer_seconds=settings.answer_seconds,
        retries=settings.max_retries,
        keep_alive_seconds=settings.keepalive_seconds,
    )


def _embeddings(settings: Settings) -> EmbeddingsForwarder | None:
    if not settings.embeddings_base_url:
        return None
    origin = parse_origin(settings.embeddings_base_url, name="EMBEDDINGS_BASE_URL")
    return EmbeddingsForwarder(
        _transport(settings, origin, connections=_EMBEDDINGS_CONNECTIONS), settings.embeddings_api_key
    )


def make_transport(settings: Settings, connections: int) -> Transport:
    """Make the client for the Messages API."""
    origin = parse_origin(settings.anthropic_api_base, name="ANTHROPIC_API_BASE")
    return _transport(settings, origin, connections=connections)


def _transport(settings: Settings, origin: Origin, *, connections: int) -> Transport:
    timeouts = Timeouts(
        connect=settings.connect_seconds, first_byte=settings.first_byte_seconds, idle=settings.idle_seconds
    )
    proxy = proxy_for(
        origin,
        https_proxy=_revealed(settings.https_proxy),
        http_proxy=_revealed(settings.http_proxy),
        no_proxy=",".join(settings.no_proxy),
    )
    return Transport(
        origin,
        timeouts=timeouts,
        limits=ClientLimits(max_connections=connections),
        tls=_tls(settings.ssl_cert_file),
        proxy=None if proxy is None else parse_proxy(proxy, name="HTTPS_PROXY" if origin.tls else "HTTP_PROXY"),
    )


def _tls(certificates: Path | None) -> ssl.SSLContext | None:
    """Return a context for these certificates; None for the system's own."""
    if certificates is None:
        return None
    try:
        context = ssl.create_default_context(cafile=str(certificates))
    except (OSError, ssl.SSLError) as error:
        raise Misconfigured(f"SSL_CERT_FILE: {certificates} cannot be read as certificates.") from error
    context.set_alpn_protocols(["http/1.1"])
    return context


def _revealed(secret: Secret | None) -> str | None:
    return secret.reveal() if secret is not None else None


def _server(settings: Settings, app: App, *, connections: int) -> Server:
    return Server(
        app.handle,
        check_head=app.check_head,
        render_error=app.fault,
        on_error=logs.report_unhandled,
        on_full=ShortageReport(connections),
        limits=_server_limits(settings, connections),
    )


def _server_limits(settings: Settings, connections: int) -> ServerLimits:
    return ServerLimits(
        connections=connections,
        head_bytes=settings.max_header_bytes,
        head_seconds=settings.header_seconds,
        body_bytes=settings.max_body_bytes,
        body_memory=(settings.max_body_memory or memory_limit() // 6) // settings.workers,
    )
