"""The first user's .NET libraries over a real socket: Microsoft.Extensions.AI, the OpenAI SDK, Anthropic's SDK.

The program stands beside the project, built for x86_64. Each group runs once; each of its checks is a test.
"""

import platform
import re
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from http.client import HTTPConnection

import pytest

from tests.clients.dotnet import PROGRAM
from tests.proxy_process import running_proxy

ROUTES = {
    "chat": "/v1/chat/completions",
    "messages": "/v1/messages",
    "responses": "/v1/responses",
    "files": "/v1/files",
    "batches": "/v1/batches",
    "stored": "/v1/chat/completions",
}
SKIPPED = "skipped"
NEEDED_ROUTES = {  # of single checks, beside that of their group
    "a conversation kept by the server": "/v1/conversations",
    "unknown model, unknown response": "/v1/conversations",
}
CHECKS: dict[str, tuple[str, ...]] = {
    "chat": (
        "plain",
        "streamed",
        "function loop whole",
        "function loop streamed",
        "a thinking model, three rounds of tools",
        "forced tool on a model that thinks",
        "a tool of records, enums, dates, defaults",
        "JSON object",
        "typed answer",
        "strict schema, the SDK's own way",
        "image and PDF",
        "system messages anywhere, as RockBot builds its context",
        "the second turn reads the cache, whatever the clock says",
        "options that Claude lacks",
        "length",
        "overflow in the words that RockBot looks for",
        *(f"upstream's {status}" for status in (400, 401, 403, 413, 429, 500, 529)),
        "unknown model",
        "OpenRouter's style of names",
        "every plane of Unicode, streamed",
        "cancelled",
        "models",
        "50 at once, half of them streamed",
    ),
    "messages": (
        "plain",
        "streamed",
        "function loop of Microsoft.Extensions.AI whole",
        "function loop of Microsoft.Extensions.AI streamed",
        "tokens are counted",
        "length",
        "errors are the SDK's own",
        "models, in Anthropic's form",
    ),
    "responses": (
        "plain",
        "streamed, event by event",
        "function loop whole",
        "function loop streamed",
        "a thinking model's reasoning comes back, encrypted, and is taken again",
        "a thinking model's function loop, nothing stored",
        "goes on from previous_response_id",
        "input items, page by page",
        "a conversation kept by the server",
        "typed answer",
        "forced tool",
        "length",
        "image",
        "unknown model, unknown response",
    ),
    "files": ("uploaded, listed, read by Claude, downloaded or refused in words, deleted",),
    "batches": ("a batch of three, one of them wrong",),
    "stored": ("stored, got, listed by metadata, its messages, changed, deleted",),
}

Run = Callable[[str], dict[str, str]]

pytestmark = [
    pytest.mark.clients_all,
    pytest.mark.xdist_group("dotnet"),
    pytest.mark.skipif(platform.machine() != "x86_64", reason="the .NET program is built for x86_64"),
]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Run one group of the program once; return what each check printed."""
    home = tmp_path_factory.mktemp("dotnet")
    with running_proxy(home, "--upstream", "simulated", settings={"STATE_DIR": str(home / "state")}) as url:
        origin = url.removesuffix("/v1")

        @cache
        def outcomes(group: str) -> dict[str, str]:
            if not _has_route(origin, ROUTES[group], method="GET" if group == "stored" else "POST"):
                pytest.skip(f"the server has no route for {group}")
            done = subprocess.run([PROGRAM, origin, group], capture_output=True, text=True, timeout=240, check=False)
            lines = [line for line in done.stdout.splitlines() if line.startswith(("ok ", "FAIL "))]
            assert lines, done.stderr
            found = {_name(line, group): line for line in lines}
            missing = {check for check, path in NEEDED_ROUTES.items() if not _has_route(origin, path)}
            return {check: SKIPPED if check in missing else line for check, line in found.items()}

        yield outcomes


def _has_route(origin: str, path: str, *, method: str = "POST") -> bool:
    connection = HTTPConnection(origin.removeprefix("http://"), timeout=30)
    connection.request(method, path, "" if method == "GET" else "{}")
    status = connection.getresponse().status
    connection.close()
    return status not in {404, 405, 501}


def _name(line: str, group: str) -> str:
    """Return the name of the check that a line is about: its outcome follows after a colon."""
    found = re.match(rf"(?:ok|FAIL) +{group}: (?P<rest>.*)", line)
    assert found is not None, line
    return max(
        (name for name in CHECKS[group] if found["rest"].startswith(f"{name}: ")), key=len, default=found["rest"]
    )


@pytest.mark.parametrize(("group", "check"), [(group, check) for group, checks in CHECKS.items() for check in checks])
def test_a_check_holds(run: Run, group: str, check: str) -> None:
    line = run(group).get(check)
    assert line is not None, "the program has no such check, or ended before it"
    if line == SKIPPED:
        pytest.skip(f"the server has no route {NEEDED_ROUTES[check]}")
    assert line.startswith("ok "), line


@pytest.mark.parametrize("group", CHECKS)
def test_every_check_is_listed(run: Run, group: str) -> None:
    assert run(group).keys() == set(CHECKS[group])
