"""One process that serves: from its settings to the last reply, and what signals do to it."""

import asyncio
import gc
import logging
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from claude_code_proxy.credentials.chain import Readiness
from claude_code_proxy.server.assembly import Assembly, Place, upstream_name
from claude_code_proxy.server.process import logs
from claude_code_proxy.server.process.open_files import raise_limit
from claude_code_proxy.server.process.reload import reload
from claude_code_proxy.server.process.signals import ShutdownSignals, ignore_others
from claude_code_proxy.settings import Settings, is_wildcard

_FAMILIES = {socket.AF_INET: "IPv4", socket.AF_INET6: "IPv6"}
_CHECK_SECONDS = 1.0  # how long the start waits for the upstream, so that the banner can report a refused credential
_REPORT_SECONDS = 1.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Listening:
    """What the banner prints: the address, the upstream, and the credential in use.

    `wildcard` names the addresses that a wildcard stands for, such as "every IPv4 address"; it is empty for any other.
    """

    url: str
    upstream: str
    credential: Readiness
    wildcard: str = ""


async def serve(settings: Settings, *, ready: Callable[[Listening], None], place: Place | None = None) -> None:
    """Serve until SIGTERM or SIGINT; running replies then have `drain_seconds` to finish, or until a second signal.

    SIGHUP reads the settings again; other signals do nothing. One of several workers, whose `place` is given, leaves
    SIGINT to the supervising process. Raise `Misconfigured`, and `OSError` when the address cannot be used.
    """
    logs.set_up(settings.log_level, settings.log_format)
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(logs.handle_loop_error)
    ignore_others()
    assembly = Assembly(settings, files=raise_limit(), place=place)

    def read_settings_again() -> None:
        assembly.use(reload(assembly.settings))

    parent = None if place is None else place.parent
    shutdown = ShutdownSignals(loop, parent, on_hangup=read_settings_again)
    try:
        await assembly.start()
        gc.freeze()  # objects of the start-up live on: the collector need not visit them again
        gc.set_threshold(20_000, 20, 50)
        credential = await assembly.check_credential(_CHECK_SECONDS)
        upstream = upstream_name(settings, assembly.credentials)
        if place is not None:
            assembly.run_in_background(_report_regularly(place))
        ready(listening(settings.host, assembly.server.sockets, upstream=upstream, credential=credential))
        await shutdown.wait()
        await _drain(assembly, settings.drain_seconds, shutdown=shutdown)
    finally:
        await assembly.close()
        shutdown.close()


async def _report_regularly(place: Place) -> None:
    """Report to the parent every second, as long as the event loop runs."""
    while True:
        await asyncio.sleep(_REPORT_SECONDS)
        place.report()


async def _drain(assembly: Assembly, seconds: float, *, shutdown: ShutdownSignals) -> None:
    running = assembly.server.open_requests
    if running:
        ends = "a second Ctrl-C or SIGTERM ends them at once"
        _log.info("stopping: waiting up to %g s for requests being answered (%d); %s", seconds, running, ends)
    draining = asyncio.create_task(assembly.drain(seconds))
    again = asyncio.create_task(shutdown.wait())
    await asyncio.wait((draining, again), return_when=asyncio.FIRST_COMPLETED)
    if not draining.done():
        await assembly.drain(0)
    again.cancel()
    await draining


def listening(host: str, sockets: Sequence[socket.socket], *, upstream: str, credential: Readiness) -> Listening:
    """Return what to print for a server with these sockets, of which `host` need not have both families."""
    families = {each.family for each in sockets}
    port = sockets[0].getsockname()[1]
    if not is_wildcard(host):
        return Listening(url_of(host, port), upstream, credential)
    names = [name for family, name in _FAMILIES.items() if family in families]
    local = "127.0.0.1" if socket.AF_INET in families else "::1"
    return Listening(url_of(local, port), upstream, credential, f"every {' and '.join(names)} address")


def url_of(host: str, port: int) -> str:
    """Return the URL of a server that listens there."""
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/v1"
