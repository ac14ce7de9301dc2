"""Streams a response that is made in the background, from any of its events on, until it has ended."""

import asyncio
from collections.abc import Awaitable, Callable

from claude_code_proxy import sse
from claude_code_proxy.endpoints.envelope import Headers
from claude_code_proxy.http1.server.responder import Responder
from claude_code_proxy.server.state_access import or_unavailable
from claude_code_proxy.state.background_store import JobProgress

_PAUSE_SECONDS = 0.1  # between two looks into the store
_KEEP_ALIVE = sse.comment(b"keep-alive")
ReadProgress = Callable[[int], Awaitable[JobProgress | None]]
"""Returns the progress of a job after the event of that number."""


async def follow(
    responder: Responder, read: ReadProgress, *, after: int, head: Callable[[], Headers], silence: float
) -> None:
    """Send events as they come, and a comment after so many seconds of `silence` (0: never).

    A client that leaves ends nothing but its own stream.
    """
    quiet = 0.0
    while not responder.gone:
        progress = await or_unavailable(read(after))
        if not responder.started:
            responder.start(200, head())
        if progress is None:
            break
        if progress.events:
            after, quiet = progress.events[-1][0], 0.0
            responder.write(b"".join([event for _, event in progress.events]))
            await responder.drain()
        if progress.state == "ended":
            break
        await asyncio.sleep(_PAUSE_SECONDS)
        quiet += _PAUSE_SECONDS
        if 0 < silence <= quiet:
            responder.write(_KEEP_ALIVE)
            quiet = 0.0
    if not responder.gone:
        responder.end()
