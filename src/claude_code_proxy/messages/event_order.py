"""The order of a stream's events, checked once, so that everything after it can rely on it.

A content block starts, takes its deltas and stops before the next one starts. A stop that was left out is added, and
one that comes late is dropped. Where a delta belongs to no open block, nobody can tell what it is a part of: the answer
breaks, whether it is passed on or put together.
"""

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from claude_code_proxy.errors import UpstreamBroke
from claude_code_proxy.messages import content as blocks
from claude_code_proxy.messages import events
from claude_code_proxy.messages.accumulate import block_events

_CALL_DELTAS = frozenset({events.InputJsonDelta, events.UnknownDelta})
_DELTAS_OF_OTHERS = frozenset({events.UnknownDelta, events.InputJsonDelta})  # of a block of a type that is not known
_DELTAS: dict[type, frozenset[type]] = {
    blocks.Text: frozenset({events.TextDelta, events.CitationsDelta, events.UnknownDelta}),
    blocks.Thinking: frozenset({events.ThinkingDelta, events.SignatureDelta, events.UnknownDelta}),
    blocks.Compaction: frozenset({events.CompactionDelta, events.SignatureDelta, events.UnknownDelta}),
    blocks.ToolUse: _CALL_DELTAS,
    blocks.ServerToolUse: _CALL_DELTAS,
    blocks.UnknownBlock: _DELTAS_OF_OTHERS,
}
_OTHER_DELTAS = frozenset({events.UnknownDelta})  # of a block that comes whole in its start
LAST_EVENTS: frozenset[type] = frozenset({events.MessageStop, events.ErrorEvent})
_ANYWHERE = (events.Ping, events.UnknownEvent, events.ErrorEvent)


class EventOrder:
    """Feed it the events of one answer, in turn. `error` is set once one cannot stand where it does."""

    __slots__ = ("_begun", "_deltas", "_end", "_last", "_open", "_totals", "error")

    def __init__(self) -> None:
        self.error: UpstreamBroke | None = None
        self._begun = False
        self._open: int | None = None
        self._end: events.DeltaBody | None = None  # told in the start of the message, and not yet by a delta
        self._last = -1  # the highest index of a block that has started
        self._deltas: frozenset[type] = frozenset()
        self._totals: list[events.Event] = []  # that came within a block, and wait for its stop

    def feed(self, batch: Sequence[events.Event]) -> list[events.Event]:
        """Return the events with what was left out among them, up to the last of the answer or to an error.

        Most are deltas of the open block: those cost no call.
        """
        ordered: list[events.Event] = []
        for event in batch:
            if (
                event.__class__ is events.ContentBlockDelta
                and event.index == self._open
                and event.delta.__class__ in self._deltas
            ):
                ordered += (event,)
                continue
            try:
                ordered += self._placed(event)
            except UpstreamBroke as error:
                self.error = error
                break
            if event.__class__ in LAST_EVENTS:
                break
        return ordered

    def _placed(self, event: events.Event) -> Sequence[events.Event]:
        if isinstance(event, _ANYWHERE):
            return (event,)
        if isinstance(event, events.MessageStart):
            return self._begin(event)
        if not self._begun:
            raise UpstreamBroke("The upstream's stream does not begin with a message_start event.")
        match event:
            case events.ContentBlockStart():
                return self._start(event)
            case events.ContentBlockDelta():
                return self._delta(event)
            case events.ContentBlockStop():
                return self._stop(event)
            case events.MessageDelta(delta=events.DeltaBody(stop_reason=None)) if self._open is not None:
                self._totals.append(event)
                return ()
            case _:
                return (*self._close(), *self._told_at_start(event), event)

    def _begin(self, event: events.MessageStart) -> Sequence[events.Event]:
        """Drop a start that a gateway repeats. Once a block has started, it can only be that of another message."""
        if self._last >= 0:
            raise UpstreamBroke("The upstream's stream begins a second message within the first.")
        if self._begun:
            return ()
        self._begun = True
        message = event.message
        if message.stop_reason is not None:
            self._end = events.DeltaBody(message.stop_reason, message.stop_sequence, message.stop_details)
        if not message.content:
            return (event,)
        return (events.MessageStart(replace(message, content=())), *self._spelled(message.content))

    def _spelled(self, content: Sequence[blocks.Block]) -> Iterator[events.Event]:
        """Yield the events of blocks that came whole, in the start of the message.

        The service sends a message so that goes on with code which ran within it (programmatic tool calling).
        """
        self._last = len(content) - 1
        for index, block in enumerate(content):
            yield from block_events(index, block)

    def _told_at_start(self, event: events.Event) -> Sequence[events.Event]:
        """Return the end that the start of the message brought, where the message stops without any other."""
        end, self._end = self._end, None
        return (events.MessageDelta(end),) if end is not None and isinstance(event, events.MessageStop) else ()

    def _start(self, event: events.ContentBlockStart) -> Sequence[events.Event]:
        if event.index <= self._last:
            raise UpstreamBroke(_out_of_order("content_block_start", event.index))
        closed = self._close()
        self._open = self._last = event.index
        self._deltas = _DELTAS.get(type(event.content_block), _OTHER_DELTAS)
        return (*closed, event)

    def _delta(self, event: events.ContentBlockDelta) -> Sequence[events.Event]:
        if event.index != self._open:
            raise UpstreamBroke(_out_of_order("content_block_delta", event.index))
        if self._deltas is _DELTAS_OF_OTHERS:  # what fills a block of another type is not text of the answer
            kind = str(type(event.delta).__struct_config__.tag)
            return (events.ContentBlockDelta(event.index, events.UnknownDelta(kind)),)
        if type(event.delta) not in self._deltas:
            raise UpstreamBroke(f"The upstream sent a delta that does not fit the type of content block {event.index}.")
        return (event,)

    def _stop(self, event: events.ContentBlockStop) -> Sequence[events.Event]:
        if event.index > self._last:
            raise UpstreamBroke(_out_of_order("content_block_stop", event.index))
        return self._close() if event.index == self._open else ()

    def _close(self) -> Sequence[events.Event]:
        index, self._open = self._open, None
        totals, self._totals = self._totals, []
        self._deltas = frozenset()
        return () if index is None else (events.ContentBlockStop(index), *totals)


def _out_of_order(kind: str, index: int) -> str:
    return f"The upstream sent its events out of order: a {kind} event for index {index}."
