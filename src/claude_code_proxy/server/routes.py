"""Request paths, as people really type them -> the path a route is known by."""

import re

_SLASHES = re.compile(r"/{2,}")
_PREFIX = re.compile(r"^(?:/api|/openai)?(?:/v1)+(?=/|$)")  # two of them as other services have it


def plain_path(path: str) -> str:
    """Without `/v1`, however often, doubled slashes and a trailing slash: `/v1/v1//models/` -> `/models`.

    Who changes only the host of `/api/v1` or `/openai/v1` is served too.
    """
    path = _SLASHES.sub("/", path)
    return _PREFIX.sub("", path).rstrip("/") or "/"
