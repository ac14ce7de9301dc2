"""Items of calls that the service ran in an earlier turn -> blocks of that turn, as far as they tell enough."""

import re
from collections.abc import Sequence
from functools import cached_property
from typing import TypeAlias

import msgspec
from msgspec import Raw, Struct

from claude_code_proxy import messages
from claude_code_proxy.endpoints.responses import items
from claude_code_proxy.endpoints.responses.tools.code_calls import to_code_blocks
from claude_code_proxy.endpoints.responses.tools.mcp_calls import to_mcp_blocks

HostedInput: TypeAlias = items.HostedSearch | items.CodeCallInput | items.McpCallInput

_NO_ID = re.compile(r"[^a-zA-Z0-9]+")


class _PeekedService(Struct, frozen=True):
    type: str | None = None
    server_label: str | None = None


_peek = msgspec.json.Decoder(_PeekedService).decode


class HostedHistory:
    """Claude takes such blocks only beside the tool that made them, so `tools` are those of the request."""

    def __init__(self, tools: Sequence[Raw]) -> None:
        self._tools = tools

    def blocks(self, item: HostedInput, at: str) -> tuple[messages.Block, ...]:
        """Return the call and its result; none where they cannot be told from the item, or its tool is gone."""
        suffix = _NO_ID.sub("_", item.id or at).strip("_")
        match item:
            case items.McpCallInput() if ("mcp", item.server_label) in self._offered:
                return to_mcp_blocks(item, f"mcptoolu_{suffix}")
            case items.CodeCallInput() if ("code_interpreter", None) in self._offered:
                return to_code_blocks(item, f"srvtoolu_{suffix}")
            case _:
                return ()

    @cached_property
    def _offered(self) -> frozenset[tuple[str | None, str | None]]:
        peeked = map(_peek, self._tools)
        return frozenset((tool.type, tool.server_label) for tool in peeked)
