"""Request paths, as people really type them -> the path a route is known by."""

import re

_SLASHES = re.compile(r"/{2,}")
_VERSION = re.compile(r"^(?:/v1)+(?=/|$)")


def plain_path(path: str) -> str:
    """Without `/v1`, however often, doubled slashes and a trailing slash: `/v1/v1//models/` -> `/models`."""
    path = _SLASHES.sub("/", path)
    return _VERSION.sub("", path).rstrip("/") or "/"
