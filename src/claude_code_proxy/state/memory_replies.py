"""Kept replies in the memory of one process: bounded, and gone with it."""

from collections import OrderedDict
from collections.abc import Sequence

from claude_code_proxy.state.reply_store import StoredReply

_ENTRY_BYTES = 500  # of a reply beside its content


class MemoryReplyStore:
    """A `ReplyStore` of at most `most_bytes`; the oldest reply goes first."""

    def __init__(self, most_bytes: int = 64 * 1024 * 1024) -> None:
        self._most_bytes = most_bytes
        self._replies: OrderedDict[tuple[str, str], StoredReply] = OrderedDict()
        self.size = 0

    async def get(self, id: str, *, owner: str, now: float) -> StoredReply | None:
        found = self._replies.get((owner, id))
        return found if found is not None and found.until > now else None

    async def chain(self, id: str, *, owner: str, now: float) -> Sequence[StoredReply]:
        replies: list[StoredReply] = []
        while id:
            found = await self.get(id, owner=owner, now=now)
            if found is None:
                return ()
            replies.append(found)
            id = found.previous
        return replies[::-1]

    async def put(self, reply: StoredReply) -> None:
        await self.delete(reply.id, owner=reply.owner)
        if _cost(reply) > self._most_bytes:
            return
        self._replies[reply.owner, reply.id] = reply
        self.size += _cost(reply)
        while self.size > self._most_bytes:
            _, oldest = self._replies.popitem(last=False)
            self.size -= _cost(oldest)

    async def delete(self, id: str, *, owner: str) -> bool:
        found = self._replies.pop((owner, id), None)
        self.size -= 0 if found is None else _cost(found)
        return found is not None


def _cost(reply: StoredReply) -> int:
    return reply.size + _ENTRY_BYTES
