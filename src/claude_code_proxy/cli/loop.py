"""Run a command's coroutine on an event loop, and make the error for an address that cannot be bound."""

import asyncio
import errno
import os
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from claude_code_proxy.errors import Misconfigured

T = TypeVar("T")
_ANOTHER_PORT = "; choose another port with --port or PORT"
_REMEDIES = {
    errno.EADDRINUSE: _ANOTHER_PORT,
    errno.EACCES: _ANOTHER_PORT,
    errno.EADDRNOTAVAIL: "; choose an address of this machine with --host or HOST",
}


def run_loop(main: Coroutine[Any, Any, T]) -> T:
    """Run to the end, on uvloop where it is installed."""
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(main)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    try:
        import uvloop  # noqa: PLC0415 - not on every system
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop


def cannot_listen(address: str, error: OSError) -> Misconfigured:
    """Return the error; its reason is looked up by number, since asyncio wraps the system's text in its own."""
    reason = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
    remedy = _REMEDIES.get(error.errno or 0, "")
    return Misconfigured(f"cannot listen on {address}: {reason}{remedy}")
