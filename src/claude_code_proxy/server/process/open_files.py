"""The limit of open files: every connection is one, and the usual limit is far too low."""

import logging
import resource

_log = logging.getLogger(__name__)
_SPARE = 64  # for files that are no connections
_WITHOUT_LIMIT = (1_048_576, 65_536, 10_240)  # tried in turn if the system has no limit; macOS allows the last one
_MOST_UPSTREAM = 10_000


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
