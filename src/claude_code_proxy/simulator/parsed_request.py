"""A decoded request body as the rules see it: with its model, its betas, and its messages merged into turns.

The service merges neighbouring messages of one role before it judges a conversation, so its `messages.N` counts turns.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from claude_code_proxy.simulator import betas
from claude_code_proxy.simulator.models import SimulatedModel

Block = dict[str, Any]

SERVER_RESULTS = "_tool_result"


def to_blocks(content: object) -> list[Block]:
    """Return content as blocks: a string is one text block, an empty string none."""
    if isinstance(content, str):
        return [{"type": "text", "text": content}] if content else []
    return list(content) if isinstance(content, list) else []


def is_server_result(block: Block) -> bool:
    kind = block["type"]
    return bool(kind.endswith(SERVER_RESULTS))


@dataclass
class ParsedTurn:
    """Neighbouring messages of one role; `index` is the N of `messages.N` in the service's errors."""

    index: int
    role: str
    blocks: list[Block]

    def path(self, block: int) -> str:
        return f"messages.{self.index}.content.{block}"

    def of_type(self, *kinds: str) -> Iterator[tuple[int, Block]]:
        return ((at, block) for at, block in enumerate(self.blocks) if block["type"] in kinds)


def merge(messages: list[dict[str, Any]]) -> list[ParsedTurn]:
    """Merge neighbouring user messages into one turn, and likewise assistant messages.

    Where the assistant speaks first, the service counts from 1, as if an empty user turn stood before it.
    """
    turns: list[ParsedTurn] = []
    first = 1 if messages and messages[0]["role"] == "assistant" else 0
    for message in messages:
        blocks = to_blocks(message["content"])
        if turns and turns[-1].role == message["role"] != "system":
            turns[-1].blocks.extend(blocks)
        else:
            turns.append(ParsedTurn(len(turns) + first, message["role"], blocks))
    return turns


@dataclass(frozen=True)
class Caller:
    """What headers and path determine about a request, and the settings of the simulated account."""

    version: str = "2023-06-01"
    betas: frozenset[str] = frozenset()
    counting: bool = False
    enforces_binding: bool = True
    secret: bytes = b"simulated"

    @cached_property
    def features(self) -> frozenset[str]:
        return betas.features(self.betas)


@dataclass(frozen=True)
class ParsedRequest:
    """A request for the rules; `dropped` and `transformations` are filled in by `rules.signed_content`."""

    body: dict[str, Any]
    model: SimulatedModel
    caller: Caller
    dropped: set[tuple[int, int]] = field(default_factory=set)
    transformations: list[dict[str, str]] = field(default_factory=list)

    @cached_property
    def turns(self) -> list[ParsedTurn]:
        return merge(self.body["messages"])

    @property
    def tools(self) -> list[dict[str, Any]]:
        return self.body.get("tools") or []

    @property
    def tool_choice(self) -> dict[str, Any]:
        return self.body.get("tool_choice") or {"type": "auto"}

    @property
    def forces_tool(self) -> bool:
        return self.tool_choice["type"] in {"any", "tool"}

    @property
    def output_config(self) -> dict[str, Any]:
        return self.body.get("output_config") or {}

    @property
    def output_schema(self) -> dict[str, Any] | None:
        chosen = self.output_config.get("format") or {}
        return chosen.get("schema")

    @property
    def effort(self) -> str | None:
        return self.output_config.get("effort")

    @cached_property
    def thinking(self) -> dict[str, Any]:
        """The `thinking` of the request, else the default of the model."""
        request: dict[str, Any] | None = self.body.get("thinking")
        if request is not None:
            return request
        return {"type": "adaptive" if self.model.thinks_by_default else "disabled"}

    @property
    def system(self) -> list[Block]:
        return to_blocks(self.body.get("system"))
