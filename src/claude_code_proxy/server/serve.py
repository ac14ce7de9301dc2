"""Settings -> a running server, until it is told to stop. Everything is put together here, and only here."""

import asyncio
import contextlib
import gc
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass

from claude_code_proxy.adaptation.adapt import Options
from claude_code_proxy.credentials.chain import CredentialSource, Readiness
from claude_code_proxy.credentials.credential import Credential
from claude_code_proxy.credentials.login_file import LoginFile
from claude_code_proxy.endpoints.chat_completions import CHAT_COMPLETIONS
from claude_code_proxy.errors import Misconfigured
from claude_code_proxy.http1.contract import Limits as ClientLimits
from claude_code_proxy.http1.server import Server
from claude_code_proxy.models.catalogue import BUILT_IN
from claude_code_proxy.secret import Secret
from claude_code_proxy.server.api_keys import ApiKeys
from claude_code_proxy.server.app import App, fault
from claude_code_proxy.server.model_list import keep_fresh
from claude_code_proxy.server.pulse import Pulse
from claude_code_proxy.server.serving import Policy, Serving
from claude_code_proxy.server.turnstile import Turnstile
from claude_code_proxy.settings import Settings
from claude_code_proxy.state.store import MemoryStore, Store
from claude_code_proxy.state.vault import ThinkingVault
from claude_code_proxy.upstreams.anthropic.address import parse_origin, proxy_for
from claude_code_proxy.upstreams.anthropic.limits import Timeouts
from claude_code_proxy.upstreams.anthropic.messages_api import MessagesApi
from claude_code_proxy.upstreams.anthropic.transport import Transport

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


@dataclass(frozen=True)
class Listening:
    """What the start may tell: where the server listens, and what it will authenticate with."""

    url: str
    credential: Readiness


async def serve(settings: Settings, *, ready: Callable[[Listening], None]) -> None:
    """Serves until SIGTERM or SIGINT; running replies then have `drain_seconds` to finish, or until a second signal."""
    loop = asyncio.get_running_loop()
    credentials = credential_source(settings)
    upstream = MessagesApi(_transport(settings), credentials, workspace_id=settings.anthropic_workspace_id)
    serving = Serving(
        upstream=upstream,
        catalogue=BUILT_IN.with_aliases(settings.model_aliases),
        policy=_policy(settings),
        pulse=Pulse(loop, settings.keepalive_seconds),
        turnstile=Turnstile(settings.max_concurrent, queued=settings.max_queued, queue_seconds=settings.queue_seconds),
        vault=ThinkingVault(_store(settings), time.time),
        now=loop.time,
    )
    app = App(serving, ApiKeys(settings.proxy_api_key), credentials.readiness, endpoints=(CHAT_COMPLETIONS,))
    server = Server(app.handle, gate=app.gate, fault=fault, limits=_client_limits(settings))
    await server.start(host=settings.host, port=settings.port)
    refreshing = asyncio.create_task(keep_fresh(serving, upstream.models, seconds=settings.models_refresh_seconds))
    try:
        gc.freeze()  # what start-up made stays: the collector need not look at it again
        gc.set_threshold(20_000, 20, 50)
        ready(Listening(_url(settings.host, server.port), credentials.readiness()))
        await _until_told_to_stop(app, server, settings.drain_seconds)
    finally:
        refreshing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await refreshing
        await upstream.close()


async def _until_told_to_stop(app: App, server: Server, drain_seconds: float) -> None:
    loop = asyncio.get_running_loop()
    told = asyncio.Event()
    for number in _SIGNALS:
        loop.add_signal_handler(number, told.set)
    try:
        await told.wait()
        told.clear()
        app.draining = True
        draining = asyncio.create_task(server.shutdown(drain_seconds))
        again = asyncio.create_task(told.wait())
        await asyncio.wait((draining, again), return_when=asyncio.FIRST_COMPLETED)
        if not draining.done():
            await server.shutdown(0)
        again.cancel()
        await draining
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)


def credential_source(settings: Settings) -> CredentialSource:
    explicit = []
    if settings.anthropic_api_key is not None:
        explicit.append(Credential("api_key", settings.anthropic_api_key, "ANTHROPIC_API_KEY"))
    if settings.claude_access_token is not None:
        explicit.append(Credential("bearer", settings.claude_access_token, "CLAUDE_ACCESS_TOKEN"))
    return CredentialSource(
        tuple(explicit), LoginFile(settings.login_paths()), login_sent=settings.claude_login_via == "messages-api"
    )


def _store(settings: Settings) -> Store:
    """Where a state directory is set, what is kept outlasts the process."""
    if settings.state_dir is None:
        return MemoryStore()
    from claude_code_proxy.state.sqlite import open_store  # noqa: PLC0415 - most starts need no SQLite

    try:
        return open_store(settings.state_dir / "state.db")
    except OSError as error:
        raise Misconfigured(f"STATE_DIR: {settings.state_dir} cannot be written: {error}.") from error


def _policy(settings: Settings) -> Policy:
    return Policy(
        default_model=settings.default_model,
        adaptation=Options(prompt_cache=settings.prompt_cache == "auto"),
        strict=settings.strict,
        answer_seconds=settings.answer_seconds,
        retries=settings.max_retries,
    )


def _transport(settings: Settings) -> Transport:
    timeouts = Timeouts(
        connect=settings.connect_seconds, first_byte=settings.first_byte_seconds, idle=settings.idle_seconds
    )
    proxy = proxy_for(
        parse_origin(settings.anthropic_api_base),
        https_proxy=_revealed(settings.https_proxy),
        http_proxy=_revealed(settings.http_proxy),
        no_proxy=",".join(settings.no_proxy),
    )
    return Transport(settings.anthropic_api_base, timeouts=timeouts, proxy=proxy)


def _revealed(secret: Secret | None) -> str | None:
    return secret.reveal() if secret is not None else None


def _client_limits(settings: Settings) -> ClientLimits:
    return ClientLimits(
        head_bytes=settings.max_header_bytes,
        head_seconds=settings.header_seconds,
        body_bytes=settings.max_body_bytes,
    )


def _url(host: str, port: int) -> str:
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{shown}:{port}/v1"
