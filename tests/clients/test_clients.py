"""Real clients over a real socket: each runs its programs against the proxy, and their records are checked.

A client's program prints one record per scenario; `scenarios.py` has what must stand in it, and `responses.py` for a
second program that speaks the Responses API. `make test` and
`make test-all` install the clients' environments first.
"""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.clients import environment
from tests.clients.expectations import Record
from tests.clients.responses import RESPONSES
from tests.clients.scenarios import CLIENTS
from tests.proxy_process import ROOT, running_proxy

IN_EVERY_RUN = {"openai_python", "openai_node"}

PROGRAMS = {("client", client): scenarios for client, scenarios in CLIENTS.items()} | {
    ("responses", client): scenarios for client, scenarios in RESPONSES.items()
}

Run = Callable[[str, str], dict[str, Record]]


def _marks(client: str) -> list[pytest.MarkDecorator]:
    """One worker runs all of a client's scenarios, since its program runs once."""
    return [pytest.mark.xdist_group(client), *([] if client in IN_EVERY_RUN else [pytest.mark.clients_all])]


@pytest.fixture(scope="session")
def locked_proxy_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the base URL of a proxy that wants a key that no client has."""
    home = tmp_path_factory.mktemp("home")
    with running_proxy(home, "--upstream", "simulated", settings={"PROXY_API_KEY": "sk-proxy-test-key"}) as url:
        yield url


@pytest.fixture(scope="session")
def run(proxy_url: str, locked_proxy_url: str, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run a program of a client once; return its records by the name of the scenario."""

    @cache
    def records_of(program: str, client: str) -> dict[str, Record]:
        if missing := environment.missing_tools(client):
            pytest.skip(f"the machine has no {', '.join(missing)}")
        if not environment.is_ready(client):
            pytest.skip("its environment is not installed; `make test-all` does that")
        done = subprocess.run(
            [*environment.command(client, program), proxy_url, locked_proxy_url],
            cwd=ROOT,
            env=_environment(tmp_path_factory.mktemp("client")),
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        records = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"scenario"')]
        return {record["scenario"]: record for record in records}

    return records_of


@pytest.mark.parametrize(
    ("program", "client", "scenario"),
    [
        pytest.param(program, client, scenario, marks=_marks(client))
        for (program, client), scenarios in PROGRAMS.items()
        for scenario in scenarios
    ],
)
def test_a_client_sees(run: Run, program: str, client: str, scenario: str) -> None:
    record = run(program, client).get(scenario)
    assert record is not None, "the program has no such scenario, or ended before it"
    PROGRAMS[program, client][scenario](record)


@pytest.mark.parametrize(("program", "client"), [pytest.param(*each, marks=_marks(each[1])) for each in PROGRAMS])
def test_every_scenario_of_a_program_is_checked(run: Run, program: str, client: str) -> None:
    assert run(program, client).keys() == PROGRAMS[program, client].keys()


def _environment(home: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "NO_COLOR": "1",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # else it asks the network for its prices
        "LLM_USER_PATH": str(home / "llm"),
    }
