"""Events -> completion chunks, one translator for each choice: text, a finish reason, and nothing else."""

import msgspec

from claude_code_proxy import messages
from claude_code_proxy.endpoints.completions.response import CompletionShape
from claude_code_proxy.endpoints.openai.reply import finish_reason, refusal_text
from claude_code_proxy.endpoints.openai.stream import ChoiceStream, ChunkKind, Ending, Template

_KIND = ChunkKind("text_completion", "text")
_encode = msgspec.json.encode


class TextStream(ChoiceStream):
    """One choice of a streamed completion."""

    def __init__(self, ending: Ending, index: int, *, shape: CompletionShape) -> None:
        self._template = Template.of(ending.context, index, kind=_KIND, include_usage=shape.include_usage)
        self._tail = self._template.unfinished
        self._ending = ending
        self._echo = shape.echo
        self._has_text = False

    def feed(self, event: messages.Event) -> bytes:
        match event:
            case messages.ContentBlockDelta(delta=messages.TextDelta(text=text)) if text:
                return self._answer(text)
            case messages.ContentBlockStart(content_block=messages.Text(text=text)) if text:
                return self._answer(text)
            case messages.MessageStart():
                self._usage = event.message.usage
                echo, self._echo = self._echo, ""
                return self._frame(echo) if echo else b""
            case messages.MessageDelta():
                self._end = self._end.updated(event.delta)
                self._usage = self._usage.updated(event.usage)
            case messages.MessageStop():
                self._stopped = True
            case _:
                pass
        return b""

    def _finish(self) -> bytes:
        refusal = refusal_text(self._end.stop_reason, self._end.stop_details)
        frames = self._frame(refusal) if refusal and not self._has_text else b""
        reason = finish_reason(self._end.stop_reason, called_tools=False)
        return frames + self._template.finish_frame(b'""', reason)

    def _answer(self, text: str) -> bytes:
        self._has_text = True
        return self._frame(text)

    def _frame(self, text: str) -> bytes:
        return self._template.head + _encode(text) + self._tail
