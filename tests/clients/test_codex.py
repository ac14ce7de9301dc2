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


COMPACTING = "model_auto_compact_token_limit = 18000\n"
REMOTE = '[model_providers.claude.capabilities]\nremote_compaction = "v2"\n'
_LONG = {"cmd": "python3 -c 'print(\"many words \" * 3000)'", "max_output_tokens": 9000}


@pytest.mark.parametrize(
    "settings",
    [COMPACTING + OPENAI_BASE_URL, COMPACTING + PROVIDER + REMOTE, COMPACTING + PROVIDER],
    ids=["openai_base_url", "a provider with remote compaction", "a provider, compacting by itself"],
)
@pytest.mark.parametrize("model", ["claude-sonnet-5-5", "claude-haiku-4-5"])
def test_it_goes_on_after_a_compaction(settings: str, model: str, url: str, tmp_path: Path) -> None:
    codex = Codex(url, tmp_path, settings, model)
    (codex.repository / "greeting.py").write_text(_GREETING)
    steps = [("exec_command", {"cmd": f"apply_patch <<'EOF'\n{_PATCH}EOF\n"}), ("exec_command", {"cmd": _CHECK})]
    run = codex.run(script(*[("exec_command", _LONG)] * 4, *steps, ("say", "greet is polite now.")))
    assert (run.status, run.answer) == (0, "greet is polite now."), run
    assert run.of_type("command_execution")[-1]["aggregated_output"] == "Good day, Ann\n"
    assert codex.compactions > 0


def test_the_list_of_models_gives_it_its_own_tool_for_patches(url: str, tmp_path: Path) -> None:
    codex = Codex(url, tmp_path, PROVIDER + 'model_catalog_url = "{url}/models"\n')
    (codex.repository / "greeting.py").write_text(_GREETING)
    run = codex.run(script(("apply_patch", {"input": _PATCH}), ("say", "greet is polite now.")))
    assert (run.status, run.answer) == (0, "greet is polite now."), run
    assert (codex.repository / "greeting.py").read_text() == _POLITE
