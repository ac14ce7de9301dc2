"""`simulate`: the offline Claude alone, as a server for tests and for trying things out."""

import asyncio
import signal
from pathlib import Path

from claude_code_proxy import simulator
from claude_code_proxy.cli.loop import cannot_listen, run_loop
from claude_code_proxy.settings import Settings, SettingsError


def run(settings: Settings, *, pace: str = "0", replay: str | None = None) -> int:
    run_loop(_simulate(settings, options(pace, replay)))
    return 0


def options(pace: str, replay: str | None) -> simulator.SimulatorOptions:
    """`pace` in words a second; `replay` is a recorded exchange that answers everything."""
    try:
        words = float(pace)
    except ValueError:
        words = -1.0
    if not 0 <= words < float("inf"):
        raise SettingsError(f"--pace: {pace!r} is not a number of words a second")
    if replay is not None and not Path(replay).is_file():
        raise SettingsError(f"--replay: there is no file {replay}")
    return simulator.SimulatorOptions(keep_requests=0, pace=words, replay=Path(replay) if replay else None)


async def _simulate(settings: Settings, chosen: simulator.SimulatorOptions) -> None:
    try:
        simulation = await simulator.serve(settings.host, settings.port, options=chosen)
    except OSError as error:
        raise cannot_listen(f"{settings.host}:{settings.port}", error) from error
    print(f"a simulated Claude listens on {simulation.url}\n\n  ANTHROPIC_API_BASE={simulation.url}\n", flush=True)
    told = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    await told.wait()
    await simulation.close()
