"""A turn that the service paused and that is taken up again: several Messages, heard as one.

https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons. Hosted tools may pause a turn; sending it
back as it is makes the service go on. The client sees one answer, with blocks counted through and counts summed up.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.upstreams.upstream import CallStats, EventStream

MOST_PAUSES = 8
More = Callable[[tuple[messages.Block, ...]], Awaitable[EventStream]]


def sum_usage(first: messages.Usage, later: messages.Usage) -> messages.Usage:
    """Return what several requests used, of which each is billed by itself."""

    def total(name: str) -> int | None:
        values = [value for usage in (first, later) if (value := getattr(usage, name)) is not None]
        return sum(values) if values else None

    names = ("input_tokens", "output_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
    return replace(
        later,
        **{name: total(name) for name in names},
        cache_creation=_summed(first.cache_creation, later.cache_creation),
        output_tokens_details=_summed(first.output_tokens_details, later.output_tokens_details),
        server_tool_use=_summed(first.server_tool_use, later.server_tool_use),
        requests=(*(first.requests or (first,)), *(later.requests or (later,))),
    )


_Counts = TypeVar("_Counts", messages.CacheCreation, messages.TokenDetails, messages.ServerToolUsage)


def _summed(first: _Counts | None, later: _Counts | None) -> _Counts | None:
    if first is None or later is None:
        return first or later
    pairs = {name: (getattr(first, name), getattr(later, name)) for name in first.__struct_fields__}
    return type(first)(**{name: sum(filter(None, pair)) for name, pair in pairs.items() if pair != (None, None)})


def join(first: messages.Message, later: messages.Message) -> messages.Message:
    """Two parts of one turn."""
    content = first.content + later.content
    return replace(later, id=first.id, content=content, usage=sum_usage(first.usage, later.usage))


class ContinuedStream:
    """An `EventStream`. `more` opens the next part, given all blocks so far."""

    def __init__(self, first: EventStream, more: More) -> None:
        self._part = first
        self._more = more
        self._answer = messages.Accumulator()
        self._content: tuple[messages.Block, ...] = ()
        self._used: messages.Usage | None = None
        self._pauses = 0
        self._pausing = False

    @property
    def stats(self) -> CallStats:
        return self._part.stats

    async def events(self) -> Sequence[messages.Event] | None:
        while True:
            if self._pausing and self._answer.stopped:
                await self._continue()
            batch = await self._part.events()
            if batch is None:
                return None
            passed = [out for event in batch if (out := self._passed(event)) is not None]
            if passed:
                return passed

    def close(self) -> None:
        self._part.close()

    async def _continue(self) -> None:
        part = self._answer.message()
        self._content += part.content
        self._used = part.usage if self._used is None else sum_usage(self._used, part.usage)
        self._part.close()
        self._answer = messages.Accumulator()
        self._pausing = False
        self._pauses += 1
        self._part = await self._more(self._content)

    def _passed(self, event: messages.Event) -> messages.Event | None:
        """Return the event as it stands in the whole; None for those that only end or begin a part."""
        self._answer.feed(event)
        match event:
            case messages.MessageStart():
                return None if self._pauses else event
            case messages.ContentBlockStart() | messages.ContentBlockDelta() | messages.ContentBlockStop():
                return replace(event, index=event.index + len(self._content)) if self._content else event
            case messages.MessageDelta():
                self._pausing = event.delta.stop_reason == "pause_turn" and self._pauses < MOST_PAUSES
                return None if self._pausing else replace(event, usage=self._total(event.usage))
            case messages.MessageStop():
                return None if self._pausing else event
            case _:
                return event

    def _total(self, usage: messages.Usage) -> messages.Usage:
        """Of all parts. The start of a later one was never passed on, so its counts are told here."""
        return usage if self._used is None else sum_usage(self._used, self._answer.usage.updated(usage))


class RepeatedStream:
    """An `EventStream`: an answer after one that was thrown away. What that one used is told with it."""

    def __init__(self, stream: EventStream, used: messages.Usage) -> None:
        self._stream = stream
        self._used = used
        self._own = messages.Usage()

    @property
    def stats(self) -> CallStats:
        return self._stream.stats

    async def events(self) -> Sequence[messages.Event] | None:
        batch = await self._stream.events()
        return None if batch is None else [self._passed(event) for event in batch]

    def close(self) -> None:
        self._stream.close()

    def _passed(self, event: messages.Event) -> messages.Event:
        match event:
            case messages.MessageStart(message=message):
                self._own = message.usage
                return messages.MessageStart(replace(message, usage=sum_usage(self._used, self._own)))
            case messages.MessageDelta():
                self._own = self._own.updated(event.usage)
                return replace(event, usage=sum_usage(self._used, self._own))
            case _:
                return event
