"""Stop sequences that the service refuses -> cut out of the reply here, also when one is split over events.

The service wants something besides white space in each, and takes only so many.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from claude_code_proxy import messages
from claude_code_proxy.adaptation.conversation.blocks import is_blank
from claude_code_proxy.adaptation.reply.filters import TextBuffer
from claude_code_proxy.adjustment import Action, Adjustment

MOST_NATIVE = 64


def normalize_stop_sequences(
    request: messages.MessagesRequest, *, is_forced: bool, notes: list[Adjustment]
) -> tuple[messages.MessagesRequest, tuple[str, ...]]:
    """Return the request with those that the service takes, and those to cut by `CutText`.

    Where a call is forced by words alone, the service takes none: what is said before the call must not end the answer.
    """
    requested = request.stop_sequences
    if not requested:
        return request, ()
    native = () if is_forced else tuple(stop for stop in requested if not is_blank(stop))[:MOST_NATIVE]
    if native == requested:
        return request, ()
    emulated = tuple(stop for stop in dict.fromkeys(requested) if stop and stop not in native)
    notes.append(
        Adjustment("stop_sequences", Action.EMULATED, "sequences that Claude does not take end the answer in the proxy")
    )
    return replace(request, stop_sequences=native), emulated


class CutText(TextBuffer):
    """The reply filter that ends an answer before the first of `stops`; nothing after it is passed on.

    A stop may be split over text blocks (which citations make), as the caller reads them as one text. A call of a tool
    stands between two texts.
    """

    def __init__(self, stops: Sequence[str]) -> None:
        super().__init__()
        self._stops = tuple(stops)
        self._longest = max(map(len, stops))
        self._tail = ""  # the text that is held back, which may be the beginning of a stop
        self._hit: str | None = None

    def message(self, message: messages.Message) -> messages.Message:
        text, starts = "", dict[int, int]()  # the running text, and where in it each of its blocks begins
        for at, block in enumerate(message.content):
            if isinstance(block, messages.ToolUse):
                text, starts = "", {}
            elif isinstance(block, messages.Text):
                starts[at] = len(text)
                text += block.text
                if (found := self._find(text)) is not None:
                    return _cut(message, starts, start=found[0], stop=found[1])
        return message

    def feed(self, event: messages.Event) -> Sequence[messages.Event]:
        return super().feed(event) if self._hit is None else self._after_hit(event)

    def close(self) -> Sequence[messages.Event]:
        """Releases the end of a text, which turned out not to begin a stop sequence."""
        self._tail = ""
        return super().close()

    def _feed_text(self, event: messages.ContentBlockDelta, text: str) -> Sequence[messages.Event]:
        self._hold(event.index, text)
        text = self._tail + text
        found = self._find(text)
        if found is None:
            held = self._could_begin(text)
            self._tail = text[len(text) - held :]
            return self._released(len(text) - held) if held else self.close()
        start, self._hit = found
        before = self._released(start)
        (first, *_) = self.close()
        return (
            (*before, messages.ContentBlockStop(first.index))
            if isinstance(first, messages.ContentBlockDelta)
            else before
        )

    def _hold(self, index: int, text: str) -> None:
        if self._held and (before := _text_of(self._held[-1])):
            self._held[-1] = _text(index, before + text)
        else:
            self._held.append(_text(index, text))

    def _released(self, length: int) -> Sequence[messages.Event]:
        """Take the first `length` characters of text out of the held events, with the events up to there."""
        out: list[messages.Event] = []
        for at, event in enumerate(self._held):
            text = _text_of(event)
            if len(text) > length and isinstance(event, messages.ContentBlockDelta):
                self._held[: at + 1] = [_text(event.index, text[length:])]
                return (*out, _text(event.index, text[:length])) if length else tuple(out)
            length -= len(text)
            out.append(event)
        self._held = []
        return tuple(out)

    def _find(self, text: str) -> tuple[int, str] | None:
        """Return the stop sequence that is complete first, after its start: the same however the text is split."""
        found = ((at + len(stop), at, stop) for stop in self._stops if (at := text.find(stop)) >= 0)
        first = min(found, default=None)
        return None if first is None else first[1:]

    def _could_begin(self, text: str) -> int:
        """Return the length of the end of `text` that may be the beginning of a stop sequence."""
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


def _cut(message: messages.Message, starts: dict[int, int], *, start: int, stop: str) -> messages.Message:
    """Return the message up to the character of its running text at which `stop` begins."""
    at = max(block for block, begin in starts.items() if begin <= start)
    last = message.content[at]
    kept = [*message.content[:at]]
    if isinstance(last, messages.Text):
        kept.append(replace(last, text=last.text[: start - starts[at]]))
    return replace(message, content=tuple(kept), stop_reason="stop_sequence", stop_sequence=stop)


def _text_of(event: messages.Event) -> str:
    match event:
        case messages.ContentBlockDelta(delta=messages.TextDelta(text=text)):
            return text
        case _:
            return ""


def _text(index: int, text: str) -> messages.ContentBlockDelta:
    return messages.ContentBlockDelta(index, messages.TextDelta(text))
