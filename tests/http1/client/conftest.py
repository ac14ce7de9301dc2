"""The transport has to hold on both event loops that people run it on."""

import asyncio
from collections.abc import Callable, Mapping

import pytest
import uvloop

_ON_BOTH = {"test_connection", "test_dial", "test_response", "test_transport"}

LoopFactories = Mapping[str, Callable[[], asyncio.AbstractEventLoop]]


def pytest_asyncio_loop_factories(item: pytest.Item) -> LoopFactories:
    loops: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {"asyncio": asyncio.SelectorEventLoop}
    if any(item.path.stem.startswith(name) for name in _ON_BOTH):
        loops["uvloop"] = uvloop.new_event_loop
    return loops
