"""Events of a Message -> events of a response, and the response that they make: the one way for whole replies too.

https://platform.openai.com/docs/api-reference/responses-streaming. `response.created` is first, each item is added and
done in turn, and the last event holds the whole response. Blocks of text that follow each other are one message.
"""

import msgspec

from claude_code_proxy import messages
from claude_code_proxy.endpoints.endpoint import ReplyContext
from claude_code_proxy.endpoints.openai.reply import refusal_text
from claude_code_proxy.endpoints.responses import output
from claude_code_proxy.endpoints.responses.events import EventWriter
from claude_code_proxy.endpoints.responses.message_stream import MessageStream, refusal_message
from claude_code_proxy.endpoints.responses.reasoning import Seal, sealed
from claude_code_proxy.endpoints.responses.response import (
    ResponseEnding,
    ResponseShape,
    encode_response,
    to_ending,
    to_fault,
)
from claude_code_proxy.endpoints.responses.stored import KeptInput, to_kept_reply
from claude_code_proxy.endpoints.responses.tools.hosted_call import is_call, is_result
from claude_code_proxy.endpoints.responses.tools.hosted_stream import HostedCallStream
from claude_code_proxy.endpoints.responses.tools.toolset import ToolOrigin
from claude_code_proxy.errors import ProxyError, UpstreamBroke

_encode = msgspec.json.encode


class ResponseStream:
    """One streamed response. Of a `whole` one, nobody reads the events, so that the first two are left out."""

    def __init__(self, context: ReplyContext, shape: ResponseShape, *, seal: Seal, whole: bool = False) -> None:
        self._context = context
        self._shape = shape
        self._seal = seal
        self._write = EventWriter(context.id)
        self._message = MessageStream(self._write)
        self._usage = messages.Usage()
        self._end = messages.DeltaBody()
        self._begun, self._stopped = whole, False
        self._last = b""  # the response as it ended
        self._block: messages.Block | None = None
        self._pieces: list[str] = []  # of the current block, if it is not text
        self._signature = ""
        self._summary: messages.CompactionDelta | None = None
        self._origin = ToolOrigin("function", "")
        self._hosted = HostedCallStream(self._write, shape.hosted, seal=seal if shape.encrypted else None)
        self._answer = messages.Accumulator() if shape.given is not None else None  # for who continues the response

    @property
    def usage(self) -> messages.Usage:
        return self._usage

    @property
    def stop_reason(self) -> str | None:
        return self._end.stop_reason

    def feed(self, event: messages.Event) -> bytes:
        if self._answer is not None:
            self._answer.feed(event)
        if type(event) is messages.ContentBlockDelta:
            delta = event.delta
            if type(delta) is messages.TextDelta:
                return self._message.text(delta.text)
            return self._feed_delta(delta)
        match event:
            case messages.ContentBlockStart():
                return self._stop_block() + self._start_block(event.content_block)
            case messages.ContentBlockStop():
                return self._stop_block()
            case messages.MessageStart():
                self._usage = event.message.usage
                return self._begin()
            case messages.MessageDelta():
                self._end = self._end.updated(event.delta)
                self._usage = self._usage.updated(event.usage)
            case messages.MessageStop():
                self._stopped = True
            case _:
                pass
        return b""

    def close(self) -> bytes:
        """Return the last events. Raise `UpstreamBroke` where the message had not ended."""
        if not self._stopped:
            raise UpstreamBroke("The upstream's stream ended before the message was complete.")
        frames = self._begin() + self._stop_block() + self._refusal() + self._close_items()
        end = to_ending(self._usage, self._end, context=self._context)
        status = output.COMPLETED if end.incomplete is None else output.INCOMPLETE
        self._last = response = self._response(status, end)
        if self._answer is not None and self._shape.given is not None:
            self._keep(response, self._answer.message(), given=self._shape.given)
        return frames + self._write.event(f"response.{status}", b'"response":' + response)

    def _keep(self, response: bytes, answer: messages.Message, *, given: KeptInput) -> None:
        def whole() -> bytes:
            shape = msgspec.structs.replace(self._shape, encrypted=True, given=None)
            return to_response(answer, self._context, shape=shape, seal=self._seal)

        self._context.keep(to_kept_reply(self._context.id, response, given=given, answer=answer, whole=whole))

    def keep_alive(self) -> bytes:
        """Return `response.in_progress`, since Codex goes on waiting for events, not for comments."""
        return self._begin() or self._lifecycle("response.in_progress", output.IN_PROGRESS, end=ResponseEnding())

    def fail(self, error: ProxyError, param: str | None = None) -> bytes:
        """Return `response.failed`: in an `error` event, some clients do not see the words."""
        end = msgspec.structs.replace(
            to_ending(self._usage, self._end, context=self._context), fault=to_fault(error, param), incomplete=None
        )
        return self._begin() + self._lifecycle("response.failed", "failed", end=end)

    def response(self) -> bytes:
        """Return the JSON of the whole response, once `close` was called."""
        return self._last

    def _begin(self) -> bytes:
        if self._begun:
            return b""
        self._begun = True
        response = b'"response":' + self._response(output.IN_PROGRESS, ResponseEnding())
        return self._write.event("response.created", response) + self._write.event("response.in_progress", response)

    def _lifecycle(self, name: str, status: str, *, end: ResponseEnding) -> bytes:
        return self._write.event(name, b'"response":' + self._response(status, end))

    def _response(self, status: str, end: ResponseEnding) -> bytes:
        return encode_response(self._context, self._shape, status=status, output=self._write.items, end=end)

    def _start_block(self, block: messages.Block) -> bytes:
        self._block = block
        match block:
            case messages.Text():
                return self._hosted.close() + self._message.open(block)
            case messages.Thinking():
                return self._close_items() + self._open_reasoning() + self._think(block.thinking)
            case messages.RedactedThinking():
                return self._close_items() + self._open_reasoning()
            case messages.ToolUse():
                return self._close_items() + self._open_call(block)
            case messages.Compaction():
                return self._close_items() + self._open_compaction()
            case _:
                return self._start_hosted(block)

    def _start_hosted(self, block: messages.Block) -> bytes:
        """Show a call of the service's own, or its result; other blocks have no item."""
        if is_call(block):
            return self._message.close(status=self._status()) + self._hosted.begin(block)
        if is_result(block):
            return self._hosted.result(block)
        if isinstance(block, messages.UnknownBlock) and block.type == "mcp_tool_listing":
            return self._close_items() + self._hosted.list_tools(block)
        return b""

    def _close_items(self) -> bytes:
        """Close what may be open over several blocks: a message, or hosted calls whose results never came."""
        return self._message.close(status=self._status()) + self._hosted.close()

    def _feed_delta(self, delta: messages.Delta) -> bytes:
        match delta:
            case messages.InputJsonDelta():
                return self._arguments(delta.partial_json)
            case messages.ThinkingDelta():
                return self._think(delta.thinking)
            case messages.SignatureDelta():
                self._signature += delta.signature
            case messages.CitationsDelta():
                self._message.cite(delta.decoded())
            case messages.CompactionDelta():
                self._summary = delta
            case _:
                pass
        return b""

    def _stop_block(self) -> bytes:
        """End the current block, also where its end was not announced: a turn may hit its limit within a call."""
        block, self._block = self._block, None
        if block is None:
            return b""
        frames = self._end_of(block)
        self._pieces.clear()
        self._signature = ""
        return frames

    def _end_of(self, block: messages.Block) -> bytes:
        match block:
            case messages.Text():
                return self._message.end_block()
            case messages.Thinking():
                text = "".join(self._pieces)
                return self._end_reasoning(text, messages.Thinking(text, self._signature or block.signature))
            case messages.RedactedThinking():
                return self._end_reasoning("", block)
            case messages.ToolUse():
                return self._end_call(block)
            case messages.Compaction():
                return self._end_compaction(block)
            case _:
                return self._hosted.end_input() if is_call(block) else b""

    def _refusal(self) -> bytes:
        refusal = refusal_text(self._end.stop_reason, self._end.stop_details)
        if refusal is None:
            return b""
        if self._message.is_open:
            return self._message.close(status=output.COMPLETED, refusal=refusal)
        return self._hosted.close() + refusal_message(self._write, refusal)

    def _status(self) -> str:
        """Return the status of the item that ends: incomplete only where the whole turn was cut in it."""
        cut = self._end.stop_reason in {"max_tokens", "model_context_window_exceeded"}
        return output.INCOMPLETE if cut else output.COMPLETED

    def _open_reasoning(self) -> bytes:
        return self._write.add_item(output.ReasoningItem(self._write.item_id("rs")))

    def _think(self, text: str) -> bytes:
        if not text:
            return b""
        id = self._write.item_id("rs")
        first = b""
        if not self._pieces:
            part = _encode(output.SummaryText(""))
            first = self._write.inner(
                "response.reasoning_summary_part.added", id, fields=b',"summary_index":0,"part":' + part
            )
        self._pieces.append(text)
        delta = b',"summary_index":0,"delta":' + _encode(text)
        return first + self._write.inner("response.reasoning_summary_text.delta", id, fields=delta)

    def _end_reasoning(self, text: str, thought: messages.AnyThinking) -> bytes:
        id = self._write.item_id("rs")
        frames = []
        if text:
            part = b',"summary_index":0,"part":' + _encode(output.SummaryText(text))
            frames = [
                self._write.inner(
                    "response.reasoning_summary_text.done", id, fields=b',"summary_index":0,"text":' + _encode(text)
                ),
                self._write.inner("response.reasoning_summary_part.done", id, fields=part),
            ]
        summary = (output.SummaryText(text),) if text else ()
        encrypted = sealed(thought, self._seal) if self._shape.encrypted else msgspec.UNSET
        return b"".join((*frames, self._write.end_item(output.ReasoningItem(id, summary, encrypted))))

    def _open_compaction(self) -> bytes:
        return self._write.add_item(output.CompactionItem(self._write.item_id("cmp"), ""))

    def _end_compaction(self, block: messages.Compaction) -> bytes:
        """Raise `UpstreamBroke` where the service could not summarize."""
        whole = self._summary or messages.CompactionDelta(block.content, block.encrypted_content)
        if not whole.content:
            raise UpstreamBroke("The conversation could not be summarized. Try again.")
        made = msgspec.structs.replace(
            block,
            content=whole.content,
            encrypted_content=whole.encrypted_content,
            signature=self._signature or block.signature,
        )
        return self._write.end_item(output.CompactionItem(self._write.item_id("cmp"), sealed(made, self._seal)))

    def _open_call(self, call: messages.ToolUse) -> bytes:
        self._origin = self._shape.origin(call.name, call.toolset_name)
        return self._write.add_item(
            output.empty_call(call, self._origin, id=self._write.item_id(output.item_prefix(self._origin)))
        )

    def _arguments(self, piece: str) -> bytes:
        if not piece:
            return b""
        if not isinstance(self._block, messages.ToolUse):
            return self._hosted.piece(piece)
        self._pieces.append(piece)
        if self._origin.kind != "function":
            return b""
        return self._arguments_delta(piece)

    def _arguments_delta(self, piece: str) -> bytes:
        return self._write.inner(
            "response.function_call_arguments.delta", self._write.item_id("fc"), fields=b',"delta":' + _encode(piece)
        )

    def _end_call(self, call: messages.ToolUse) -> bytes:
        origin = self._origin
        id = self._write.item_id(output.item_prefix(origin))
        arguments = "".join(self._pieces) or bytes(call.input).decode() or "{}"
        item = output.to_call(call.id, arguments, origin=origin, id=id, status=self._call_status(arguments))
        match item:
            case output.FunctionCallItem():
                missed = b"" if self._pieces else self._arguments_delta(item.arguments)
                done = b',"name":%b,"arguments":%b' % (_encode(item.name), _encode(item.arguments))
                inner = missed + self._write.inner("response.function_call_arguments.done", id, fields=done)
            case output.CustomToolCallItem():
                text = _encode(item.input)
                inner = self._write.inner("response.custom_tool_call_input.delta", id, fields=b',"delta":' + text)
                inner += self._write.inner("response.custom_tool_call_input.done", id, fields=b',"input":' + text)
            case _:
                inner = b""
        return inner + self._write.end_item(item)

    def _call_status(self, arguments: str) -> str:
        """Return incomplete for a call that was cut: then its arguments are no JSON."""
        try:
            msgspec.json.decode(arguments, type=msgspec.Raw)
        except msgspec.DecodeError:
            return output.INCOMPLETE
        return output.COMPLETED


def to_response(message: messages.Message, context: ReplyContext, *, shape: ResponseShape, seal: Seal) -> bytes:
    """Return the whole response of a message."""
    stream = ResponseStream(context, shape, seal=seal, whole=True)
    for event in messages.as_events(message):
        stream.feed(event)
    stream.close()
    return stream.response()
