"""Calls that the service ran in a reply -> items of a streamed response, each with its result.

Only one item can be open, while Claude may make several calls before the first result. So the first call is shown as it
comes, and each later one once those before it have ended.
"""

from collections import deque
from collections.abc import Iterator
from typing import Protocol

import msgspec
from msgspec import Raw

from claude_code_proxy import messages
from claude_code_proxy.endpoints.responses.events import EventWriter
from claude_code_proxy.endpoints.responses.output import HostedCallItem, ReasoningItem
from claude_code_proxy.endpoints.responses.reasoning import Seal, sealed_blocks
from claude_code_proxy.endpoints.responses.tools.code_calls import CODE_TOOLS, CodeCall
from claude_code_proxy.endpoints.responses.tools.hosted_call import (
    CallBlock,
    HostedOptions,
    HostedResult,
    Inner,
    ResultBlock,
    block_id,
    input_of,
    to_hosted_result,
)
from claude_code_proxy.endpoints.responses.tools.mcp_calls import McpCall, to_listing
from claude_code_proxy.endpoints.responses.tools.web_calls import WebCall

_encode = msgspec.json.encode


class HostedItem(Protocol):
    """One call, as an item. `delta` is the event of a piece of its input, for kinds that show it as it comes."""

    @property
    def prefix(self) -> str: ...
    @property
    def opening(self) -> tuple[str, ...]: ...
    @property
    def delta(self) -> str: ...

    def begun(self, id: str) -> HostedCallItem:
        """Return the item as it is added."""

    def read(self, input: bytes) -> Iterator[Inner]:
        """Take the whole input, and yield the events that show it."""

    def ended(self, id: str, result: HostedResult | None) -> tuple[HostedCallItem, str]:
        """Return the item as it is done and the event that says so; none ("") where no event does."""


class _OpenCall:
    """A call whose item has not ended. `pieces` is its input so far, `input` the whole once its block has ended."""

    def __init__(self, block: CallBlock, item: HostedItem) -> None:
        self.block = block
        self.id = block_id(block)
        self.item = item
        self.pieces: list[str] = []
        self.input: bytes | None = None
        self.result: tuple[ResultBlock, HostedResult] | None = None


class HostedCallStream:
    """Shows hosted calls. With a seal, a reasoning item after each one carries its blocks, for who sends them back."""

    def __init__(self, writer: EventWriter, options: HostedOptions, *, seal: Seal | None) -> None:
        self._write = writer
        self._options = options
        self._seal = seal
        self._calls: deque[_OpenCall] = deque()

    def begin(self, block: CallBlock) -> bytes:
        """Begin a call; nothing is shown of one that has no kind of item."""
        item = self._item(block)
        if item is None:
            return b""
        call = _OpenCall(block, item)
        self._calls.append(call)
        return self._show(call) if len(self._calls) == 1 else b""

    def piece(self, text: str) -> bytes:
        """Take a piece of the input of the last call."""
        if not self._calls or self._calls[-1].input is not None:
            return b""
        call = self._calls[-1]
        call.pieces.append(text)
        return self._delta(call, text) if len(self._calls) == 1 else b""

    def end_input(self) -> bytes:
        """End the input of the last call, at the end of its block."""
        if not self._calls or self._calls[-1].input is not None:
            return b""
        call = self._calls[-1]
        call.input = "".join(call.pieces).encode() or input_of(call.block)
        return self._read(call) if len(self._calls) == 1 else b""

    def result(self, block: ResultBlock) -> bytes:
        """Take the result of a call, and end all items up to the first without one."""
        result = to_hosted_result(block)
        for call in self._calls:
            if result is not None and call.id == result.tool_use_id:
                call.result = block, result
        frames = b""
        while self._calls and self._calls[0].result is not None:
            frames += self._end_first()
        return frames

    def list_tools(self, block: messages.UnknownBlock) -> bytes:
        """Show the tools of an MCP server."""
        id = self._write.item_id("mcpl")
        item = to_listing(block, id)
        return b"".join((
            self.close(),
            self._write.add_item(msgspec.structs.replace(item, tools=Raw(b"[]"))),
            self._write.inner("response.mcp_list_tools.in_progress", id),
            self._write.inner("response.mcp_list_tools.completed", id),
            self._write.end_item(item),
        ))

    def close(self) -> bytes:
        """End the items of calls whose results never came."""
        frames = b""
        while self._calls:
            frames += self._end_first()
        return frames

    def _item(self, block: CallBlock) -> HostedItem | None:
        if isinstance(block, messages.UnknownBlock):
            return McpCall(block)
        if block.name in {"web_search", "web_fetch"}:
            return WebCall(fetches=block.name == "web_fetch", sources=self._options.sources)
        if block.name in CODE_TOOLS:
            return CodeCall(container=self._options.container, outputs=self._options.outputs)
        return None

    def _show(self, call: _OpenCall) -> bytes:
        id = self._write.item_id(call.item.prefix)
        added = self._write.add_item(call.item.begun(id))
        return added + b"".join(self._write.inner(event, id) for event in call.item.opening)

    def _delta(self, call: _OpenCall, text: str) -> bytes:
        if not call.item.delta:
            return b""
        return self._write.inner(
            call.item.delta, self._write.item_id(call.item.prefix), fields=b',"delta":' + _encode(text)
        )

    def _read(self, call: _OpenCall) -> bytes:
        id = self._write.item_id(call.item.prefix)
        missed = self._delta(call, (call.input or b"").decode()) if not call.pieces else b""
        return missed + b"".join(
            self._write.inner(event, id, fields=fields) for event, fields in call.item.read(call.input or b"{}")
        )

    def _end_first(self) -> bytes:
        call = self._calls.popleft()
        frames = self._read_unfinished(call)
        id = self._write.item_id(call.item.prefix)
        item, event = call.item.ended(id, None if call.result is None else call.result[1])
        frames += self._write.inner(event, id) if event else b""
        frames += self._write.end_item(item) + self._carry(call)
        return frames + (self._catch_up(self._calls[0]) if self._calls else b"")

    def _read_unfinished(self, call: _OpenCall) -> bytes:
        """Show the input of a call that was cut within it."""
        if call.input is not None:
            return b""
        call.input = "".join(call.pieces).encode()
        return self._read(call)

    def _catch_up(self, call: _OpenCall) -> bytes:
        """Show what came of a call while another one was open."""
        frames = self._show(call)
        if call.pieces:
            frames += self._delta(call, "".join(call.pieces))
        return frames + (self._read(call) if call.input is not None else b"")

    def _carry(self, call: _OpenCall) -> bytes:
        if self._seal is None or call.result is None or call.input is None:
            return b""
        id = self._write.item_id("rs")
        blocks = (messages.with_input(call.block, Raw(call.input)), call.result[0])
        item = ReasoningItem(id, (), sealed_blocks(blocks, self._seal))
        return self._write.add_item(ReasoningItem(id)) + self._write.end_item(item)
