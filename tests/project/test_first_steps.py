"""What a newcomer pastes from the pages: each is run as it stands, but for the port, against the simulated Claude."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from claude_code_proxy.settings import load
from tests.cli.processes import started
from tests.project.sources import text_of

README = text_of(Path("README.md"))
THERE = "http://127.0.0.1:8080/v1"


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    with started(tmp_path, "--upstream", "simulated", "--port", "0") as (_, where):
        yield where


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def test_the_readmes_curl_line(url: str) -> None:
    if shutil.which("curl") is None:
        pytest.skip("there is no curl here")
    (line,) = [block[2:] for block in blocks(README, "console") if block.startswith("$ curl")]
    told = subprocess.run(["sh", "-c", line.replace(THERE, url)], capture_output=True, check=True, timeout=20).stdout
    assert json.loads(told)["choices"][0]["message"]["content"] == "You said: “Hello”"


def test_the_readmes_python(url: str) -> None:
    (code,) = blocks(README, "python")
    ran = subprocess.run(
        [sys.executable, "-c", code.replace(THERE, url)],
        env={"PATH": os.environ["PATH"], "PYTHONIOENCODING": "utf-8", "NO_PROXY": "127.0.0.1"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert ran.stdout == "You said: “Hello”\n"


def test_the_file_of_settings(tmp_path: Path) -> None:
    (text,) = blocks(text_of(Path("docs/configuring.md")), "toml")
    file = tmp_path / "proxy.toml"
    file.write_text(text)
    settings = load({"config": str(file)}, {"HOME": str(tmp_path)})
    assert (settings.port, len(settings.proxy_api_key), len(settings.model_aliases)) == (9000, 2, 4)
