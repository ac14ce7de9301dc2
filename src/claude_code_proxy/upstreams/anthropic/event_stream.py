"""The body of a streamed answer, read by read: bytes -> the events they bring."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from claude_code_proxy import messages, sse
from claude_code_proxy.errors import ProxyError, UpstreamBroke
from claude_code_proxy.http1.client import Response
from claude_code_proxy.messages.event_order import LAST_EVENTS
from claude_code_proxy.messages.json_text import UNREADABLE, replace_surrogates
from claude_code_proxy.secret import NO_SECRET, Secret
from claude_code_proxy.upstreams.anthropic.masking import mask_event
from claude_code_proxy.upstreams.anthropic.rejections import rejected_midway
from claude_code_proxy.upstreams.upstream import CallStats

_LAST_BYTES_SECONDS = 1.0  # for what still belongs to the body after the last event

_finishing: set[asyncio.Task[None]] = set()  # the loop itself holds on to no task


class TransportEvents:
    """An `EventStream`. An error event ends it: what came before it is given first, then the error is raised.

    An answer that is put together may have `limit` bytes; one that is passed on has no limit.
    """

    __slots__ = (
        "_ahead",
        "_closed",
        "_decoder",
        "_error",
        "_limit",
        "_needle",
        "_order",
        "_received",
        "_response",
        "_secret",
        "_stopped",
        "stats",
    )

    def __init__(
        self, response: Response, stats: CallStats, *, secret: Secret = NO_SECRET, limit: int | None = None
    ) -> None:
        self._limit = limit
        self._received = 0
        self.stats = stats
        self._response = response
        self._secret = secret
        self._needle = secret.needle
        self._order = messages.EventOrder()
        self._decoder = sse.Decoder()
        self._error: ProxyError | None = None
        self._stopped = False  # its last event has come
        self._closed = False
        self._ahead: Sequence[messages.Event] | None = None

    async def begin(self) -> None:
        """Wait for the first events; raise when they bring an error or never come."""
        self._ahead = await self.events()
        if self._error is not None:
            raise self._error
        if self._ahead is None:
            raise UpstreamBroke("The upstream ended its answer before it began.")

    async def events(self) -> Sequence[messages.Event] | None:
        if self._ahead is not None:
            ahead, self._ahead = self._ahead, None
            return ahead
        while self._error is None:
            chunk = await self._response.chunk()
            if chunk is None:
                return self._last()
            if self._limit is not None:
                self._count(chunk, self._limit)
            frames = self._decoder.feed(chunk)
            if frames and not self._stopped:
                batch = self._decode(frames)
                if batch:
                    return batch
        raise self._error

    def close(self) -> None:
        """Keep the connection after the last event, even if the end of the body is a packet behind; else close it."""
        if self._closed:
            return
        self._closed = True
        release(self._response, is_complete=self._stopped)

    def _count(self, chunk: bytes, limit: int) -> None:
        self._received += len(chunk)
        if self._received > limit:
            raise UpstreamBroke(f"The upstream's answer is larger than {limit} bytes.")

    def _decode(self, frames: list[bytes]) -> Sequence[messages.Event]:
        needle = self._needle
        if needle is not None:
            for frame in frames:
                if needle in frame:
                    frames = [self._masked(frame) for frame in frames]
                    break
        try:
            batch = [messages.decode_event(frame) for frame in frames]
        except UNREADABLE:
            batch = self._decode_with_care(frames)
        return self._until_end(batch)

    def _masked(self, frame: bytes) -> bytes:
        return mask_event(frame, self._secret) if self._needle is not None and self._needle in frame else frame

    def _until_end(self, batch: list[messages.Event]) -> list[messages.Event]:
        """Return the events, in order, up to the last one of the answer; nothing after it counts, readable or not."""
        ordered = self._order.feed(batch)
        if self._order.error is not None:
            self._break(self._order.error)
        elif ordered and ordered[-1].__class__ in LAST_EVENTS:
            self._end(ordered)
        return ordered

    def _end(self, ordered: list[messages.Event]) -> None:
        """Note the last event; one that brings an error is raised in its turn."""
        last = ordered[-1]
        if isinstance(last, messages.ErrorEvent):
            self._error = rejected_midway(last, self.stats.request_id)
            del ordered[-1]
        else:
            self._stopped, self._error = True, None

    def _break(self, error: UpstreamBroke) -> None:
        self.stats.begun = True  # another attempt would be billed as well, and no better
        self._error = error

    def _last(self) -> Sequence[messages.Event] | None:
        """Return the last events of a body that has ended; only the blank line after them may be missing."""
        if self._stopped:
            return None
        try:
            frames = [self._masked(frame) for frame in self._decoder.feed(b"\n\n")]
            batch = self._until_end([messages.decode_event(frame) for frame in frames])
        except UNREADABLE:
            return None  # cut short
        if self._error is not None:
            raise self._error
        return batch or None

    def _decode_with_care(self, frames: list[bytes]) -> list[messages.Event]:
        """Return the events up to the first that cannot be read; that one breaks the stream."""
        batch: list[messages.Event] = []
        try:
            for frame in frames:
                batch.append(messages.decode_event(replace_surrogates(frame)))  # noqa: PERF401 - what came before an error counts
        except UNREADABLE as error:
            broken = UpstreamBroke("The upstream sent an event that cannot be read.")
            broken.__cause__ = error
            self._break(broken)
        return batch


class WholeEvents:
    """An `EventStream` of a Message that came whole."""

    __slots__ = ("_batch", "stats")

    def __init__(self, message: messages.Message, stats: CallStats) -> None:
        self.stats = stats
        self._batch: Sequence[messages.Event] | None = tuple(messages.as_events(message))

    async def events(self) -> Sequence[messages.Event] | None:
        batch, self._batch = self._batch, None
        return batch

    def close(self) -> None:
        self._batch = None


def release(response: Response, *, is_complete: bool) -> None:
    """Close a response. Where its last event has come, what is left of the body is read, to keep the connection."""
    if is_complete and not _has_ended(response):
        task = asyncio.ensure_future(_finish(response))
        _finishing.add(task)
        task.add_done_callback(_finishing.discard)
    else:
        response.close()


def _has_ended(response: Response) -> bool:
    """Whether nothing more can come. A read that would have to wait is given up, which loses nothing."""
    reading = response.chunk()
    try:
        reading.send(None)
    except StopIteration as read:
        return read.value is None
    except ProxyError:
        return True
    reading.close()
    return False


async def _finish(response: Response) -> None:
    with suppress(ProxyError, TimeoutError):
        async with asyncio.timeout(_LAST_BYTES_SECONDS):
            while await response.chunk() is not None:
                pass
    response.close()
