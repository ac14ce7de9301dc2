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
    """The reply filter that leaves of each text block the JSON it holds."""

    def __init__(self, opener: str) -> None:
        self._opener = opener
        self._span = JsonSpan(opener)
        self._held = ""
        self._index = 0

    def message(self, message: messages.Message) -> messages.Message:
        return replace(
            message,
            content=tuple(
                replace(block, text=bare(block.text, self._opener)) if isinstance(block, messages.Text) else block
                for block in message.content
            ),
        )

    def feed(self, event: messages.Event) -> Sequence[messages.Event]:
        match event:
            case messages.ContentBlockStart(content_block=messages.Text()):
                self._span, self._held = JsonSpan(self._opener), ""
                return (event,)
            case messages.ContentBlockDelta(delta=messages.TextDelta(text=text)):
                return self._text(event.index, text)
            case messages.ContentBlockStop() | messages.MessageDelta() if self._held:
                return (*self.close(), event)
            case _:
                return (event,)

    def close(self) -> Sequence[messages.Event]:
        """Text that holds no JSON."""
        held, self._held = self._held, ""
        return (messages.ContentBlockDelta(self._index, messages.TextDelta(held)),) if held else ()

    def _text(self, index: int, text: str) -> Sequence[messages.Event]:
        self._index = index
        found = self._span.feed(text)
        if not self._span.begun:
            self._held += text
            return ()
        self._held = ""
        return (messages.ContentBlockDelta(index, messages.TextDelta(found)),) if found else ()
