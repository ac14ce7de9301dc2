"""An answer that should be JSON alone -> that JSON, without the fence or the prose around it.

Streamed, JSON flows as soon as it begins; what follows its end is left out. Text that holds none stays as it is.
"""

import re
from collections.abc import Sequence

from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.adaptation.reply.filters import TextBuffer

_MARKS = re.compile(r'["\\{}\[\]]')


class JsonSpan:
    """Finds one JSON object or array in text that comes in pieces. `opener` is its first character."""

    def __init__(self, opener: str) -> None:
        self._opener = opener
        self._depth = 0
        self._in_string = False
        self._escaped = False
        self.begun = False
        self.ended = False

    def feed(self, text: str) -> str:
        """Return the part of `text` that belongs to the JSON."""
        if self.ended or not text:
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
        """Take one mark outside of strings. Returns whether the JSON ends with it."""
        if mark == '"':
            self._in_string = True
        elif mark in "{[":
            self._depth += 1
        elif mark in "}]":
            self._depth -= 1
            self.ended = self._depth == 0
        return self.ended


def extract_json(text: str, opener: str) -> str:
    """Return the JSON in `text`; all of `text` when there is none."""
    span = JsonSpan(opener)
    found = span.feed(text)
    return found if span.begun else text


class JsonExtraction(TextBuffer):
    """The reply filter that reduces the text to the JSON in it, even if citations split that over several blocks.

    What was said before it, in the same block or an earlier one, is left out only once it has begun: text that no JSON
    follows, or a call before it does, stays as it is.
    """

    def __init__(self, opener: str) -> None:
        super().__init__()
        self._span = JsonSpan(opener)

    def message(self, message: messages.Message) -> messages.Message:
        blocks: list[messages.Block] = []
        since = 0
        for block in message.content:
            if isinstance(block, messages.ToolUse):
                since = len(blocks)
            had_begun = self._span.begun
            blocks.append(self._bare(block))
            if self._span.begun and not had_begun:
                blocks[since:-1] = map(_silent, blocks[since:-1])
        return replace(message, content=tuple(blocks))

    def _bare(self, block: messages.Block) -> messages.Block:
        if not isinstance(block, messages.Text):
            return block
        found = self._span.feed(block.text)
        return replace(block, text=found) if self._span.begun else block

    def _feed_text(self, event: messages.ContentBlockDelta, text: str) -> Sequence[messages.Event]:
        found = self._span.feed(text)
        if not self._span.begun:
            self._held.append(event)
            return ()
        passed = [held for held in self.close() if not _is_text(held)]
        if found:
            passed.append(messages.ContentBlockDelta(event.index, messages.TextDelta(found)))
        return passed


def _silent(block: messages.Block) -> messages.Block:
    return replace(block, text="") if isinstance(block, messages.Text) else block


def _is_text(event: messages.Event) -> bool:
    return isinstance(event, messages.ContentBlockDelta) and isinstance(event.delta, messages.TextDelta)
