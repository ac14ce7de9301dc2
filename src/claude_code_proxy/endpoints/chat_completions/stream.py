"""Events -> chat completion chunks, one translator for each choice.

https://platform.openai.com/docs/api-reference/chat-streaming. A delta never mixes text, calls and reasoning; ids, names
and roles are said once; the finish reason waits until the message is known to be whole.
"""

import msgspec
from msgspec import Raw

from claude_code_proxy import messages
from claude_code_proxy.endpoints.chat_completions import reasoning
from claude_code_proxy.endpoints.chat_completions.annotations import to_annotations
from claude_code_proxy.endpoints.chat_completions.response import (
    ChatShape,
    finish_reason_of,
    is_of_server_tool,
    to_server_tool_block,
)
from claude_code_proxy.endpoints.openai.arguments import to_arguments, to_custom_text
from claude_code_proxy.endpoints.openai.reply import refusal_text, service_tier
from claude_code_proxy.endpoints.openai.stream import ChoiceStream, ChunkKind, Ending, Template

_KIND = ChunkKind("chat.completion.chunk", "delta")
_encode = msgspec.json.encode


class ChunkStream(ChoiceStream):
    """One choice of a streamed chat completion."""

    def __init__(self, ending: Ending, index: int, *, shape: ChatShape) -> None:
        self._index = index
        self._shape = shape
        self._ending = ending
        self._tier = ""
        self._set_template()
        self._begun = False
        self._length = 0  # characters of text so far
        self._calls = 0
        self._thoughts = 0
        self._annotated = 0
        self._server_tools = 0
        self._has_reasoned = False
        self._block: messages.Block | None = None
        self._block_start = 0
        self._pieces: list[str] = []
        self._signature = ""
        self._citations: list[messages.Citation] = []

    def _set_template(self) -> None:
        """Prepare what all chunks have in common. The service tier is known only when the message starts."""
        tier = service_tier(self._usage)
        if tier == self._tier:
            return
        self._tier = tier
        include_usage = self._shape.include_usage
        template = Template.of(self._ending.context, self._index, kind=_KIND, include_usage=include_usage, tier=tier)
        self._template = template
        self._head = template.head
        self._tail = template.unfinished
        self._text_head = self._head + b'{"content":'
        self._text_tail = b"}" + self._tail

    def feed(self, event: messages.Event) -> bytes:
        if type(event) is messages.ContentBlockDelta:
            delta = event.delta
            if type(delta) is messages.TextDelta:
                return self._text(delta.text)
            return self._feed_delta(delta)
        match event:
            case messages.ContentBlockStart():
                return self._stop_block() + self._start_block(event.content_block)
            case messages.ContentBlockStop():
                return self._stop_block()
            case messages.MessageStart():
                return self._begin(event.message)
            case messages.MessageDelta():
                self._end = self._end.updated(event.delta)
                self._usage = self._usage.updated(event.usage)
            case messages.MessageStop():
                self._stopped = True
            case _:
                pass
        return b""

    def _finish(self) -> bytes:
        frames = self._stop_block() + self._refusal()
        reason = finish_reason_of(self._end.stop_reason, calls=self._calls, shape=self._shape)
        return frames + self._template.finish_frame(b"{}", reason)

    def _frame(self, delta: bytes) -> bytes:
        return self._head + delta + self._tail

    def _text(self, text: str) -> bytes:
        if not text:
            return b""
        self._length += len(text)
        return b"".join((self._text_head, _encode(text), self._text_tail))

    def _begin(self, message: messages.Message) -> bytes:
        self._usage = message.usage
        if self._begun:
            return b""
        self._begun = True
        self._set_template()
        return self._frame(b'{"role":"assistant","content":"","refusal":null}')

    def _feed_delta(self, delta: messages.Delta) -> bytes:
        match delta:
            case messages.InputJsonDelta():
                return self._feed_arguments(delta.partial_json)
            case messages.ThinkingDelta():
                return self._reason(delta.thinking)
            case messages.SignatureDelta():
                self._signature += delta.signature
            case messages.CitationsDelta():
                self._citations.append(delta.decoded())
            case _:
                pass
        return b""

    def _start_block(self, block: messages.Block) -> bytes:
        self._block = block
        match block:
            case messages.Text():
                self._block_start = self._length
                self._citations = messages.decode_citations(block.citations)
                return self._text(block.text)
            case messages.Thinking():
                return self._reason(block.thinking)
            case messages.ToolUse() if self._is_shown_early(block):
                return self._start_call(block)
            case _:
                return b""

    def _stop_block(self) -> bytes:
        """End the current block, also where its end was not announced: a turn may hit its limit within a call."""
        block, self._block = self._block, None
        if block is None:
            return b""
        frames = self._end_of(block)
        self._pieces.clear()
        self._signature = ""
        self._citations = []
        return frames

    def _end_of(self, block: messages.Block) -> bytes:
        match block:
            case messages.Text() if self._citations:
                return self._annotate(self._citations)
            case messages.Thinking():
                self._has_reasoned = self._has_reasoned or bool(self._pieces)
                return self._thought(messages.Thinking("".join(self._pieces), self._signature or block.signature))
            case messages.RedactedThinking():
                return self._thought(block)
            case messages.ToolUse():
                frames = self._end_call(block)
                self._calls += 1
                return frames
            case messages.UnknownBlock() | messages.ServerToolUse():
                return self._server_tool(block)
            case _:
                return b""

    def _is_shown_early(self, call: messages.ToolUse) -> bool:
        """Return False for a custom tool, whose text can be unwrapped only when complete, and a second legacy call."""
        return call.name not in self._shape.custom_tools and not (self._shape.legacy_functions and self._calls)

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
        if not piece or block is None:
            return b""
        self._pieces.append(piece)
        if not isinstance(block, messages.ToolUse):
            return b""
        return self._arguments(piece) if self._is_shown_early(block) else b""

    def _arguments(self, piece: str) -> bytes:
        if self._shape.legacy_functions:
            return self._frame(b'{"function_call":{"arguments":%b}}' % _encode(piece))
        return self._frame(b'{"tool_calls":[{"index":%d,"function":{"arguments":%b}}]}' % (self._calls, _encode(piece)))

    def _end_call(self, call: messages.ToolUse) -> bytes:
        if self._is_shown_early(call):
            return b"" if self._pieces else self._arguments(to_arguments(call.input))
        if self._shape.legacy_functions:
            return b""
        custom = _encode({"name": call.name, "input": to_custom_text("".join(self._pieces) or call.input)})
        return self._frame(
            b'{"tool_calls":[{"index":%d,"id":%b,"type":"custom","custom":%b}]}'
            % (self._calls, _encode(call.id), custom)
        )

    def _server_tool(self, block: messages.UnknownBlock | messages.ServerToolUse) -> bytes:
        if not is_of_server_tool(block):
            return b""
        if self._pieces:
            block = messages.with_input(block, Raw("".join(self._pieces).encode()))
        shown = to_server_tool_block(block, self._server_tools)
        self._server_tools += 1
        return self._frame(_encode({"annotations": [], "server_tool_blocks": [shown]}))

    def _reason(self, text: str) -> bytes:
        if not text or self._shape.hides_reasoning:
            return b""
        piece = text if self._pieces or not self._has_reasoned else reasoning.SEPARATOR + text
        self._pieces.append(text)
        return self._frame(b'{"reasoning_content":' + _encode(piece) + b"}")

    def _thought(self, thought: messages.AnyThinking) -> bytes:
        """Send the whole block with its signature, for clients that send it back.

        LiteLLM drops a chunk with none of the fields that it knows, so an empty list of annotations goes along. An
        empty `reasoning_content` must not: Microsoft.Extensions.AI takes it for content of the answer.
        """
        if self._shape.hides_reasoning:
            return b""
        delta = {
            "annotations": [],
            "thinking_blocks": [reasoning.to_thinking_block(thought, self._thoughts)],
            "reasoning_details": [reasoning.to_reasoning_detail(thought, self._thoughts)],
        }
        self._thoughts += 1
        return self._frame(_encode(delta))

    def _annotate(self, citations: list[messages.Citation]) -> bytes:
        found = to_annotations(citations, self._block_start, end=self._length)
        if not found:
            return b""
        first = self._annotated
        self._annotated += len(found)
        counted = [msgspec.structs.replace(each, index=first + number) for number, each in enumerate(found)]
        return self._frame(b'{"annotations":' + _encode(counted) + b"}")

    def _refusal(self) -> bytes:
        refusal = refusal_text(self._end.stop_reason, self._end.stop_details)
        if refusal is None:
            return b""
        content = b"" if self._length else self._text(refusal)
        return content + self._frame(b'{"refusal":' + _encode(refusal) + b"}")
