"""Conversations in the memory of one process: bounded, and gone with it."""

from collections import OrderedDict
from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from claude_code_proxy.state.conversation_store import ConversationItem, StoredConversation

_ENTRY_BYTES = 500  # of a conversation or an item, beside its content


class _Kept(Struct):
    conversation: StoredConversation
    items: list[ConversationItem]

    @property
    def cost(self) -> int:
        items = sum(len(item.item) + _ENTRY_BYTES for item in self.items)
        return len(self.conversation.metadata) + _ENTRY_BYTES + items


class MemoryConversationStore:
    """A `ConversationStore` of at most `most_bytes`; the longest unused conversation goes first."""

    def __init__(self, most_bytes: int = 64 * 1024 * 1024) -> None:
        self._most_bytes = most_bytes
        self._kept: OrderedDict[tuple[str, str], _Kept] = OrderedDict()
        self.size = 0

    async def get(self, id: str, *, owner: str, now: float) -> StoredConversation | None:
        found = self._kept.get((owner, id))
        return found.conversation if found is not None and found.conversation.until > now else None

    async def put(self, conversation: StoredConversation) -> None:
        key = conversation.owner, conversation.id
        known = self._kept.get(key)
        self._keep(key, _Kept(conversation, [] if known is None else known.items))

    async def delete(self, id: str, *, owner: str) -> bool:
        return self._drop((owner, id))

    async def items(self, id: str, *, owner: str) -> Sequence[ConversationItem]:
        found = self._kept.get((owner, id))
        return tuple(found.items) if found is not None else ()

    async def append(self, id: str, items: Sequence[ConversationItem], *, owner: str, until: float) -> bool:
        found = self._kept.get((owner, id))
        if found is None:
            return False
        self._keep((owner, id), _Kept(replace(found.conversation, until=until), [*found.items, *items]))
        return True

    async def delete_item(self, id: str, item_id: str, *, owner: str) -> bool:
        found = self._kept.get((owner, id))
        rest = [] if found is None else [item for item in found.items if item.id != item_id]
        if found is None or len(rest) == len(found.items):
            return False
        self._keep((owner, id), _Kept(found.conversation, rest))
        return True

    def _keep(self, key: tuple[str, str], kept: _Kept) -> None:
        """Keep a conversation in place of what it was, as the latest one used."""
        self._drop(key)
        self._kept[key] = kept
        self.size += kept.cost
        while self.size > self._most_bytes:
            self._drop(next(iter(self._kept)))

    def _drop(self, key: tuple[str, str]) -> bool:
        found = self._kept.pop(key, None)
        self.size -= 0 if found is None else found.cost
        return found is not None
