"""aider, a coding agent in the terminal: it answers, edits a file in either edit format, and fails clearly."""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.clients.program import MODEL, Program, Record, base_urls

URL, LOCKED_URL = base_urls()
program = Program()
scenario = program.scenario
EDIT = r"a.py\n<<<<<<<_SEARCH\n=======\nprint('edited')\n>>>>>>>_REPLACE"
WHOLE = r"a.py\n```\nprint('edited')\n```"
FLAGS = (
    "--yes-always --no-git --no-auto-commits --no-check-update --no-show-model-warnings --no-analytics "
    "--no-show-release-notes --no-pretty --no-gitignore --no-detect-urls --map-tokens 0"
)


def aider(message: str, *flags: str, url: str = URL, key: str = "any-key") -> Record:
    """Run aider on a project with one empty file; return what it printed and the file."""
    with tempfile.TemporaryDirectory() as folder:
        edited = Path(folder) / "a.py"
        edited.write_text("")
        prices = Path(folder) / ".aider" / "caches" / "model_prices_and_context_window.json"
        prices.parent.mkdir(parents=True)
        prices.write_text('{"none": {}}')  # else it asks the network for them
        done = subprocess.run(
            [
                sys.executable, "-m", "aider", *FLAGS.split(), "--model", f"openai/{MODEL}",
                *flags, "--message", message, "a.py",
            ],
            cwd=folder,
            env={**os.environ, "HOME": folder, "OPENAI_API_BASE": url, "OPENAI_API_KEY": key},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )  # fmt: skip
        names = sorted(path.name for path in Path(folder).iterdir() if not path.name.startswith("."))
        return {
            "text": done.stdout,
            "finish": ["stop"],
            "file": edited.read_text(),
            "files": names,
            "code": done.returncode,
        }


@scenario("plain")
def plain() -> Record:
    return aider("Say hello.", "--chat-mode", "ask", "--no-stream")


@scenario("streamed")
def streamed() -> Record:
    return aider("Tell me about the sea in a few words.", "--chat-mode", "ask", "--stream")


@scenario("edits a file by blocks")
def edits_by_blocks() -> Record:
    return aider(f"Print something. [[simulate: answer={EDIT}]]", "--edit-format", "diff")


@scenario("edits a whole file")
def edits_a_whole_file() -> Record:
    return aider(f"Print something. [[simulate: answer={WHOLE}]]", "--edit-format", "whole")


@scenario("is not misled by its own example")
def is_not_misled() -> Record:
    return aider("Print something.", "--edit-format", "diff")


@scenario("wrong key")
def wrong_key() -> Record:
    record = aider("Say hello.", "--chat-mode", "ask", "--no-stream", url=LOCKED_URL, key="a-wrong-key")
    found = re.search(r"Incorrect\s+API key", record["text"])
    return {"error": {"status": 401 if found else None, "message": record["text"]}}


if __name__ == "__main__":
    program.run()
