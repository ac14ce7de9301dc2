"""Servers for the tests of one folder, on each kind of event loop."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.http1.server.wire import LOOPS, Running, serving

Serve = Callable[..., Running]


@pytest.fixture(params=LOOPS)
def serve(request: pytest.FixtureRequest) -> Iterator[Serve]:
    """Return a function that starts a server; one test may start several."""
    with ExitStack() as stack:

        def start(handler: Any, **options: Any) -> Running:
            return stack.enter_context(serving(handler, loop=request.param, **options))

        yield start
