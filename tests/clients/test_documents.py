"""The programs and commands of docs/clients.md run as they stand there, each in its client's environment."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.clients import environment, kinds
from tests.clients.scenarios import CLIENTS
from tests.clients.test_dotnet import CHECKS
from tests.proxy_process import ROOT
from tests.upstreams.claude_code.environment import python as python_of_claude_code

PAGE = (ROOT / "docs" / "clients.md").read_text(encoding="utf-8")
BLOCKS = {found[2]: (found[1], found[3]) for found in re.finditer(r"```(\w+) (\w+)\n(.*?)```", PAGE, re.DOTALL)}
RUN = [name for name, (language, _) in BLOCKS.items() if language in {"python", "js"}]
SHOWN = {"go": "client.go", "rust": "src/main.rs", "java": "Client.java"}
ANSWERS = {"instructor": "name='sample'"}
ECHO = "You said: “Say hello.”"
ENVIRONMENTS = {"azure_openai": "openai_python"}  # where it is not that of the same name


def _client(name: str) -> str:
    """Return the client whose environment a block runs in."""
    return ENVIRONMENTS.get(name, name.removesuffix("_responses"))


def _marks(name: str) -> list[pytest.MarkDecorator]:
    return [] if _client(name) in {"openai_python", "openai_node"} else [pytest.mark.clients_all]


@pytest.mark.parametrize("name", [pytest.param(name, marks=_marks(name)) for name in RUN])
def test_a_program_runs(name: str, proxy_url: str, tmp_path: Path) -> None:
    client = _ready(_client(name))
    language, code = _block(name, proxy_url)
    if language == "python":
        command = [environment.command(client)[0], "-c", code]
    else:
        command = [environment.command(client)[0], "--input-type=module", "-e", code]
    # Node finds packages from the folder that it runs in.
    folder = tmp_path if language == "python" else environment.CACHE / client
    assert ANSWERS.get(name, ECHO) in _output(command, folder=folder, home=tmp_path)


@pytest.mark.clients_all
def test_aider_runs(proxy_url: str, tmp_path: Path) -> None:
    python = environment.command(_ready("aider"))[0]
    flags = "--yes-always --no-git --no-check-update --no-show-model-warnings --no-analytics --no-show-release-notes"
    program = f'exec {python} -m aider {flags} --no-pretty --chat-mode ask --message "Say hello." "$@"'
    prices = tmp_path / ".aider" / "caches" / "model_prices_and_context_window.json"
    prices.parent.mkdir(parents=True)
    prices.write_text('{"none": {}}')  # else it asks the network for them
    assert ECHO.rstrip("”") in _shell("aider", proxy_url, program=program, home=tmp_path)


@pytest.mark.claude_code
def test_claude_code_runs(proxy_url: str, tmp_path: Path) -> None:
    (claude,) = python_of_claude_code().parents[1].glob("lib/*/site-packages/claude_agent_sdk/_bundled/claude")
    offline = "HTTPS_PROXY=http://127.0.0.1:9 NO_PROXY=127.0.0.1 CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1"
    assert ECHO in _shell("claude_code", proxy_url, program=f'{offline} exec {claude} "$@"', home=tmp_path)


@pytest.mark.clients_all
def test_llm_runs(proxy_url: str, tmp_path: Path) -> None:
    python = environment.command(_ready("llm"))[0]
    _, models = _block("llm", proxy_url)
    (tmp_path / "extra-openai-models.yaml").write_text(models)
    command = [python, "-m", "llm", "-m", "claude", "--key", "any key", "Say hello."]
    assert ECHO in _output(command, folder=tmp_path, home=tmp_path)


@pytest.mark.parametrize("name", [name for name, (language, _) in BLOCKS.items() if language in SHOWN])
def test_lines_that_are_shown_are_those_of_the_program(name: str) -> None:
    language, code = BLOCKS[name]
    program = (environment.HERE / name / SHOWN[language]).read_text(encoding="utf-8")
    assert code.strip() in program


def test_the_table_says_what_the_programs_check() -> None:
    assert kinds.table() in PAGE
    assert kinds.responses_table() in PAGE
    assert kinds.NAMES.keys() == CLIENTS.keys() | kinds.OTHERS.keys()
    assert kinds.OTHERS["dotnet"] <= set(CHECKS["chat"])


def _ready(client: str) -> str:
    if not environment.is_ready(client):
        pytest.skip("its environment is not installed; `make test-all` does that")
    return client


def _block(name: str, proxy_url: str) -> tuple[str, str]:
    """Return the language and the lines of a block, with the address of the proxy that runs."""
    language, code = BLOCKS[name]
    return language, code.replace("http://localhost:8080", proxy_url.removesuffix("/v1"))


def _shell(name: str, proxy_url: str, *, program: str, home: Path) -> str:
    """Run the lines of a block in a shell; the command that they call is `program`."""
    _, code = _block(name, proxy_url)
    command = home / "bin" / code.splitlines()[-1].split()[0]
    command.parent.mkdir()
    command.write_text(f"#!/bin/sh\n{program}\n")
    command.chmod(0o755)
    return _output(["sh", "-ec", code], folder=home, home=home)


def _output(command: list[str], *, folder: Path, home: Path) -> str:
    path = f"{home / 'bin'}{os.pathsep}{os.environ['PATH']}"
    env = {"PATH": path, "HOME": str(home), "LLM_USER_PATH": str(home), "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    done = subprocess.run(
        command, cwd=folder, env=env, capture_output=True, text=True, timeout=120, check=False, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
