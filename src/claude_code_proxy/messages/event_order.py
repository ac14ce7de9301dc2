"""The order of a stream's events: one message, and in it one block after another."""

from claude_code_proxy.messages import events


class EventOrder:
    """Judges each event by those before it.

    Everything that reads a stream puts a delta into the block that began last, so a delta of another block would be
    mixed into it in silence. What else may be odd does no harm: an end of a block that is missing or comes twice, gaps
    between indexes, a second start of the message.
    """

    __slots__ = ("_has_begun", "open")

    def __init__(self) -> None:
        self._has_begun = False
        self.open: int | None = None
        """The index of the block that deltas may belong to."""

    def allows(self, event: events.Event) -> bool:
        """Return whether the event may come now."""
        match event:
            case events.ContentBlockDelta(index=index):
                return index == self.open
            case events.ContentBlockStart(index=index):
                self.open = index
                return self._has_begun
            case events.ContentBlockStop(index=index):
                self.open = None if index == self.open else self.open
                return self._has_begun
            case events.MessageStart():
                self._has_begun = True
                return True
            case events.MessageDelta() | events.MessageStop():
                return self._has_begun
            case _:
                return True
