"""What every test stands on: an isolated process, and one proxy with the simulated upstream for the real clients."""

import logging
from collections.abc import Iterator

import hypothesis
import pytest

from tests.isolation import isolate
from tests.proxy_process import running_proxy

isolate()

# No deadlines: how long one example takes says more of a busy machine than of the code. `make test` tries the same
# examples in every run, `make test-all` new ones.
hypothesis.settings.register_profile("steady", deadline=None, derandomize=True, database=None)
hypothesis.settings.register_profile("searching", deadline=None, print_blob=True)
hypothesis.settings.load_profile("steady")


@pytest.fixture(autouse=True)
def log_as_it_was() -> Iterator[None]:
    """Undo what a test did to the logging of this process, so that the next test does not see it."""
    root = logging.getLogger()
    handlers, level, disabled, raising = root.handlers[:], root.level, root.manager.disable, logging.raiseExceptions
    yield
    root.handlers[:], root.manager.disable, logging.raiseExceptions = handlers, disabled, raising
    root.setLevel(level)
    logging.captureWarnings(capture=False)


@pytest.fixture(scope="session")
def proxy_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the base URL, ending in /v1, of a proxy that talks to the simulated upstream."""
    with running_proxy(tmp_path_factory.mktemp("home"), "--upstream", "simulated") as url:
        yield url
