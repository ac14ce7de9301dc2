"""Thinking, both ways: the extras by which clients are shown reasoning and hand it back <-> thinking blocks.

Only signed thinking can be handed back: Claude refuses any other.
"""

from collections.abc import Iterable, Sequence

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from claude_code_proxy import messages

FORMAT = "anthropic-claude-v1"  # the name that OpenRouter's clients know for signed thinking of Claude
SEPARATOR = "\n\n"  # between the readable texts of two blocks


class ThinkingBlock(Struct, frozen=True, omit_defaults=True):
    """`thinking_blocks` as LiteLLM's clients keep and send them back; the index is what lists in streams need."""

    type: str
    index: int
    thinking: str | UnsetType = UNSET
    signature: str | UnsetType = UNSET
    data: str | UnsetType = UNSET


class ReasoningDetail(Struct, frozen=True, omit_defaults=True):
    """`reasoning_details` as OpenRouter's clients keep and send them back."""

    type: str
    index: int
    format: str
    text: str | UnsetType = UNSET
    signature: str | UnsetType = UNSET
    data: str | UnsetType = UNSET


class _Detail(Struct, frozen=True):
    text: str | None = None
    signature: str | None = None
    data: str | None = None
    format: str | None = None


_decode_detail = msgspec.json.Decoder(_Detail).decode


def to_thinking_block(thought: messages.AnyThinking, index: int) -> ThinkingBlock:
    if isinstance(thought, messages.RedactedThinking):
        return ThinkingBlock("redacted_thinking", index, data=thought.data)
    return ThinkingBlock("thinking", index, thinking=thought.thinking, signature=thought.signature)


def to_reasoning_detail(thought: messages.AnyThinking, index: int) -> ReasoningDetail:
    if isinstance(thought, messages.RedactedThinking):
        return ReasoningDetail("reasoning.encrypted", index, FORMAT, data=thought.data)
    return ReasoningDetail("reasoning.text", index, FORMAT, text=thought.thinking, signature=thought.signature)


def to_text(thoughts: Iterable[messages.AnyThinking]) -> str:
    return SEPARATOR.join(t.thinking for t in thoughts if isinstance(t, messages.Thinking) and t.thinking)


def signed_thoughts(thinking_blocks: Sequence[Raw], reasoning_details: Sequence[Raw]) -> list[messages.AnyThinking]:
    """Return the signed thinking that a client hands back. Where it sends both forms, they hold the same."""
    if thinking_blocks:
        return [thought for raw in thinking_blocks if (thought := _of_block(raw))]
    return [thought for raw in reasoning_details if (thought := _of_detail(raw))]


def _of_block(raw: Raw) -> messages.AnyThinking | None:
    try:
        block = messages.decode_block(raw)
    except msgspec.DecodeError:
        return None
    if isinstance(block, messages.Thinking):
        return block if block.signature else None
    return block if isinstance(block, messages.RedactedThinking) else None


def _of_detail(raw: Raw) -> messages.AnyThinking | None:
    """Decode signed text or an encrypted block; return None for those of other makers' models."""
    try:
        detail = _decode_detail(raw)
    except msgspec.DecodeError:
        return None
    if detail.format not in {None, FORMAT}:
        return None
    if detail.signature:
        return messages.Thinking(detail.text or "", detail.signature)
    return messages.RedactedThinking(detail.data) if detail.data else None
