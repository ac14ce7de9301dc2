"""The upstream that the server's tests script."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.server.scripted_upstream import ScriptedUpstream, scripted_upstream


@pytest_asyncio.fixture
async def upstream() -> AsyncIterator[ScriptedUpstream]:
    async with scripted_upstream() as upstream:
        yield upstream
