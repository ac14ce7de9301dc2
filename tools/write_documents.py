"""Write what is generated in docs/: whole pages, and tables behind a comment that says where they come from.

Run by `make documents`. A test compares each page with its source.
"""

import re
from pathlib import Path

from claude_code_proxy import adjustment, settings
from claude_code_proxy.cli import models
from claude_code_proxy.models.catalogue import BUILT_IN
from claude_code_proxy.server.telemetry import access_log, prometheus
from claude_code_proxy.upstreams.claude_code import capabilities
from tests.project import test_traps as traps
from tools import compatibility

DOCUMENTS = Path(__file__).parents[1] / "docs"


def write() -> None:
    (DOCUMENTS / "compatibility.md").write_text(compatibility.render(), encoding="utf-8")
    _rest("configuring.md", settings.describe())
    _rest("models.md", models.markdown(BUILT_IN))
    _table("observing.md", "adjustment.describe", adjustment.describe())
    _table("subscription.md", "capabilities.describe", capabilities.describe())
    _table("observing.md", "prometheus.describe", prometheus.describe())
    _table("observing.md", "access_log.describe", access_log.describe())
    traps.write()


def _rest(name: str, written: str) -> None:
    """Replace everything after the comment."""
    before, comment, _ = (DOCUMENTS / name).read_text(encoding="utf-8").partition("-->\n\n")
    (DOCUMENTS / name).write_text(before + comment + written, encoding="utf-8")


def _table(name: str, source: str, written: str) -> None:
    """Replace the table after the comment that names `source`."""
    text = (DOCUMENTS / name).read_text(encoding="utf-8")
    pattern = re.compile(rf"(<!-- [^>]*{re.escape(source)}\(\)[^>]*-->\n\n)(?:\|.*\n)*")
    found, count = pattern.subn(lambda comment: comment[1] + written, text)
    if count != 1:
        raise SystemExit(f"{name} has no place for {source}")
    (DOCUMENTS / name).write_text(found, encoding="utf-8")


if __name__ == "__main__":
    write()
