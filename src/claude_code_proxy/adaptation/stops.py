"""Stop sequences that the service refuses -> cut out of the reply here, also when one is split over events.

The service wants something besides white space in each, and takes only so many.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.adaptation.blocks import is_blank
from claude_code_proxy.adjustment import Adjustment

MOST_NATIVE = 64


def settle_stops(
    request: messages.MessagesRequest, *, notes: list[Adjustment]
) -> tuple[messages.MessagesRequest, tuple[str, ...]]:
    """The request with those that the service takes, and those to cut by `CutText`."""
    asked = request.stop_sequences
    if not asked:
        return request, ()
    native = tuple(stop for stop in asked if not is_blank(stop))[:MOST_NATIVE]
    if native == asked:
        return request, ()
    emulated = tuple(stop for stop in dict.fromkeys(asked) if stop and stop not in native)
    notes.append(Adjustment("stop", "emulated", "sequences that Claude does not take end the answer in the proxy"))
    return replace(request, stop_sequences=native), emulated


class CutText:
    """The reply filter that ends an answer before the first of `stops`; nothing after it is passed on."""

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = tuple(stops)
        self._longest = max(map(len, stops))
        self._tail = ""
        self._index = 0
        self._hit: str | None = None

    def message(self, message: messages.Message) -> messages.Message:
        kept: list[messages.Block] = []
        for block in message.content:
            found = self._find(block.text) if isinstance(block, messages.Text) else None
            if found is not None and isinstance(block, messages.Text):
                start, stop = found
                kept.append(replace(block, text=block.text[:start]))
                return replace(message, content=tuple(kept), stop_reason="stop_sequence", stop_sequence=stop)
            kept.append(block)
        return message

    def feed(self, event: messages.Event) -> Sequence[messages.Event]:
        if self._hit is not None:
            return self._after_hit(event)
        match event:
            case messages.ContentBlockDelta(delta=messages.TextDelta(text=text)):
                return self._scan(event.index, text)
            case messages.ContentBlockStop() | messages.MessageDelta() if self._tail:
                return (*self.close(), event)
            case _:
                return (event,)

    def close(self) -> Sequence[messages.Event]:
        """The end of a text, which begins no stop sequence after all."""
        tail, self._tail = self._tail, ""
        return (_text(self._index, tail),) if tail else ()

    def _scan(self, index: int, text: str) -> Sequence[messages.Event]:
        text = self._tail + text
        self._index = index
        found = self._find(text)
        if found is not None:
            start, self._hit = found
            self._tail = ""
            before = (_text(index, text[:start]),) if start else ()
            return (*before, messages.ContentBlockStop(index))
        held = self._could_begin(text)
        self._tail = text[len(text) - held :]
        return (_text(index, text[: len(text) - held]),) if held < len(text) else ()

    def _find(self, text: str) -> tuple[int, str] | None:
        """Where the stop sequence that is complete first begins, and which one it is: the same however text arrives."""
        found = ((at + len(stop), at, stop) for stop in self._stops if (at := text.find(stop)) >= 0)
        first = min(found, default=None)
        return None if first is None else first[1:]

    def _could_begin(self, text: str) -> int:
        """How much of the end of `text` may be the beginning of a stop sequence."""
        for length in range(min(self._longest - 1, len(text)), 0, -1):
            if any(stop.startswith(text[-length:]) for stop in self._stops):
                return length
        return 0

    def _after_hit(self, event: messages.Event) -> Sequence[messages.Event]:
        match event:
            case messages.MessageDelta():
                ended = replace(event.delta, stop_reason="stop_sequence", stop_sequence=self._hit)
                return (replace(event, delta=ended),)
            case messages.MessageStop() | messages.Ping() | messages.ErrorEvent():
                return (event,)
            case _:
                return ()


def _text(index: int, text: str) -> messages.ContentBlockDelta:
    return messages.ContentBlockDelta(index, messages.TextDelta(text))
