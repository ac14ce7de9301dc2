"""The store of conversations: lists of items that their owner reads, changes, and lets responses continue.

As with replies, another owner's conversation is as good as none, and what is kept may go when its time has come or when
there is too much of it, the longest unused first.
"""

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct


class StoredConversation(Struct, frozen=True):
    """`created` and `until` are in epoch seconds; `metadata` is JSON."""

    id: str
    owner: str
    created: float
    until: float
    metadata: bytes


class ConversationItem(Struct, frozen=True):
    """One item as JSON, by the id that it has in it."""

    id: str
    item: bytes


class ConversationStore(Protocol):
    """Once a method has returned, every process that shares the store sees its effect. All raise `StoreFailed`."""

    async def get(self, id: str, *, owner: str, now: float) -> StoredConversation | None:
        """Return a conversation that is kept at `now`."""

    async def put(self, conversation: StoredConversation) -> None:
        """Keep a new conversation, or a known one with other metadata and another end; its items stay."""

    async def delete(self, id: str, *, owner: str) -> bool:
        """Forget a conversation and its items; return whether there was one."""

    async def items(self, id: str, *, owner: str) -> Sequence[ConversationItem]:
        """Return all items, the oldest first."""

    async def append(self, id: str, items: Sequence[ConversationItem], *, owner: str, until: float) -> bool:
        """Add items at the end, and keep the conversation until then; return whether there is one."""

    async def delete_item(self, id: str, item_id: str, *, owner: str) -> bool:
        """Forget an item; return whether there was one."""
