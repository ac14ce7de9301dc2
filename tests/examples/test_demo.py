"""`make demo`: one command, no key, a conversation, exit code 0; nothing of the machine plays a part."""

import io
import subprocess
import sys
from pathlib import Path

from examples.demo import demo
from tests.cli.processes import SOURCE, ended


def test_it_ends_well_whatever_the_machine_has_set(tmp_path: Path) -> None:
    code, told = ended(
        tmp_path,
        "demo",
        ANTHROPIC_API_KEY="sk-ant-test",
        ANTHROPIC_API_BASE="http://127.0.0.1:9",
        PROXY_API_KEY="key-of-a-caller",
        STRICT="true",
        HTTP_PROXY="http://127.0.0.1:9",
        HTTPS_PROXY="http://127.0.0.1:9",
        OPENAI_BASE_URL="http://127.0.0.1:9",
        OPENAI_API_KEY="sk-test",
    )
    assert code == 0, told
    assert told.count("✓") == 8
    assert "All of it as it should be" in told
    assert "Traceback" not in told


async def test_it_leaves_nothing_running() -> None:
    out = io.StringIO()
    assert await demo(out, pace=0)
    assert "http://127.0.0.1:" in out.getvalue()


def test_without_the_sdk_it_says_how_to_get_it() -> None:
    program = (
        "import sys; sys.modules['openai'] = None\n"
        "from claude_code_proxy.cli.main import main; sys.exit(main(['demo']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(SOURCE), "HOME": "/nowhere"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == ("claude-code-proxy: the demo speaks through the openai package; `make demo` installs it\n")
