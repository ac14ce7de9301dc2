"""Events of a Message -> events of a response, and the response that they make: the one way for whole replies too.

https://platform.openai.com/docs/api-reference/responses-streaming. `response.created` is first, each item is added and
done in turn, and the last event holds the whole response. Blocks of text that follow each other are one message.
"""

from collections.abc import Iterable

import msgspec
from msgspec import Raw

from claude_code_proxy import messages
from claude_code_proxy.endpoints.endpoint import ReplyContext
from claude_code_proxy.endpoints.openai.reply import refusal_text
from claude_code_proxy.endpoints.responses import output
from claude_code_proxy.endpoints.responses.reasoning import sealed
from claude_code_proxy.endpoints.responses.response import (
    ResponseEnding,
    ResponseShape,
    encode_response,
    to_ending,
    to_fault,
)
from claude_code_proxy.endpoints.responses.seal import Seal
from claude_code_proxy.endpoints.responses.tools import ToolOrigin
from claude_code_proxy.errors import ProxyError, UpstreamBroke

_encode = msgspec.json.encode


class _SearchInput(msgspec.Struct, frozen=True):
    query: str = ""


class _SearchResult(msgspec.Struct, frozen=True):
    url: str = ""


_decode_search = msgspec.json.Decoder(_SearchInput).decode
_decode_results = msgspec.json.Decoder(list[_SearchResult]).decode


class ResponseStream:
    """One streamed response."""

    def __init__(self, context: ReplyContext, shape: ResponseShape, *, seal: Seal) -> None:
        self._context = context
        self._shape = shape
        self._seal = seal
        self._suffix = context.id.partition("_")[2]
        self._number = 0  # of the next event
        self._output: list[Raw] = []
        self._usage = messages.Usage()
        self._end = messages.DeltaBody()
        self._begun = self._stopped = False
        self._block: messages.Block | None = None
        self._pieces: list[str] = []  # of the current block but text
        self._signature = ""
        self._message = _OpenMessage()
        self._origin = ToolOrigin("function", "")
        self._search = ""  # the query of a search whose results have not come
        self._searching = False

    @property
    def usage(self) -> messages.Usage:
        return self._usage

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
        frames = self._begin() + self._stop_block() + self._refusal() + self._close_message() + self._close_search([])
        end = to_ending(self._usage, self._end, context=self._context)
        status = output.COMPLETED if end.incomplete is None else output.INCOMPLETE
        return frames + self._lifecycle(f"response.{status}", status, end=end)

    def fail(self, error: ProxyError, param: str | None = None) -> bytes:
        """Return `response.failed`: in an `error` event, some clients do not see the words."""
        end = msgspec.structs.replace(
            to_ending(self._usage, self._end, context=self._context), fault=to_fault(error, param), incomplete=None
        )
        return self._begin() + self._lifecycle("response.failed", "failed", end=end)

    def response(self) -> bytes:
        """Return the JSON of the whole response, once `close` was called."""
        end = to_ending(self._usage, self._end, context=self._context)
        status = output.COMPLETED if end.incomplete is None else output.INCOMPLETE
        return self._response(status, end)

    def _begin(self) -> bytes:
        if self._begun:
            return b""
        self._begun = True
        created = self._lifecycle("response.created", output.IN_PROGRESS, end=ResponseEnding())
        return created + self._lifecycle("response.in_progress", output.IN_PROGRESS, end=ResponseEnding())

    def _lifecycle(self, name: str, status: str, *, end: ResponseEnding) -> bytes:
        return self._event(name, b'"response":' + self._response(status, end))

    def _response(self, status: str, end: ResponseEnding) -> bytes:
        return encode_response(self._context, self._shape, status=status, output=self._output, end=end)

    def _event(self, name: str, fields: bytes) -> bytes:
        kind = name.encode()
        number = self._number
        self._number = number + 1
        return b'event: %b\ndata: {"type":"%b","sequence_number":%d,%b}\n\n' % (kind, kind, number, fields)

    def _inner(self, name: str, item_id: str, *, fields: bytes = b"") -> bytes:
        """Return an event about the item that is open."""
        return self._event(name, b'"item_id":"%b","output_index":%d%b' % (item_id.encode(), len(self._output), fields))

    def _add_item(self, item: output.OutputItem) -> bytes:
        return self._event(
            "response.output_item.added", b'"output_index":%d,"item":%b' % (len(self._output), _encode(item))
        )

    def _end_item(self, item: output.OutputItem) -> bytes:
        encoded = _encode(item)
        frame = self._event("response.output_item.done", b'"output_index":%d,"item":%b' % (len(self._output), encoded))
        self._output.append(Raw(encoded))
        return frame

    def _id(self, prefix: str) -> str:
        return f"{prefix}_{self._suffix}{len(self._output):03x}"

    # Blocks

    def _start_block(self, block: messages.Block) -> bytes:
        self._block = block
        match block:
            case messages.Text():
                self._message.begin_block(messages.decode_citations(block.citations))
                return self._open_message() + self._text(block.text)
            case messages.Thinking():
                opened = self._close_message() + self._close_search([]) + self._open_reasoning()
                return opened + self._think(block.thinking)
            case messages.RedactedThinking():
                return self._close_message() + self._close_search([]) + self._open_reasoning()
            case messages.ToolUse():
                return self._close_message() + self._close_search([]) + self._open_call(block)
            case messages.ServerToolUse(name="web_search"):
                return self._close_message() + self._close_search([]) + self._open_search()
            case messages.WebSearchToolResult():
                return self._close_search(_urls(block.content))
            case _:
                return b""

    def _feed_delta(self, delta: messages.Delta) -> bytes:
        match delta:
            case messages.InputJsonDelta():
                return self._arguments(delta.partial_json)
            case messages.ThinkingDelta():
                return self._think(delta.thinking)
            case messages.SignatureDelta():
                self._signature += delta.signature
            case messages.CitationsDelta():
                self._message.citations.append(delta.decoded())
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
                return self._annotate()
            case messages.Thinking():
                text = "".join(self._pieces)
                return self._end_reasoning(text, messages.Thinking(text, self._signature or block.signature))
            case messages.RedactedThinking():
                return self._end_reasoning("", block)
            case messages.ToolUse():
                return self._end_call(block)
            case messages.ServerToolUse(name="web_search"):
                self._search = _query("".join(self._pieces) or bytes(block.input).decode())
                return b""
            case _:
                return b""

    # Text

    def _open_message(self) -> bytes:
        message = self._message
        if message.is_open:
            return b""
        closed = self._close_search([])
        message.open(self._id("msg"))
        message.head = b'"item_id":"%b","output_index":%d,"content_index":0,"delta":' % (
            message.id.encode(),
            len(self._output),
        )
        added = self._add_item(output.MessageItem(message.id, output.IN_PROGRESS))
        part = _encode(output.OutputTextPart(""))
        return (
            closed
            + added
            + self._inner("response.content_part.added", message.id, fields=b',"content_index":0,"part":' + part)
        )

    def _text(self, text: str) -> bytes:
        if not text:
            return b""
        message = self._message
        message.length += len(text)
        message.pieces.append(text)
        number = self._number
        self._number = number + 1
        return b"".join((
            b'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","sequence_number":%d,'
            % number,
            message.head,
            _encode(text),
            b',"logprobs":[]}\n\n',
        ))

    def _annotate(self) -> bytes:
        message = self._message
        frames = []
        for citation in message.citations:
            if not citation.url:
                continue
            made = output.FlatUrlCitation(
                citation.url, citation.title or citation.url, message.block_start, message.length
            )
            fields = b',"content_index":0,"annotation_index":%d,"annotation":%b' % (
                len(message.annotations),
                _encode(made),
            )
            frames.append(self._inner("response.output_text.annotation.added", message.id, fields=fields))
            message.annotations.append(made)
        message.citations = []
        return b"".join(frames)

    def _close_message(self, refusal: str | None = None) -> bytes:
        message = self._message
        if not message.is_open:
            return b""
        text = _encode("".join(message.pieces))
        part = output.OutputTextPart("".join(message.pieces), tuple(message.annotations))
        frames = [
            self._inner(
                "response.output_text.done", message.id, fields=b',"content_index":0,"text":%b,"logprobs":[]' % text
            ),
            self._inner("response.content_part.done", message.id, fields=b',"content_index":0,"part":' + _encode(part)),
        ]
        parts: tuple[output.OutputTextPart | output.OutputRefusal, ...] = (part,)
        if refusal is not None:
            frames.append(self._refusal_part(message.id, refusal, index=1))
            parts = (part, output.OutputRefusal(refusal))
        frames.append(self._end_item(output.MessageItem(message.id, self._status(), parts)))
        self._message = _OpenMessage()
        return b"".join(frames)

    def _refusal(self) -> bytes:
        refusal = refusal_text(self._end.stop_reason, self._end.stop_details)
        if refusal is None:
            return b""
        if self._message.is_open and self._message.length:
            return self._close_message(refusal)
        closed = self._close_message() + self._close_search([])
        id = self._id("msg")
        added = self._add_item(output.MessageItem(id, output.IN_PROGRESS))
        part = self._refusal_part(id, refusal, index=0)
        return (
            closed
            + added
            + part
            + self._end_item(output.MessageItem(id, output.COMPLETED, (output.OutputRefusal(refusal),)))
        )

    def _refusal_part(self, id: str, refusal: str, *, index: int) -> bytes:
        at = b',"content_index":%d,' % index
        words = _encode(refusal)
        return b"".join((
            self._inner("response.content_part.added", id, fields=at + b'"part":' + _encode(output.OutputRefusal(""))),
            self._inner("response.refusal.delta", id, fields=at + b'"delta":' + words),
            self._inner("response.refusal.done", id, fields=at + b'"refusal":' + words),
            self._inner(
                "response.content_part.done", id, fields=at + b'"part":' + _encode(output.OutputRefusal(refusal))
            ),
        ))

    def _status(self) -> str:
        """Return the status of the item that ends: incomplete only where the whole turn was cut in it."""
        cut = self._end.stop_reason in {"max_tokens", "model_context_window_exceeded"}
        return output.INCOMPLETE if cut else output.COMPLETED

    # Reasoning

    def _open_reasoning(self) -> bytes:
        return self._add_item(output.ReasoningItem(self._id("rs")))

    def _think(self, text: str) -> bytes:
        if not text:
            return b""
        id = self._id("rs")
        first = b""
        if not self._pieces:
            part = _encode(output.SummaryText(""))
            first = self._inner(
                "response.reasoning_summary_part.added", id, fields=b',"summary_index":0,"part":' + part
            )
        self._pieces.append(text)
        delta = b',"summary_index":0,"delta":' + _encode(text)
        return first + self._inner("response.reasoning_summary_text.delta", id, fields=delta)

    def _end_reasoning(self, text: str, thought: messages.AnyThinking) -> bytes:
        id = self._id("rs")
        frames = []
        if text:
            part = b',"summary_index":0,"part":' + _encode(output.SummaryText(text))
            frames = [
                self._inner(
                    "response.reasoning_summary_text.done", id, fields=b',"summary_index":0,"text":' + _encode(text)
                ),
                self._inner("response.reasoning_summary_part.done", id, fields=part),
            ]
        summary = (output.SummaryText(text),) if text else ()
        encrypted = sealed(thought, self._seal) if self._shape.encrypted else msgspec.UNSET
        return b"".join((*frames, self._end_item(output.ReasoningItem(id, summary, encrypted))))

    # Calls

    def _open_call(self, call: messages.ToolUse) -> bytes:
        self._origin = self._shape.origin(call.name)
        return self._add_item(output.empty_call(call, self._origin, id=self._id(output.item_prefix(self._origin))))

    def _arguments(self, piece: str) -> bytes:
        if not piece:
            return b""
        self._pieces.append(piece)
        if not isinstance(self._block, messages.ToolUse) or self._origin.kind != "function":
            return b""
        return self._inner(
            "response.function_call_arguments.delta", self._id("fc"), fields=b',"delta":' + _encode(piece)
        )

    def _end_call(self, call: messages.ToolUse) -> bytes:
        origin = self._origin
        id = self._id(output.item_prefix(origin))
        arguments = "".join(self._pieces) or bytes(call.input).decode() or "{}"
        item = output.to_call(call.id, arguments, origin=origin, id=id, status=self._call_status(arguments))
        match item:
            case output.FunctionCallItem():
                missed = b"" if self._pieces else self._arguments(arguments)
                done = b',"name":%b,"arguments":%b' % (_encode(item.name), _encode(item.arguments))
                inner = missed + self._inner("response.function_call_arguments.done", id, fields=done)
            case output.CustomToolCallItem():
                text = _encode(item.input)
                inner = self._inner("response.custom_tool_call_input.delta", id, fields=b',"delta":' + text)
                inner += self._inner("response.custom_tool_call_input.done", id, fields=b',"input":' + text)
            case _:
                inner = b""
        return inner + self._end_item(item)

    def _call_status(self, arguments: str) -> str:
        """Return incomplete for a call that was cut: then its arguments are no JSON."""
        try:
            msgspec.json.decode(arguments, type=msgspec.Raw)
        except msgspec.DecodeError:
            return output.INCOMPLETE
        return output.COMPLETED

    # Searches

    def _open_search(self) -> bytes:
        self._searching = True
        id = self._id("ws")
        return b"".join((
            self._add_item(output.WebSearchCallItem(id, output.IN_PROGRESS)),
            self._inner("response.web_search_call.in_progress", id),
            self._inner("response.web_search_call.searching", id),
        ))

    def _close_search(self, urls: Iterable[str]) -> bytes:
        if not self._searching:
            return b""
        self._searching = False
        id = self._id("ws")
        sources = tuple(map(output.SearchSource, urls)) if self._shape.sources else msgspec.UNSET
        action = output.SearchAction(self._search, (self._search,), sources)
        completed = self._inner("response.web_search_call.completed", id)
        return completed + self._end_item(output.WebSearchCallItem(id, output.COMPLETED, action))


class _OpenMessage:
    """The message item that text goes into, until a block of another kind begins."""

    def __init__(self) -> None:
        self.is_open = False
        self.id = ""
        self.head = b""  # of a text event, up to the text
        self.length = self.block_start = 0  # in characters
        self.pieces: list[str] = []
        self.annotations: list[output.FlatUrlCitation] = []
        self.citations: list[messages.Citation] = []  # of the current block

    def open(self, id: str) -> None:
        self.is_open, self.id = True, id

    def begin_block(self, citations: list[messages.Citation]) -> None:
        self.block_start, self.citations = self.length, citations


def to_response(message: messages.Message, context: ReplyContext, *, shape: ResponseShape, seal: Seal) -> bytes:
    """Return the whole response of a message."""
    stream = ResponseStream(context, shape, seal=seal)
    for event in messages.as_events(message):
        stream.feed(event)
    stream.close()
    return stream.response()


def _query(text: str) -> str:
    try:
        return _decode_search(text).query
    except msgspec.DecodeError:
        return ""


def _urls(content: Raw) -> list[str]:
    try:
        return [result.url for result in _decode_results(content) if result.url]
    except msgspec.DecodeError:
        return []
