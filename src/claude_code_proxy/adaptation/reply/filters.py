"""The way back: what adaptation changed in a request is undone in its reply, and what it promised is held.

A `ReplyFilter` is Messages in, Messages out, like adaptation itself; one instance per reply. Most requests need none.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Protocol

from claude_code_proxy import messages
from claude_code_proxy.errors import InvalidRequest


class ReplyFilter(Protocol):
    """Call `message` once, or `feed` for every event and then `close`. Each of them may raise `OutputMismatch`."""

    def message(self, message: messages.Message) -> messages.Message: ...

    def feed(self, event: messages.Event) -> Sequence[messages.Event]:
        """Return the events that stand for `event`: itself, others, or none yet."""

    def close(self) -> Sequence[messages.Event]:
        """Return what was still held back. Called after `message_stop`."""


class OutputMismatch(InvalidRequest):
    """The answer is not what the request promised. `repair` may be asked for instead, while nothing has been passed on.

    Its own answer goes through a new filter; when that raises this again, it is what the client gets. `was_held` says
    that in a stream, too, nothing has been passed on, because the filter holds such answers back.
    """

    def __init__(self, message: str, *, path: str, code: str, repair: messages.MessagesRequest, was_held: bool) -> None:
        super().__init__(message, path=path, code=code, status=422)
        self.repair = repair
        self.was_held = was_held


class Chain:
    """Several filters as one, the first nearest to the upstream."""

    def __init__(self, filters: Sequence[ReplyFilter]) -> None:
        self._filters = filters

    def message(self, message: messages.Message) -> messages.Message:
        for each in self._filters:
            message = each.message(message)
        return message

    def feed(self, event: messages.Event) -> Sequence[messages.Event]:
        return self._through((event,), 0)

    def close(self) -> Sequence[messages.Event]:
        """Each in turn: what one gives back at the end passes through those after it before they end too."""
        events: list[messages.Event] = []
        for index, each in enumerate(self._filters):
            events += self._through(each.close(), index + 1)
        return events

    def _through(self, events: Sequence[messages.Event], start: int) -> Sequence[messages.Event]:
        for each in self._filters[start:]:
            events = [out for event in events for out in each.feed(event)]
        return events


class OutputCheck:
    """Passes everything on, unless the whole answer is not what it should be: then `judge` says so."""

    def __init__(self, judge: Callable[[messages.Message], OutputMismatch | None]) -> None:
        self._judge = judge
        self._answer = messages.Accumulator()

    def message(self, message: messages.Message) -> messages.Message:
        mismatch = self._judge(message)
        if mismatch is not None:
            raise mismatch
        return message

    def feed(self, event: messages.Event) -> Sequence[messages.Event]:
        """Judge before the stop reason is passed on, so that a bad answer has no good end."""
        self._answer.feed(event)
        if isinstance(event, messages.MessageDelta):
            self._answer.feed(messages.MessageStop())
            self.message(self._answer.message())
        return (event,)

    def close(self) -> Sequence[messages.Event]:
        return ()


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
