"""One running simulation per test."""

from collections.abc import AsyncIterator

import pytest

from claude_code_proxy.simulator import Running, serve


@pytest.fixture
async def running() -> AsyncIterator[Running]:
    one = await serve()
    yield one
    await one.close()
