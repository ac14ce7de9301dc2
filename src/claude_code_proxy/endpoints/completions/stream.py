"""Events -> completion chunks, one translator for each choice: text, a finish reason, and nothing else."""

import msgspec

from claude_code_proxy import messages, sse
from claude_code_proxy.endpoints.completions.response import Shape
from claude_code_proxy.endpoints.endpoint import ReplyContext
from claude_code_proxy.endpoints.openai import render_error
from claude_code_proxy.endpoints.openai_reply import finish_reason, refusal_text
from claude_code_proxy.endpoints.openai_stream import Ending, Kind, Template
from claude_code_proxy.errors import ProxyError, UpstreamBroke

_KIND = Kind("text_completion", "text")
_encode = msgspec.json.encode


class TextStream:
    """One choice of a streamed reply."""

    def __init__(self, context: ReplyContext, shape: Shape, *, ending: Ending, index: int) -> None:
        self._template = Template.of(context, index, kind=_KIND, include_usage=shape.include_usage)
        self._tail = self._template.unfinished
        self._ending = ending
        self._echo = shape.echo
        self._usage = messages.Usage()
        self._end = messages.DeltaBody()
        self._stopped = False
        self._has_text = False

    @property
    def usage(self) -> messages.Usage:
        return self._usage

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

    def close(self) -> bytes:
        if not self._stopped:
            raise UpstreamBroke("The upstream's stream ended before the message was complete.")
        refusal = refusal_text(self._end.stop_reason, self._end.stop_details)
        frames = self._frame(refusal) if refusal and not self._has_text else b""
        frames += self._template.finish_frame(b'""', finish_reason(self._end.stop_reason, called_tools=False))
        return frames + self._ending.frames(self._usage, self._template)

    def fail(self, error: ProxyError) -> bytes:
        return sse.encode(render_error(error))

    def _answer(self, text: str) -> bytes:
        self._has_text = True
        return self._frame(text)

    def _frame(self, text: str) -> bytes:
        return self._template.head + _encode(text) + self._tail
