"""The programs of docs/clients.md run as they stand there, each in its client's environment."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.clients import environment
from tests.proxy_process import ROOT

PAGE = (ROOT / "docs" / "clients.md").read_text(encoding="utf-8")
BLOCKS = {found[2]: (found[1], found[3]) for found in re.finditer(r"```(\w+) (\w+)\n(.*?)```", PAGE, re.DOTALL)}
RUN = [name for name, (language, _) in BLOCKS.items() if language in {"python", "js"}]
SHOWN = {"go": "client.go", "rust": "src/main.rs", "java": "Client.java"}
ANSWERS = {"instructor": "name='sample'"}


def _marks(name: str) -> list[pytest.MarkDecorator]:
    return [] if name in {"openai_python", "openai_node"} else [pytest.mark.clients_all]


@pytest.mark.parametrize("name", [pytest.param(name, marks=_marks(name)) for name in RUN])
def test_a_program_runs(name: str, proxy_url: str, tmp_path: Path) -> None:
    if not environment.is_ready(name):
        pytest.skip("its environment is not installed; `make test-all` does that")
    language, code = BLOCKS[name]
    code = code.replace("http://localhost:8080", proxy_url.removesuffix("/v1"))
    if language == "python":
        command = [environment.command(name)[0], "-c", code]
    else:
        # Node finds packages from the folder that it runs in.
        command = [environment.command(name)[0], "--input-type=module", "-e", code]
    done = subprocess.run(
        command,
        cwd=tmp_path if language == "python" else environment.CACHE / name,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LITELLM_LOCAL_MODEL_COST_MAP": "True"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ANSWERS.get(name, "You said: “Say hello.”") in done.stdout, done.stderr


@pytest.mark.parametrize("name", [name for name, (language, _) in BLOCKS.items() if language in SHOWN])
def test_lines_that_are_shown_are_those_of_the_program(name: str) -> None:
    language, code = BLOCKS[name]
    program = (environment.HERE / name / SHOWN[language]).read_text(encoding="utf-8")
    assert code.strip() in program
