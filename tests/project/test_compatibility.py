"""The documents say what the tables say."""

from pathlib import Path

import pytest

from claude_code_proxy.endpoints.support import HEADERS
from tools.compatibility import APIS, Api, render

DOCUMENT = Path(__file__).parents[2] / "docs" / "compatibility.md"


def test_the_document_is_current() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == render(), "run `make documents`"


@pytest.mark.parametrize("api", [*APIS, Api("every request", (HEADERS,))], ids=lambda api: api.path)
def test_every_row_stands_in_it_with_its_fate_and_reason(api: Api) -> None:
    text = render()
    for table in api.tables:
        for name, support in table.rows.items():
            fate = f"**{support.fate}**" if support.changes_meaning else str(support.fate)
            assert f"| `{name}` | {fate} | {support.reason} |" in text
