"""An answer in JSON that no grammar holds to its form is held back in a stream until the JSON is whole and can be used.

Nothing has been passed on by then, so that an answer that cannot be used is asked for again as one that is not
streamed is.
"""

from collections.abc import Callable, Sequence

from claude_code_proxy import messages
from claude_code_proxy.adaptation.reply.json_extraction import JsonSpan


class HeldAnswer:
    """The reply filter that holds everything back until `can_be_used` says so of the JSON that begins with `opener`.

    A call of a tool and the end of the answer always release it; the latter comes only if the answer was judged good.
    """

    def __init__(self, opener: str, can_be_used: Callable[[str], bool]) -> None:
        self._can_be_used = can_be_used
        self._span = JsonSpan(opener)
        self._found: list[str] = []
        self._held: list[messages.Event] | None = []

    def message(self, message: messages.Message) -> messages.Message:
        return message

    def feed(self, event: messages.Event) -> Sequence[messages.Event]:
        if self._held is None:
            return (event,)
        match event:
            case messages.Ping():
                return ()
            case messages.ContentBlockDelta(delta=messages.TextDelta(text=text)):
                self._held.append(event)
                return self.close() if self._is_complete(text) else ()
            case messages.ContentBlockStart(content_block=messages.ToolUse()) | messages.MessageDelta():
                return (*self.close(), event)
            case _:
                self._held.append(event)
                return ()

    def close(self) -> Sequence[messages.Event]:
        """Release what is held back."""
        held, self._held = self._held or (), None
        return held

    def _is_complete(self, text: str) -> bool:
        found = self._span.feed(text)
        self._found.append(found)
        return bool(found) and self._span.ended and self._can_be_used("".join(self._found))
