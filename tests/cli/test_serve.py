"""The server as a command: what it prints, with what it answers, how it ends."""

import fcntl
import http.client
import json
import os
import re
import resource
import select
import signal
import subprocess
import sys
import termios
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from claude_code_proxy.cli.serve import MADE_UP_KEY, with_simulation
from claude_code_proxy.secret import Secret
from claude_code_proxy.settings import Settings
from tests.cli.processes import SOURCE, ended, post, started

HELLO: dict[str, Any] = {"messages": [{"role": "user", "content": "Hello"}]}
NOBODY = "http://127.0.0.1:9"
KEY = "sk-ant-test-5512"


def test_an_output_that_nobody_reads_stops_neither_answers_nor_the_end(tmp_path: Path) -> None:
    with started(tmp_path, "--port", "0", ANTHROPIC_API_BASE=NOBODY) as (process, url):
        place = urlsplit(url)
        client = http.client.HTTPConnection(place.hostname or "", place.port, timeout=20)
        for _ in range(1500):  # access lines, more than a pipe holds
            client.request("GET", "/nowhere")
            assert client.getresponse().read()
        client.request("GET", "/health")
        assert client.getresponse().read() == b'{"status":"ok"}'
        client.close()
        process.terminate()
        assert process.wait(20) == 0


def test_a_terminal_shows_each_answer_at_once(tmp_path: Path) -> None:
    """Before the connection of the request is closed, and long before the server ends."""
    terminal, theirs = os.openpty()
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(SOURCE)}
    command = [sys.executable, "-m", "claude_code_proxy", "--port", "0", "--upstream", "simulated"]
    process = subprocess.Popen(command, env=environ, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    try:
        shown = read_until(terminal, rb"listens on (http://\S+)/v1")
        with urllib.request.urlopen(shown[1].decode() + "/v1/models", timeout=20) as answer:
            assert answer.status == 200
        read_until(terminal, rb"Z 200 answered models ")
    finally:
        process.kill()
        process.wait(20)
        os.close(terminal)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_terminal_that_is_closed_ends_it(tmp_path: Path, workers: str) -> None:
    """SIGHUP reads the settings again, but the one that a closed terminal sends is an end."""
    terminal, theirs = os.openpty()
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(SOURCE)}
    command = [
        sys.executable,
        "-m",
        "claude_code_proxy",
        "--port",
        "0",
        "--upstream",
        "simulated",
        "--workers",
        workers,
    ]
    process = subprocess.Popen(
        command, env=environ, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509
    )  # fmt: skip
    os.close(theirs)
    try:
        read_until(terminal, rb"listens on http://")
        os.close(terminal)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait(20)


def read_until(terminal: int, pattern: bytes) -> re.Match[bytes]:
    seen = b""
    while (found := re.search(pattern, seen)) is None:
        assert select.select([terminal], [], [], 20)[0], seen
        seen += os.read(terminal, 4096)
    return found


def login(home: Path) -> Path:
    path = home / ".claude" / ".credentials.json"
    path.parent.mkdir()
    path.write_text(json.dumps({"claudeAiOauth": {"accessToken": "sk-ant-test-login", "expiresAt": None}}))
    return path


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_with_the_simulation_it_answers_at_once_and_ends_well(tmp_path: Path, number: signal.Signals) -> None:
    with started(tmp_path, "--upstream", "simulated", "--port", "0") as (process, url):
        status, body = post(f"{url}/chat/completions", HELLO)
        assert (status, body["choices"][0]["message"]["content"]) == (200, "You said: “Hello”")
        process.send_signal(number)
        assert process.wait(10) == 0
        assert process.stdout is not None
        said = process.stdout.read()
    assert f"curl {url}/chat/completions" in said
    assert "Traceback" not in said


def test_a_start_takes_little_time(tmp_path: Path) -> None:
    """0.6 s on a quiet machine, where a start is all computing; so its computing is what counts on a busy one."""
    assert any(first_answer(tmp_path) < 0.6 for _ in range(5))


def first_answer(home: Path) -> float:
    """Seconds of computing from the command to the answer to its first request."""
    before = computed()
    with (
        started(home, "--port", "0", ANTHROPIC_API_BASE=NOBODY) as (_, url),
        urllib.request.urlopen(url.removesuffix("/v1") + "/health") as answer,
    ):
        assert answer.read() == b'{"status":"ok"}'
    return computed() - before


def computed() -> float:
    """Seconds, of all child processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_it_says_which_credential_it_uses_and_never_shows_it(tmp_path: Path) -> None:
    with started(tmp_path, "--port", "0", ANTHROPIC_API_KEY=KEY, ANTHROPIC_API_BASE=NOBODY) as (process, _):
        process.terminate()
        process.wait(10)
        assert process.stdout is not None
        said = process.stdout.read()
    assert "credential  API key from ANTHROPIC_API_KEY\n" in said
    assert KEY not in said


def test_without_a_credential_it_starts_and_each_completion_says_what_to_set(tmp_path: Path) -> None:
    with started(tmp_path, "--port", "0", ANTHROPIC_API_BASE=NOBODY) as (_, url):
        status, body = post(f"{url}/chat/completions", HELLO)
    assert status == 401
    assert all(
        way in body["error"]["message"] for way in ("ANTHROPIC_API_KEY", "CLAUDE_ACCESS_TOKEN", "claude auth login")
    )


@pytest.mark.parametrize(
    ("flags", "environ", "name"),
    [
        ((), {"ANTHROPIC_API_KEY": KEY}, "anthropic"),
        (("--upstream", "simulated"), {}, "simulated"),
    ],
)
def test_the_start_and_the_capabilities_name_the_same_upstream(
    tmp_path: Path, flags: tuple[str, ...], environ: dict[str, str], name: str
) -> None:
    told = {"ANTHROPIC_API_BASE": NOBODY, **environ}
    with started(tmp_path, "--port", "0", *flags, **told) as (process, url):
        with urllib.request.urlopen(f"{url}/capabilities", timeout=20) as answer:
            assert json.load(answer)["upstream"] == name
        process.terminate()
        assert process.stdout is not None
        assert f"upstream    {name}, " in process.stdout.read()


def test_a_login_is_found_and_told_but_not_sent_unless_the_owner_says_so(tmp_path: Path) -> None:
    path = login(tmp_path)
    with started(tmp_path, "--port", "0", ANTHROPIC_API_BASE=NOBODY) as (_, url):
        status, body = post(f"{url}/chat/completions", HELLO)
    assert status == 401
    message = body["error"]["message"]
    assert str(path) in message
    assert "CLAUDE_LOGIN_VIA=messages-api" in message


def test_a_login_that_is_sent_goes_out_as_a_bearer_token(tmp_path: Path) -> None:
    login(tmp_path)
    with started(tmp_path, "simulate", "--port", "0") as (_, upstream):
        environ = {"ANTHROPIC_API_BASE": upstream, "CLAUDE_LOGIN_VIA": "messages-api"}
        with started(tmp_path, "--port", "0", **environ) as (_, url):
            assert post(f"{url}/chat/completions", HELLO)[0] == 200


def test_for_machines_its_first_line_is_json(tmp_path: Path) -> None:
    with started(tmp_path, "--port", "0", "--upstream", "simulated", "--log-format", "json") as (_, url):
        assert url.endswith("/v1")


def test_an_address_in_use_ends_the_start_with_one_line(tmp_path: Path) -> None:
    with started(tmp_path, "--upstream", "simulated", "--port", "0") as (_, url):
        port = url.removesuffix("/v1").rpartition(":")[2]
        code, said = ended(tmp_path, "--port", port, ANTHROPIC_API_BASE=NOBODY)
    reason = f"cannot listen on 127.0.0.1:{port}: Address already in use; choose another port with --port or PORT"
    assert (code, said) == (1, f"claude-code-proxy: {reason}\n")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7"])
def test_other_machines_are_not_served_without_a_key_by_mistake(tmp_path: Path, host: str) -> None:
    for workers in ("1", "2"):
        code, said = ended(tmp_path, "--port", "0", "--workers", workers, HOST=host, ANTHROPIC_API_BASE=NOBODY)
        assert (code, said.count("\n")) == (2, 1)
        assert all(
            word in said for word in (f"HOST: other machines can reach {host}", "PROXY_API_KEY", "ALLOW_KEYLESS")
        )


@pytest.mark.parametrize(
    ("environ", "warned"), [({"ALLOW_KEYLESS": "true"}, True), ({"PROXY_API_KEY": "key-of-a-caller"}, False)]
)
def test_with_a_key_or_on_purpose_other_machines_are_served(
    tmp_path: Path, environ: dict[str, str], warned: bool
) -> None:
    told = {"HOST": "0.0.0.0", "ANTHROPIC_API_BASE": NOBODY, **environ}
    with started(tmp_path, "--port", "0", **told) as (process, url):
        with urllib.request.urlopen(url.removesuffix("/v1") + "/health", timeout=20) as answer:
            assert answer.status == 200
        process.terminate()
        assert process.stdout is not None
        assert ("warning " in process.stdout.read()) is warned


def test_itself_as_the_upstream_ends_the_start(tmp_path: Path) -> None:
    code, said = ended(tmp_path, ANTHROPIC_BASE_URL="http://localhost:8080")
    assert (code, said.count("\n")) == (2, 1)
    assert "this proxy itself" in said


def test_the_simulation_gets_no_real_key_and_no_web_proxy() -> None:
    real = Settings(
        anthropic_api_key=Secret(KEY), https_proxy=Secret("http://p"), http_proxy=Secret("http://p"), strict=True
    )
    used = with_simulation(real, "http://127.0.0.1:1")
    assert (used.anthropic_api_key, used.anthropic_api_base) == (MADE_UP_KEY, "http://127.0.0.1:1")
    assert (used.https_proxy, used.http_proxy, used.strict) == (None, None, True)
