"""An answer that should be JSON alone -> that JSON, without the fence or the prose around it.

Streamed, JSON flows as soon as it begins; what follows its end is left out. Text that holds none stays as it is.
"""

import re
from collections.abc import Sequence

from msgspec.structs import replace

from claude_code_proxy import messages

_MARKS = re.compile(r'["\\{}\[\]]')


class JsonSpan:
    """Finds one JSON object or array in text that comes in pieces. `opener` is its first character."""

    def __init__(self, opener: str) -> None:
        self._opener = opener
        self._depth = 0
        self._in_string = False
        self._escaped = False
        self.begun = False
        self._ended = False

    def feed(self, text: str) -> str:
        """The part of `text` that belongs to the JSON."""
        if self._ended or not text:
            return ""
        start = 0
        if not self.begun:
            start = text.find(self._opener)
            if start < 0:
                return ""
            self.begun = True
        return text[start : self._end(text, start)]

    def _end(self, text: str, start: int) -> int:
        skipped = start if self._escaped else -1
        for mark in _MARKS.finditer(text, start):
            at = mark.start()
            if at == skipped:
                continue
            if self._in_string:
                if mark[0] == "\\":
                    skipped = at + 1
                elif mark[0] == '"':
                    self._in_string = False
            elif self._step(mark[0]):
                return at + 1
        self._escaped = skipped == len(text)
        return len(text)

    def _step(self, mark: str) -> bool:
        """One mark outside of strings; whether it ends the whole."""
        if mark == '"':
            self._in_string = True
        elif mark in "{[":
            self._depth += 1
        elif mark in "}]":
            self._depth -= 1
            self._ended = self._depth == 0
        return self._ended


def bare(text: str, opener: str) -> str:
    """The JSON in `text`; all of `text` when there is none."""
    span = JsonSpan(opener)
    found = span.feed(text)
    return found if span.begun else text


class BareJson:
    """The reply filter that leaves of the text the JSON it holds, be it split over several blocks by citations."""

    def __init__(self, opener: str) -> None:
        self._opener = opener
        self._span = JsonSpan(opener)
        self._held: list[messages.ContentBlockDelta] = []

    def message(self, message: messages.Message) -> messages.Message:
        return replace(message, content=tuple(map(self._block, message.content)))

    def feed(self, event: messages.Event) -> Sequence[messages.Event]:
        match event:
            case messages.ContentBlockDelta(delta=messages.TextDelta(text=text)):
                return self._text(event, text)
            case messages.ContentBlockStop() | messages.MessageDelta() if self._held:
                return (*self.close(), event)
            case _:
                return (event,)

    def close(self) -> Sequence[messages.Event]:
        """Text that holds no JSON; what follows it may."""
        held, self._held = self._held, []
        self._span = JsonSpan(self._opener)
        return held

    def _block(self, block: messages.Block) -> messages.Block:
        if not isinstance(block, messages.Text):
            return block
        found = self._span.feed(block.text)
        if self._span.begun:
            return replace(block, text=found)
        self._span = JsonSpan(self._opener)
        return block

    def _text(self, event: messages.ContentBlockDelta, text: str) -> Sequence[messages.Event]:
        found = self._span.feed(text)
        if not self._span.begun:
            self._held.append(event)
            return ()
        self._held = []
        return (messages.ContentBlockDelta(event.index, messages.TextDelta(found)),) if found else ()
