"""What requests share that read or change what is kept: who owns it, and the error of a store that fails."""

import hashlib
from collections.abc import Awaitable, Mapping
from typing import TypeVar

from claude_code_proxy.errors import ProxyError
from claude_code_proxy.server.access.api_keys import keys_in
from claude_code_proxy.state.reply_store import StoreFailed

_T = TypeVar("_T")


class StateUnavailable(ProxyError):
    """What is kept cannot be read just now."""

    status = 503


async def or_unavailable(answer: Awaitable[_T]) -> _T:
    """Return what a store answers. Raise `StateUnavailable` if it fails."""
    try:
        return await answer
    except StoreFailed as error:
        raise StateUnavailable(f"What was kept cannot be read just now: {error}.") from error


def owner_by_key(headers: Mapping[bytes, bytes]) -> str:
    """Return a short digest of the caller's API key, so that each key has an owner of its own."""
    key = b"\0".join(keys_in(headers))
    return hashlib.blake2b(key, digest_size=12).hexdigest() if key else ""
