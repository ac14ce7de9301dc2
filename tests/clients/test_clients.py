"""Real clients over a real socket: each runs its program against the proxy, and is asked what it saw.

A client's program prints one record per scenario; the table below says what must stand in it. `make test` and
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
from tests.clients import expectations as seen
from tests.clients.expectations import Expectation, Record
from tests.proxy_process import ROOT, running_proxy

OVERFLOW = r"maximum context length is 200000 tokens\. However, your messages resulted in \d+ tokens"

ANSWERS: dict[str, Expectation] = {
    "plain": seen.echo_of("Say hello."),
    "image": seen.echo_of("image/png"),
    "pdf": seen.echo_of("application/pdf"),
    "stop sequence": seen.stopped,
    "reasoning effort": seen.answer,
}
TOOLS: dict[str, Expectation] = {
    "tool call and its result": seen.tool_loop,
    "parallel tools and their results": seen.parallel_tool_loop,
    "streamed tool call": seen.weather_call,
    "streamed tool without arguments": seen.call_without_arguments,
}
FAILURES: dict[str, Expectation] = {
    "wrong key": seen.failure(401, "Incorrect API key"),
    "unknown model": seen.failure(404, "claude-none-9"),
    "context overflow": seen.failure(400, OVERFLOW),
    "rate limit": seen.failure(429, "rate limit"),
    "error in a stream": seen.broken("Overloaded"),
    "stream cut off": seen.broken("closed the connection before its answer was complete"),
}
OPENAI: dict[str, Expectation] = {
    **ANSWERS,
    **TOOLS,
    **FAILURES,
    "streamed": seen.streamed,
    "streamed with usage": seen.streamed_with_usage,
    "stream helper": seen.streamed,
    "stream helper with a tool": seen.helper_call,
    "tool without arguments": seen.call_without_arguments,
    "system and developer": seen.answer,
    "cut at max_completion_tokens": seen.cut,
    "parse helper": seen.parsed_city,
    "json object": seen.json_object,
    "newest model, with what it refuses": seen.weather_call,
    "two choices": seen.two_choices,
    "two choices, streamed": seen.two_choices,
    "models": seen.models,
    "bad request": seen.failure(400, r"messages\[0\]\.role"),
}
LANGCHAIN_AND_LITELLM: dict[str, Expectation] = {
    **ANSWERS,
    **TOOLS,
    **FAILURES,
    "plain, async": seen.echo_of("Say hello."),
    "streamed": seen.streamed,
    "streamed with usage": seen.streamed_with_usage,
    "cut at max_tokens": seen.cut,
    "structured output": seen.parsed_city,
}
BY_BOTH_PROVIDERS: dict[str, Expectation] = {
    "plain": seen.echo_of("Say hello."),
    **TOOLS,
    "streamed with usage": seen.streamed_with_usage,
    "parse helper": seen.parsed_city,
}

CLIENTS: dict[str, dict[str, Expectation]] = {
    "openai_python": {
        **OPENAI,
        "plain, async": seen.echo_of("Say hello."),
        "streamed, async": seen.streamed,
        "stream helper that parses": seen.parsed_city,
        "parsed tool call": seen.parsed_weather_call,
    },
    "openai_node": {**OPENAI, "run-tools helper": seen.tools_run_by_the_helper},
    "langchain": {
        **LANGCHAIN_AND_LITELLM,
        "system": seen.answer,
        "structured output by a tool": seen.city_by_a_tool,
        "structured output by JSON mode": seen.json_object,
    },
    "litellm": {
        **LANGCHAIN_AND_LITELLM,
        "system with a cache breakpoint": seen.answer,
        "json object": seen.json_object,
    },
    "vercel_ai": {
        **{name: expected for name, expected in ANSWERS.items() if name != "plain"},
        **FAILURES,
        **{f"compatible: {name}": expected for name, expected in BY_BOTH_PROVIDERS.items()},
        **{f"openai chat: {name}": expected for name, expected in BY_BOTH_PROVIDERS.items()},
        "system": seen.answer,
        "cut at max_tokens": seen.cut,
    },
}
IN_EVERY_RUN = {"openai_python", "openai_node"}

Run = Callable[[str], dict[str, Record]]


def _marks(client: str) -> list[pytest.MarkDecorator]:
    """One worker runs all of a client's scenarios, since its program runs once."""
    return [pytest.mark.xdist_group(client), *([] if client in IN_EVERY_RUN else [pytest.mark.clients_all])]


@pytest.fixture(scope="session")
def locked_proxy_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The base URL of a proxy that wants a key which no client has."""
    home = tmp_path_factory.mktemp("home")
    with running_proxy(home, "--upstream", "simulated", settings={"PROXY_API_KEY": "sk-proxy-test-key"}) as url:
        yield url


@pytest.fixture(scope="session")
def run(proxy_url: str, locked_proxy_url: str, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Runs a client's program once and gives its records by the name of the scenario."""

    @cache
    def records_of(client: str) -> dict[str, Record]:
        if not environment.is_ready(client):
            pytest.skip("its environment is not installed; `make test-all` does that")
        done = subprocess.run(
            [*environment.command(client), proxy_url, locked_proxy_url],
            cwd=ROOT,
            env=_environment(tmp_path_factory.mktemp("client")),
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        records = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"scenario"')]
        return {record["scenario"]: record for record in records}

    return records_of


@pytest.mark.parametrize(
    ("client", "scenario"),
    [
        pytest.param(client, scenario, marks=_marks(client))
        for client, scenarios in CLIENTS.items()
        for scenario in scenarios
    ],
)
def test_a_client_sees(run: Run, client: str, scenario: str) -> None:
    record = run(client).get(scenario)
    assert record is not None, "the program has no such scenario, or ended before it"
    CLIENTS[client][scenario](record)


@pytest.mark.parametrize("client", [pytest.param(client, marks=_marks(client)) for client in CLIENTS])
def test_every_scenario_of_a_program_is_judged(run: Run, client: str) -> None:
    assert run(client).keys() == CLIENTS[client].keys()


def _environment(home: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "NO_COLOR": "1",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # else it asks the network for its prices
    }
