"""The upstream that the server's tests script; and streams on both event loops that people run them on."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

import pytest
import pytest_asyncio
import uvloop

from tests.server.scripted_upstream import ScriptedUpstream, scripted_upstream

_ON_BOTH = {"test_streaming"}


@pytest_asyncio.fixture
async def upstream() -> AsyncIterator[ScriptedUpstream]:
    async with scripted_upstream() as upstream:
        yield upstream


def pytest_asyncio_loop_factories(item: pytest.Item) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    loops: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {"asyncio": asyncio.SelectorEventLoop}
    if item.path.stem in _ON_BOTH:
        loops["uvloop"] = uvloop.new_event_loop
    return loops
