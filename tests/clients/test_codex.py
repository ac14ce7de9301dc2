"""The real Codex CLI does a coding task through the proxy, in both ways to point it here."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.codex.agent import OPENAI_BASE_URL, PROVIDER, Codex, is_installed
from tests.proxy_process import running_proxy

pytestmark = [
    pytest.mark.clients_all,
    pytest.mark.xdist_group("codex"),
    pytest.mark.skipif(not is_installed(), reason="Codex is not installed; `make test-all` does that"),
]
WAYS = {"a provider of its own": PROVIDER, "openai_base_url": OPENAI_BASE_URL}
_GREETING = 'def greet(name):\n    return "Hello " + name\n'
_POLITE = 'def greet(name):\n    return "Good day, " + name\n'
_PATCH = r"""*** Begin Patch
*** Update File: greeting.py
@@
-    return "Hello " + name
+    return "Good day, " + name
*** End Patch
"""
_CHECK = """python3 -c 'import greeting; print(greeting.greet("Ann"))'"""


def script(*steps: tuple[str, object]) -> str:
    """Return a task that the simulated Claude does step by step."""
    lines = [f"{tool} {text if isinstance(text, str) else json.dumps(text)}" for tool, text in steps]
    return "\n".join(["Make greet polite, and check it.", "", "[[script:", *lines, "]]"])


_TASK = script(
    ("exec_command", {"cmd": "cat greeting.py"}),
    ("exec_command", {"cmd": f"apply_patch <<'EOF'\n{_PATCH}EOF\n"}),
    ("exec_command", {"cmd": _CHECK}),
    ("say", "greet is polite now."),
)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_proxy(tmp_path_factory.mktemp("home"), "--upstream", "simulated") as address:
        yield address


@pytest.mark.parametrize("way", WAYS)
def test_it_does_a_coding_task(way: str, url: str, tmp_path: Path) -> None:
    codex = Codex(url, tmp_path, WAYS[way])
    (codex.repository / "greeting.py").write_text(_GREETING)
    run = codex.run(_TASK)
    assert (run.status, run.answer) == (0, "greet is polite now."), run
    assert [item["aggregated_output"].strip() for item in run.of_type("command_execution")] == [
        _GREETING.strip(),
        "Good day, Ann",
    ]
    assert [item["status"] for item in run.of_type("file_change")] == ["completed"]
    assert (codex.repository / "greeting.py").read_text() == _POLITE
