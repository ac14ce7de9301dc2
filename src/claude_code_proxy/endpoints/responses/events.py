"""The frames of a streamed response: numbered events about its items.

https://platform.openai.com/docs/api-reference/responses-streaming. Numbers count from 0 without gaps. An item is open
from `add_item` to `end_item`, and only one at a time.
"""

import msgspec
from msgspec import Raw

from claude_code_proxy.endpoints.responses.output import OutputItem

_encode = msgspec.json.encode


class EventWriter:
    """Writes the events of one response. `response_id` is the beginning of all other ids."""

    def __init__(self, response_id: str) -> None:
        self.items: list[Raw] = []  # those that have ended
        self._suffix = response_id.partition("_")[2]
        self._number = 0

    def item_id(self, prefix: str) -> str:
        """Return the id of the item that is open or comes next."""
        return f"{prefix}_{self._suffix}{len(self.items):03x}"

    def event(self, kind: str, fields: bytes) -> bytes:
        """Return one frame; `fields` are those beside the type and the number, without braces."""
        name = kind.encode()
        return b'event: %b\ndata: {"type":"%b","sequence_number":%d,%b}\n\n' % (name, name, self.next_number(), fields)

    def next_number(self) -> int:
        number = self._number
        self._number = number + 1
        return number

    def inner(self, kind: str, item_id: str, *, fields: bytes = b"") -> bytes:
        """Return an event about the item that is open; `fields` begin with a comma."""
        return self.event(kind, b'"item_id":"%b","output_index":%d%b' % (item_id.encode(), len(self.items), fields))

    def add_item(self, item: OutputItem) -> bytes:
        return self.event(
            "response.output_item.added", b'"output_index":%d,"item":%b' % (len(self.items), _encode(item))
        )

    def end_item(self, item: OutputItem) -> bytes:
        """Return the event by which an item is done, and keep the item."""
        encoded = _encode(item)
        frame = self.event("response.output_item.done", b'"output_index":%d,"item":%b' % (len(self.items), encoded))
        self.items.append(Raw(encoded))
        return frame
