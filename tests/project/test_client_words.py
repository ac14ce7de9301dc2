"""Only an endpoint speaks its client's language: adaptation and the exchange know no field that only a client has."""

import ast
import re
from pathlib import Path

import msgspec
import pytest

from claude_code_proxy import messages
from tests.project.sources import PACKAGE, modules, parsed
from tools.compatibility import APIS

ROOMS = (("adaptation",), ("server", "exchange"))
_PATH = re.compile(r"(\w+)(?:[.\[]\S*)?")  # a field by itself, or the start of a path such as `stop[0]`


def _hub_words() -> set[str]:
    """Every name and tag of the Messages API."""
    structs = [kind for kind in vars(messages).values() if isinstance(kind, type) and issubclass(kind, msgspec.Struct)]
    tags = {str(kind.__struct_config__.tag) for kind in structs}
    return tags | {name for kind in structs for name in kind.__struct_encode_fields__}


CLIENT_FIELDS = {name.partition(".")[0] for api in APIS for table in api.tables for name in table.rows}
ONLY_THE_CLIENTS = CLIENT_FIELDS - _hub_words() - {"user", "refusal"}  # a role and a stop reason


def test_there_are_such_fields() -> None:
    assert {"response_format", "reasoning_effort", "functions", "stop", "prompt"} <= ONLY_THE_CLIENTS


@pytest.mark.parametrize(
    "module",
    [path for path in modules() if path.parts[: len(ROOMS[0])] == ROOMS[0] or path.parts[:2] == ROOMS[1]],
    ids=str,
)
def test_no_field_of_a_client_is_named(module: Path) -> None:
    texts = [
        node.value
        for node in ast.walk(parsed(PACKAGE / module))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    named = [found[1] for text in texts if (found := _PATH.fullmatch(text)) or (found := re.search(r"'(\w+)'", text))]
    assert [name for name in named if name in ONLY_THE_CLIENTS] == []
