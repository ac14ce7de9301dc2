"""Events -> chat completion chunks, one translator for each choice.

https://platform.openai.com/docs/api-reference/chat-streaming. A delta never mixes text, calls and reasoning; ids, names
and roles are said once; the finish reason waits until the message is known to be whole.
"""

import msgspec
from msgspec import Struct

from claude_code_proxy import messages, sse
from claude_code_proxy.endpoints.chat_completions import response
from claude_code_proxy.endpoints.endpoint import ReplyContext
from claude_code_proxy.endpoints.openai import render_error
from claude_code_proxy.errors import ProxyError, UpstreamBroke

_encode = msgspec.json.encode
_Calling = messages.ToolUse


class Ending:
    """What the choices of one reply share: the usage chunk and the end mark come once, after the last of them."""

    def __init__(self, choices: int) -> None:
        self.open = choices
        self.usages: list[messages.Usage] = []


class _Template(Struct, frozen=True):
    """A chunk around its delta: `head`, the delta's JSON, `tail`."""

    head: bytes
    tail: bytes
    usage_head: bytes

    @classmethod
    def of(cls, context: ReplyContext, index: int, include_usage: bool) -> "_Template":
        common = _encode({
            "id": context.id,
            "object": "chat.completion.chunk",
            "created": context.created,
            "model": context.model,
        })
        start = b"data: " + common[:-1]
        usage = b',"usage":null' if include_usage else b""
        return cls(
            head=start + b',"choices":[{"index":%d,"delta":' % index,
            tail=b',"logprobs":null,"finish_reason":null}]' + usage + b"}\n\n",
            usage_head=start + b',"choices":[],"usage":',
        )


class ChunkStream:
    """One choice of a streamed reply."""

    def __init__(self, context: ReplyContext, shape: response.Shape, ending: Ending, index: int = 0) -> None:
        template = _Template.of(context, index, shape.include_usage)
        self._context = context
        self._shape = shape
        self._ending = ending
        self._head = template.head
        self._tail = template.tail
        self._usage_head = template.usage_head
        self._text_head = template.head + b'{"content":'
        self._text_tail = b"}" + template.tail
        self._usage = messages.Usage()
        self._end = messages.DeltaBody()
        self._stopped = False
        self._length = 0
        self._block: messages.Block | None = None
        self._pieces: list[str] = []
        self._signature: list[str] = []
        self._citations: list[messages.Citation] = []
        self._block_start = 0
        self._calls = 0
        self._thoughts = 0

    def feed(self, event: messages.Event) -> bytes:
        if type(event) is messages.ContentBlockDelta:
            delta = event.delta
            if type(delta) is messages.TextDelta:
                text = delta.text
                self._length += len(text)
                return self._text_head + _encode(text) + self._text_tail if text else b""
            return self._feed_delta(delta)
        match event:
            case messages.ContentBlockStart():
                return self._start_block(event.content_block)
            case messages.ContentBlockStop():
                return self._stop_block()
            case messages.MessageStart():
                self._usage = event.message.usage
                return self._frame(b'{"role":"assistant","content":"","refusal":null}')
            case messages.MessageDelta():
                self._end = event.delta
                self._usage = self._usage.updated(event.usage)
            case messages.MessageStop():
                self._stopped = True
            case _:
                pass
        return b""

    def close(self) -> bytes:
        if not self._stopped:
            raise UpstreamBroke("The upstream's stream ended before the message was complete.")
        frames = self._refusal() + self._frame(b"{}").replace(
            b'"finish_reason":null', b'"finish_reason":' + _encode(self._finish_reason()), 1
        )
        self._ending.usages.append(self._usage)
        self._ending.open -= 1
        if self._ending.open:
            return frames
        if self._shape.include_usage:
            usage = response.to_usage(self._ending.usages, self._context)
            frames += self._usage_head + _encode(usage) + b"}\n\n"
        return frames + sse.DONE

    def fail(self, error: ProxyError) -> bytes:
        return sse.encode(render_error(error))

    @property
    def usage(self) -> messages.Usage:
        return self._usage

    def _frame(self, delta: bytes) -> bytes:
        return self._head + delta + self._tail

    def _feed_delta(self, delta: messages.Delta) -> bytes:
        match delta:
            case messages.InputJsonDelta():
                return self._feed_arguments(delta.partial_json)
            case messages.ThinkingDelta():
                self._pieces.append(delta.thinking)
                return self._frame(b'{"reasoning_content":' + _encode(delta.thinking) + b"}") if delta.thinking else b""
            case messages.SignatureDelta():
                self._signature.append(delta.signature)
            case messages.CitationsDelta():
                self._citations.append(delta.decoded())
            case _:
                pass
        return b""

    def _start_block(self, block: messages.Block) -> bytes:
        self._block = block
        self._pieces.clear()
        self._signature.clear()
        self._citations.clear()
        self._block_start = self._length
        match block:
            case messages.Text(text=text) if text:
                self._length += len(text)
                return self._text_head + _encode(text) + self._text_tail
            case messages.ToolUse() if block.name not in self._shape.custom_tools:
                return self._start_call(block)
            case _:
                return b""

    def _start_call(self, call: messages.ToolUse) -> bytes:
        name = _encode(call.name)
        if self._shape.legacy_functions:
            return self._frame(b'{"function_call":{"name":%b,"arguments":""}}' % name)
        return self._frame(
            b'{"tool_calls":[{"index":%d,"id":%b,"type":"function","function":{"name":%b,"arguments":""}}]}'
            % (self._calls, _encode(call.id), name)
        )

    def _feed_arguments(self, piece: str) -> bytes:
        block = self._block
        if not piece or not isinstance(block, messages.ToolUse):
            return b""
        self._pieces.append(piece)
        return b"" if block.name in self._shape.custom_tools else self._arguments(piece)

    def _arguments(self, piece: str) -> bytes:
        if self._shape.legacy_functions:
            return self._frame(b'{"function_call":{"arguments":%b}}' % _encode(piece))
        return self._frame(b'{"tool_calls":[{"index":%d,"function":{"arguments":%b}}]}' % (self._calls, _encode(piece)))

    def _stop_block(self) -> bytes:
        block, self._block = self._block, None
        match block:
            case messages.ToolUse():
                frame = self._stop_call(block)
                self._calls += 1
                return frame
            case messages.Thinking():
                signature = "".join(self._signature) or block.signature
                return self._thought(messages.Thinking(block.thinking + "".join(self._pieces), signature))
            case messages.RedactedThinking():
                return self._thought(block)
            case messages.Text() if self._citations:
                found = response.citation_annotations(self._citations, self._block_start, self._length)
                return self._frame(b'{"annotations":' + _encode(found) + b"}") if found else b""
            case _:
                return b""

    def _stop_call(self, call: messages.ToolUse) -> bytes:
        if call.name in self._shape.custom_tools:
            text = response.to_custom_input("".join(self._pieces) or call.input)
            custom = _encode({"name": call.name, "input": text})
            return self._frame(
                b'{"tool_calls":[{"index":%d,"id":%b,"type":"custom","custom":%b}]}'
                % (self._calls, _encode(call.id), custom)
            )
        return b"" if self._pieces else self._arguments(response.to_arguments(call.input))

    def _thought(self, block: messages.Thinking | messages.RedactedThinking) -> bytes:
        """The whole block with its signature, for clients that send it back."""
        delta = {
            "thinking_blocks": [response.to_thinking_block(block, self._thoughts)],
            "reasoning_details": [response.to_reasoning_detail(block, self._thoughts)],
        }
        self._thoughts += 1
        return self._frame(_encode(delta))

    def _refusal(self) -> bytes:
        refusal = response.refusal_text(self._end.stop_reason, self._end.stop_details)
        if refusal is None:
            return b""
        words = _encode(refusal)
        content = b"" if self._length else self._text_head + words + self._text_tail
        return content + self._frame(b'{"refusal":' + words + b"}")

    def _finish_reason(self) -> str:
        legacy = self._shape.legacy_functions
        return response.finish_reason(self._end.stop_reason, called_tools=self._calls > 0, legacy=legacy)
