"""A fixture for the suites that are run against every engine."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from claude_code_proxy.state.sealing import Sealer
from claude_code_proxy.state.stores import ContentPlace, Stores, open_stores

ENGINES = {"memory": False, "SQLite": True}  # whether it has a directory


@pytest.fixture(params=ENGINES)
async def stores(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stores]:
    directory = tmp_path / "state" if ENGINES[request.param] else None
    opened = open_stores(directory, ContentPlace(directory, Sealer([b"a made-up key"])))
    yield opened
    await opened.close()
