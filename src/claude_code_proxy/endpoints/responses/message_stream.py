"""The message item of a streamed response: the text of blocks that follow each other, its citations, and a refusal."""

import msgspec

from claude_code_proxy import messages
from claude_code_proxy.endpoints.responses import output
from claude_code_proxy.endpoints.responses.events import EventWriter

_encode = msgspec.json.encode
_TEXT = (
    b'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","sequence_number":%d,'
    b'%b%b,"logprobs":[]}\n\n'
)


class MessageStream:
    """Opened by the first block of text, and closed by the first block of another kind."""

    def __init__(self, writer: EventWriter) -> None:
        self._writer = writer
        self._reset()

    def _reset(self) -> None:
        self.is_open = False
        self._id = ""
        self._head = b""  # of a text event, between its number and the text
        self._pieces: list[str] = []
        self._measured = self._length = 0  # pieces that were measured, and their characters
        self._block_start = 0  # in characters
        self._annotations: list[output.FlatUrlCitation] = []
        self._citations: list[messages.Citation] = []  # of the current block

    def open(self, block: messages.Text) -> bytes:
        """Begin a block of text, and the item with the first one."""
        frames = b"" if self.is_open else self._begin()
        self._block_start = self._measure()
        self._citations = messages.decode_citations(block.citations)
        return frames + self.text(block.text)

    def text(self, text: str) -> bytes:
        if not text:
            return b""
        self._pieces.append(text)
        return _TEXT % (self._writer.next_number(), self._head, _encode(text))

    def cite(self, citation: messages.Citation) -> None:
        self._citations.append(citation)

    def end_block(self) -> bytes:
        """Return the annotations of the block that ends. Citations without a URL are left out."""
        frames = [self._annotate(citation) for citation in self._citations if citation.url]
        self._citations = []
        return b"".join(frames)

    def close(self, *, status: str, refusal: str | None = None) -> bytes:
        """End the item, if there is one. A refusal after some text is a part of its own."""
        if not self.is_open:
            return b""
        text = "".join(self._pieces)
        part = output.OutputTextPart(text, tuple(self._annotations))
        frames = self._inner("response.output_text.done", b',"text":%b,"logprobs":[]' % _encode(text))
        frames += self._inner("response.content_part.done", b',"part":' + _encode(part))
        parts: tuple[output.OutputTextPart | output.OutputRefusal, ...] = (part,)
        if refusal is not None:
            frames += refusal_part(self._writer, self._id, refusal=refusal, index=1)
            parts = (part, output.OutputRefusal(refusal))
        frames += self._writer.end_item(output.MessageItem(self._id, status, parts))
        self._reset()
        return frames

    def _begin(self) -> bytes:
        self.is_open = True
        self._id = self._writer.item_id("msg")
        self._head = b'"item_id":"%b","output_index":%d,"content_index":0,"delta":' % (
            self._id.encode(),
            len(self._writer.items),
        )
        added = self._writer.add_item(output.MessageItem(self._id, output.IN_PROGRESS))
        return added + self._inner("response.content_part.added", b',"part":' + _encode(output.OutputTextPart("")))

    def _annotate(self, citation: messages.Citation) -> bytes:
        url = citation.url or ""
        made = output.FlatUrlCitation(url, citation.title or url, self._block_start, self._measure())
        at = b',"annotation_index":%d,"annotation":%b' % (len(self._annotations), _encode(made))
        self._annotations.append(made)
        return self._inner("response.output_text.annotation.added", at)

    def _measure(self) -> int:
        """Return the length of the text so far; most texts are never asked for theirs."""
        self._length += sum(map(len, self._pieces[self._measured :]))
        self._measured = len(self._pieces)
        return self._length

    def _inner(self, kind: str, fields: bytes) -> bytes:
        return self._writer.inner(kind, self._id, fields=b',"content_index":0' + fields)


def refusal_message(writer: EventWriter, refusal: str) -> bytes:
    """Return a message that is nothing but a refusal."""
    id = writer.item_id("msg")
    added = writer.add_item(output.MessageItem(id, output.IN_PROGRESS))
    part = refusal_part(writer, id, refusal=refusal, index=0)
    done = writer.end_item(output.MessageItem(id, output.COMPLETED, (output.OutputRefusal(refusal),)))
    return added + part + done


def refusal_part(writer: EventWriter, item_id: str, *, refusal: str, index: int) -> bytes:
    at = b',"content_index":%d,' % index
    words = _encode(refusal)
    return b"".join((
        writer.inner(
            "response.content_part.added", item_id, fields=at + b'"part":' + _encode(output.OutputRefusal(""))
        ),
        writer.inner("response.refusal.delta", item_id, fields=at + b'"delta":' + words),
        writer.inner("response.refusal.done", item_id, fields=at + b'"refusal":' + words),
        writer.inner(
            "response.content_part.done", item_id, fields=at + b'"part":' + _encode(output.OutputRefusal(refusal))
        ),
    ))
