"""The real Claude Code, in a network of its own, with the simulated service on its loopback."""

from collections.abc import Iterator

import pytest

from tests.upstreams.claude_code import environment
from tests.upstreams.claude_code.stage import private_network


@pytest.fixture
def network() -> Iterator[bool]:
    """Whether this test has a network of its own; without one, only a dead web proxy keeps what it starts at home."""
    environment.python()  # the last that needs the network of the machine
    with private_network() as made:
        yield made
