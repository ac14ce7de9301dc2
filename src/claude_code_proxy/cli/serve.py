"""`serve`: run the server, with the simulated upstream beside it if that is set, and print the banner."""

from collections.abc import Callable
from dataclasses import replace

from claude_code_proxy.cli.banner import banner, in_container
from claude_code_proxy.cli.loop import cannot_listen, run_loop
from claude_code_proxy.cli.standard_output import announce
from claude_code_proxy.secret import Secret
from claude_code_proxy.server.assembly import Place
from claude_code_proxy.server.process.serve import Listening, serve
from claude_code_proxy.settings import Settings, refuse_open_door

MADE_UP_KEY = Secret("sk-ant-simulated")


def run(settings: Settings) -> int:
    refuse_open_door(settings)

    def ready(now: Listening) -> None:
        announce(banner(now, settings, contained=in_container()))

    if settings.workers > 1:
        return _run_workers(settings, ready)
    run_loop(serve_until_signal(settings, ready))
    return 0


def _run_workers(settings: Settings, ready: Callable[[Listening], None]) -> int:
    from claude_code_proxy.server.process.workers import supervise  # noqa: PLC0415 - most servers are one process

    def work(settings: Settings, place: Place, *, ready: Callable[[Listening], None]) -> None:
        run_loop(serve_until_signal(settings, ready, place=place))

    try:
        return supervise(settings, work, ready=ready)
    except OSError as error:
        raise cannot_listen(f"{settings.host}:{settings.port}", error) from error


async def serve_until_signal(
    settings: Settings, ready: Callable[[Listening], None], *, pace: float = 0, place: Place | None = None
) -> None:
    """Serve until a signal ends it. `pace` is the simulation's number of words a second, if that is the upstream."""
    if settings.upstream != "simulated":
        await _serve(settings, ready, place=place)
        return
    from claude_code_proxy import simulator  # noqa: PLC0415 - most servers need no simulation

    simulation = await simulator.serve(options=simulator.SimulatorOptions(keep_requests=0, pace=pace))
    try:
        await _serve(with_simulation(settings, simulation.url), ready, place=place)
    finally:
        await simulation.close()


def with_simulation(settings: Settings, url: str) -> Settings:
    """Return the settings with the simulation as the upstream: it needs no real key and no web proxy."""
    origins = {**settings.origins, "anthropic_api_key": "the simulation"}
    return replace(
        settings,
        anthropic_api_base=url,
        anthropic_api_key=MADE_UP_KEY,
        https_proxy=None,
        http_proxy=None,
        origins=origins,
    )


async def _serve(settings: Settings, ready: Callable[[Listening], None], *, place: Place | None) -> None:
    listening = False

    def now_ready(now: Listening) -> None:
        nonlocal listening
        listening = True
        ready(now)

    try:
        await serve(settings, ready=now_ready, place=place)
    except OSError as error:
        if listening:
            raise
        raise cannot_listen(f"{settings.host}:{settings.port}", error) from error
