"""Attack the proxy and tell what it promises: `python -m chaos.run [ROW ...]`.

Without names all rows but the soak run; `--soak SECONDS` adds it. The figures of a full run are written to
docs/reliability.md. Exit code 1 if a promise is broken.
"""

import argparse
import asyncio
import resource
import sys
import time
from pathlib import Path

from chaos import clients, hour, load, network, processes, responses, security, soak, sockets, turns, upstream_faults
from chaos.report import write
from chaos.row import ROWS, Outcome, Row
from tests.upstreams.claude_code import environment

_LONGEST_ROW = 180.0
THEMES = (upstream_faults, clients, responses, sockets, turns, processes, load, security, network, hour, soak)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m chaos.run", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help="one of " + ", ".join(row.name for row in ROWS))
    parser.add_argument("--soak", type=float, metavar="SECONDS", help="run the soak for so long, too")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the table of all rows there")
    arguments = parser.parse_args()
    soak.SECONDS = arguments.soak or soak.SECONDS
    rows = [row for row in ROWS if row.name in arguments.rows or (not arguments.rows and row.name != "soak")]
    if arguments.soak and not arguments.rows:
        rows += [row for row in ROWS if row.name == "soak"]
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    if any(row.name == "claude-code-login" for row in rows):
        environment.python()  # installs it, for which the network is needed
    if not network.be_alone():
        print("notice: no network of its own could be made; packets are dropped on the loopback of this machine")
    outcomes = asyncio.run(_run(rows))
    if arguments.write:
        write(arguments.write, outcomes)
    return 0 if all(outcome.kept for _, outcome in outcomes) else 1


def _ignore(_loop: asyncio.AbstractEventLoop, _context: dict[str, object]) -> None:
    """Pass over connections that break: that is what the attacks are about."""


async def _run(rows: list[Row]) -> list[tuple[Row, Outcome]]:
    asyncio.get_running_loop().set_exception_handler(_ignore)
    outcomes = []
    for row in rows:
        began = time.monotonic()
        try:
            limit = None if row.name == "soak" else _LONGEST_ROW
            outcome = await asyncio.wait_for(row.measure(), limit)
        except Exception as error:  # noqa: BLE001 - a harness that breaks is a row that failed
            outcome = Outcome(kept=False, measured=f"the harness broke: {error!r}")
        outcomes.append((row, outcome))
        word = "ok  " if outcome.kept else "FAIL"
        print(f"{word} {row.name:32} {time.monotonic() - began:5.1f} s  {outcome.measured}", flush=True)
    failed = sum(not outcome.kept for _, outcome in outcomes)
    print(f"{len(outcomes) - failed} passed, {failed} failed")
    return outcomes


if __name__ == "__main__":
    sys.exit(main())
