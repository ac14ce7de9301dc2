"""What every test stands on: an isolated process, and one proxy with the simulated upstream for the real clients."""

from collections.abc import Iterator

import pytest

from tests.isolation import isolate
from tests.proxy_process import running_proxy

isolate()


@pytest.fixture(scope="session")
def proxy_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The base URL, ending in /v1, of a proxy that talks to the simulated upstream."""
    with running_proxy(tmp_path_factory.mktemp("home"), "--upstream", "simulated") as url:
        yield url
