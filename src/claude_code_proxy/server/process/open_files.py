"""The limit of open files: every connection is one, and the usual limit is far too low."""

import logging
import resource
import time
from collections.abc import Callable

_log = logging.getLogger(__name__)
_SPARE = 64  # for files that are no connections
_WITHOUT_LIMIT = (1_048_576, 65_536, 10_240)  # tried in turn if the system has no limit; macOS allows the last one
_MOST_UPSTREAM = 10_000
_REPORT_SECONDS = 60.0


def raise_limit() -> int:
    """Raise the limit as far as the system allows, and return the new limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _WITHOUT_LIMIT if hard == resource.RLIM_INFINITY else (hard,)
    for most in wanted:
        if soft != resource.RLIM_INFINITY and soft >= most:
            break
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
            return most
        except (OSError, ValueError):
            continue
    return _WITHOUT_LIMIT[0] if soft == resource.RLIM_INFINITY else soft


def upstream_connections(files: int, most_requests: int) -> int:
    """Return how many upstream connections may be open: each request also needs one to its client."""
    if most_requests * 2 + _SPARE > files:
        _log.warning(
            "MAX_CONCURRENT is %d, but the system allows only %d open files and a request needs two: raise ulimit -n",
            most_requests,
            files,
        )
    return max(8, min(_MOST_UPSTREAM, (files - _SPARE) // 2))


def client_connections(files: int) -> int:
    """Return how many connections of clients may be served: what the upstream's leave."""
    return max(8, files - _SPARE - min(_MOST_UPSTREAM, (files - _SPARE) // 2))


class ShortageReport:
    """Logs that no descriptor is left for another client, once a minute at most."""

    def __init__(self, connections: int, now: Callable[[], float] = time.monotonic) -> None:
        self._connections = connections
        self._now = now
        self._reported = -_REPORT_SECONDS

    def __call__(self) -> None:
        now = self._now()
        if now - self._reported >= _REPORT_SECONDS:
            self._reported = now
            _log.warning(
                "%d clients are connected, and the limit of open files allows no more: others wait; raise ulimit -n",
                self._connections,
            )
