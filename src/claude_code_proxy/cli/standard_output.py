"""Standard output that is closed or full: one clear error, and never a socket in its place."""

import errno
import os
import select
import sys
from contextlib import suppress

from claude_code_proxy.errors import Misconfigured

_STANDARD = (0, 1, 2)
_WAIT_SECONDS = 2


class Unwritable(Misconfigured):
    """Standard output does not take the result of a command."""


def reserve_descriptors() -> None:
    """Open the null device in place of each standard stream that is closed.

    Otherwise the next socket would get its number, and would be sent what is meant for the stream.
    """
    for descriptor in _STANDARD:
        try:
            os.fstat(descriptor)
        except OSError:
            _discard(descriptor)


def report(text: str) -> None:
    """Print the result of a command. Raise `Unwritable` if nobody can have it."""
    if sys.stdout is None:
        raise Unwritable("standard output is closed")
    try:
        print(text, flush=True)
    except OSError as error:
        _discard(1)  # else the interpreter fails at its end to write what is still in the buffer
        if error.errno == errno.EPIPE:
            raise SystemExit(1) from None  # the reader has read enough
        raise Unwritable(f"cannot write to standard output: {error.strerror}") from error


def announce(text: str) -> None:
    """Print what a server says at its start; a server runs as well if nobody reads it."""
    with suppress(Unwritable):
        if _has_room(1):
            report(text)


def report_failure(text: str) -> None:
    """Print the last line on standard error, unless nobody reads it."""
    with suppress(OSError):
        if sys.stderr is not None and _has_room(2):
            print(text, file=sys.stderr, flush=True)


def _has_room(descriptor: int) -> bool:
    """Wait a moment for a pipe that is full: writing to one that nobody reads would take for ever."""
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    return bool(poll.poll(_WAIT_SECONDS * 1000))


def _discard(descriptor: int) -> None:
    null = os.open(os.devnull, os.O_RDWR)
    if null != descriptor:
        os.dup2(null, descriptor)
        os.close(null)
