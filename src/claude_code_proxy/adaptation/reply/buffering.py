"""Streamed text that a reply filter holds back until it can decide on it, with the events that follow in the meantime.

What to look for in the text is left to the filters. A tool call or the end of the answer always releases it.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from claude_code_proxy import messages


class TextBuffer(ABC):
    """The streamed half of a reply filter. `_held` begins with the first text that was held back."""

    def __init__(self) -> None:
        self._held: list[messages.Event] = []

    def feed(self, event: messages.Event) -> Sequence[messages.Event]:
        match event:
            case messages.ContentBlockDelta(delta=messages.TextDelta(text=text)):
                return self._feed_text(event, text)
            case messages.ContentBlockStart(content_block=messages.ToolUse()) | messages.MessageDelta() if self._held:
                return (*self.close(), event)
            case messages.Ping():
                return (event,)
            case _ if self._held:
                self._held.append(event)
                return ()
            case _:
                return (event,)

    def close(self) -> Sequence[messages.Event]:
        """Releases what is held back, unchanged."""
        held, self._held = self._held, []
        return tuple(held)

    @abstractmethod
    def _feed_text(self, event: messages.ContentBlockDelta, text: str) -> Sequence[messages.Event]:
        """`text` is that of `event`: passed on, or added to what is held back."""
