"""`simulate`: serve the simulated Claude alone, for tests and for trying things out."""

import asyncio
import signal
from pathlib import Path

from claude_code_proxy import simulator
from claude_code_proxy.cli.loop import cannot_listen, run_loop
from claude_code_proxy.cli.standard_output import announce
from claude_code_proxy.settings import Settings, SettingsError


def run(settings: Settings, *, pace: str = "0", replay: str | None = None) -> int:
    run_loop(_simulate(settings, simulator_options(pace, replay)))
    return 0


def simulator_options(pace: str, replay: str | None) -> simulator.SimulatorOptions:
    """Return the options. `pace`: words a second; `replay`: a recorded exchange that answers every request."""
    try:
        words_per_second = float(pace)
    except ValueError:
        words_per_second = -1.0
    if not 0 <= words_per_second < float("inf"):
        raise SettingsError(f"--pace: {pace!r} is not a number of words a second")
    if replay is not None and not Path(replay).is_file():
        raise SettingsError(f"--replay: no such file: {replay}")
    return simulator.SimulatorOptions(keep_requests=0, pace=words_per_second, replay=Path(replay) if replay else None)


async def _simulate(settings: Settings, options: simulator.SimulatorOptions) -> None:
    try:
        simulation = await simulator.serve(settings.host, settings.port, options=options)
    except OSError as error:
        raise cannot_listen(f"{settings.host}:{settings.port}", error) from error
    announce(f"a simulated Claude listens on {simulation.url}\n\n  ANTHROPIC_API_BASE={simulation.url}\n")
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()
    await simulation.close()
