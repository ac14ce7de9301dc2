"""The events of a stream -> the Message they spell out, and a Message -> events that spell it out."""

from collections.abc import Iterable, Iterator

import msgspec
from msgspec import Raw

from claude_code_proxy.errors import UpstreamBroke
from claude_code_proxy.messages import content as blocks
from claude_code_proxy.messages import events
from claude_code_proxy.messages.response import Message, Usage, raw_citations


class Accumulator:
    """Feed it every event; `message()` once the last has come. One instance per reply."""

    def __init__(self) -> None:
        self._start: Message | None = None
        self._blocks: list[blocks.Block] = []
        self._pieces: list[str] = []
        self._signature: list[str] = []
        self._citations: list[Raw] = []
        self._compacted: events.CompactionDelta | None = None
        self._end = events.DeltaBody()
        self.stopped = False

    def feed(self, event: events.Event) -> None:
        if isinstance(event, events.ContentBlockDelta):
            self._feed_delta(event.delta)
        elif isinstance(event, events.ContentBlockStart):
            self._close_block()
            self._blocks.append(event.content_block)
        elif isinstance(event, events.ContentBlockStop):
            self._close_block()
        elif isinstance(event, events.MessageStart):
            self._start = event.message
        elif isinstance(event, events.MessageDelta):
            self._feed_end(event)
        elif isinstance(event, events.MessageStop):
            self.stopped = True

    @property
    def usage(self) -> Usage:
        """As far as it has been told."""
        return self._start.usage if self._start is not None else Usage()

    def feed_all(self, batch: Iterable[events.Event]) -> None:
        for event in batch:
            self.feed(event)

    def message(self) -> Message:
        """Raise `UpstreamBroke` when the stream ended before `message_stop`."""
        self._close_block()
        if self._start is None or not self.stopped:
            raise UpstreamBroke("The upstream's stream ended before the message was complete.")
        return msgspec.structs.replace(
            self._start,
            content=self._start.content + tuple(self._blocks),
            stop_reason=self._end.stop_reason,
            stop_sequence=self._end.stop_sequence,
            stop_details=self._end.stop_details,
        )

    def _feed_delta(self, delta: events.Delta) -> None:
        if isinstance(delta, events.TextDelta):
            self._pieces.append(delta.text)
        elif isinstance(delta, events.InputJsonDelta):
            self._pieces.append(delta.partial_json)
        elif isinstance(delta, events.ThinkingDelta):
            self._pieces.append(delta.thinking)
        elif isinstance(delta, events.SignatureDelta):
            self._signature.append(delta.signature)
        elif isinstance(delta, events.CitationsDelta):
            self._citations.append(delta.citation)
        elif isinstance(delta, events.CompactionDelta):
            self._compacted = delta

    def _feed_end(self, event: events.MessageDelta) -> None:
        self._end = self._end.updated(event.delta)
        if self._start is not None:
            self._start = msgspec.structs.replace(self._start, usage=self._start.usage.updated(event.usage))

    def _close_block(self) -> None:
        """Put what the deltas brought into the block they belong to, which is always the last one."""
        if self._pieces or self._signature or self._citations or self._compacted:
            if self._blocks:
                self._blocks[-1] = self._filled(self._blocks[-1])
            self._pieces, self._signature, self._citations, self._compacted = [], [], [], None

    def _filled(self, block: blocks.Block) -> blocks.Block:
        text = "".join(self._pieces)
        match block:
            case blocks.Text():
                citations = self._all_citations(block) if self._citations else block.citations
                return msgspec.structs.replace(block, text=block.text + text, citations=citations)
            case blocks.Thinking():
                signature = "".join(self._signature)
                return blocks.Thinking(block.thinking + text, signature or block.signature)
            case blocks.ToolUse() | blocks.ServerToolUse() if text:
                return msgspec.structs.replace(block, input=Raw(text.encode()))
            case blocks.Compaction() if self._compacted is not None:
                whole = self._compacted
                signed = msgspec.structs.replace(block, signature="".join(self._signature) or block.signature)
                return msgspec.structs.replace(signed, content=whole.content, encrypted_content=whole.encrypted_content)
            case blocks.UnknownBlock() if text:
                return blocks.with_input(block, Raw(text.encode()))
            case _:
                return block

    def _all_citations(self, block: blocks.Text) -> Raw:
        return Raw(msgspec.json.encode([*raw_citations(block.citations), *self._citations]))


def as_events(message: Message) -> Iterator[events.Event]:
    """Yield the shortest stream that accumulates to `message`: one delta a block."""
    yield events.MessageStart(
        msgspec.structs.replace(message, content=(), stop_reason=None, stop_sequence=None, stop_details=None)
    )
    for index, block in enumerate(message.content):
        yield from block_events(index, block)
    yield events.MessageDelta(
        events.DeltaBody(message.stop_reason, message.stop_sequence, message.stop_details), message.usage
    )
    yield events.MessageStop()


def block_events(index: int, block: blocks.Block) -> Iterator[events.Event]:
    """Yield the start, the deltas and the stop of one block."""
    deltas: list[events.Delta] = []
    match block:
        case blocks.Text():
            deltas += [events.CitationsDelta(citation) for citation in raw_citations(block.citations)]
            deltas.append(events.TextDelta(block.text))
            block = blocks.Text("")
        case blocks.Thinking():
            deltas += [events.ThinkingDelta(block.thinking), events.SignatureDelta(block.signature)]
            block = blocks.Thinking("", "")
        case blocks.ToolUse() | blocks.ServerToolUse():
            deltas.append(events.InputJsonDelta(bytes(block.input).decode()))
            block = msgspec.structs.replace(block, input=Raw(b"{}"))
        case blocks.Compaction():
            deltas.append(events.CompactionDelta(block.content, block.encrypted_content))
            block = msgspec.structs.replace(block, content=None, encrypted_content=None)
        case _:
            pass
    yield events.ContentBlockStart(index, block)
    yield from (events.ContentBlockDelta(index, delta) for delta in deltas)
    yield events.ContentBlockStop(index)
