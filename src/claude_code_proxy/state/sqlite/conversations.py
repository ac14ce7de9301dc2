"""Conversations in SQLite, with their content sealed: a `ConversationStore` that several processes share."""

import sqlite3
from collections.abc import Sequence

from msgspec.structs import replace

from claude_code_proxy.state.conversation_store import ConversationItem, StoredConversation
from claude_code_proxy.state.sealing import Sealer
from claude_code_proxy.state.sqlite.database import Database
from claude_code_proxy.state.sqlite.store import SqliteContentStore

_SELECT = "select id, owner, created, until, metadata from conversations where owner = ? and id = ? and until > ?"
_PUT = (
    "insert into conversations (id, owner, created, until, metadata) values (?, ?, ?, ?, ?) "
    "on conflict (owner, id) do update set until = excluded.until, metadata = excluded.metadata"
)
_PROLONG = "update conversations set until = ? where owner = ? and id = ?"
_DELETE = "delete from conversations where owner = ? and id = ?"
_ITEMS = "select id, item from conversation_items where owner = ? and conversation = ? order by position"
_APPEND = "insert into conversation_items (owner, conversation, id, item) values (?, ?, ?, ?)"
_DELETE_ITEM = "delete from conversation_items where owner = ? and conversation = ? and id = ?"
_DELETE_ITEMS = "delete from conversation_items where owner = ? and conversation = ?"
_EXPIRE = "delete from conversations where until <= ?"
_SIZE = "select coalesce(sum(length(item)), 0) from conversation_items"
_DROP_OLDEST = (
    "delete from conversations where rowid in (select rowid from conversations order by until limit max(1, (select "
    "count(*) / 10 from conversations)))"
)
_DROP_ORPHANS = (
    "delete from conversation_items where not exists (select 1 from conversations where conversations.owner = "
    "conversation_items.owner and conversations.id = conversation_items.conversation)"
)
_SWEEP_EVERY = 64  # new conversations


class SqliteConversationStore(SqliteContentStore):
    """At most about `most_bytes` of content; the tenth that was not used for longest goes when there is more."""

    def __init__(self, database: Database, sealer: Sealer, *, most_bytes: int = 4 * 1024 * 1024 * 1024) -> None:
        super().__init__(database, sealer)
        self._most_bytes = most_bytes
        self._puts = 0

    async def get(self, id: str, *, owner: str, now: float) -> StoredConversation | None:
        row = await self._read(lambda file: file.execute(_SELECT, (owner, id, now)).fetchone())
        if row is None:
            return None
        found = StoredConversation(*row)
        metadata = self._sealer.open_bytes(found.metadata)
        return None if metadata is None else replace(found, metadata=metadata)

    async def put(self, conversation: StoredConversation) -> None:
        sealed = replace(conversation, metadata=self._sealer.seal_bytes(conversation.metadata))
        self._puts += 1
        sweeps = self._puts % _SWEEP_EVERY == 1
        await self._write(lambda file: self._put(file, sealed, sweeps=sweeps))

    async def delete(self, id: str, *, owner: str) -> bool:
        def work(file: sqlite3.Connection) -> bool:
            file.execute(_DELETE_ITEMS, (owner, id))
            return file.execute(_DELETE, (owner, id)).rowcount > 0

        return await self._write(work)

    async def items(self, id: str, *, owner: str) -> Sequence[ConversationItem]:
        rows = await self._read(lambda file: file.execute(_ITEMS, (owner, id)).fetchall())
        opened = ((name, self._sealer.open_bytes(item)) for name, item in rows)
        return [ConversationItem(name, item) for name, item in opened if item is not None]

    async def append(self, id: str, items: Sequence[ConversationItem], *, owner: str, until: float) -> bool:
        rows = [(owner, id, item.id, self._sealer.seal_bytes(item.item)) for item in items]

        def work(file: sqlite3.Connection) -> bool:
            if not file.execute(_PROLONG, (until, owner, id)).rowcount:
                return False
            file.executemany(_APPEND, rows)
            return True

        return await self._write(work)

    async def delete_item(self, id: str, item_id: str, *, owner: str) -> bool:
        return await self._write(lambda file: file.execute(_DELETE_ITEM, (owner, id, item_id)).rowcount > 0)

    def _put(self, file: sqlite3.Connection, conversation: StoredConversation, *, sweeps: bool) -> None:
        file.execute(_PUT, tuple(getattr(conversation, name) for name in StoredConversation.__struct_fields__))
        if not sweeps:
            return
        file.execute(_EXPIRE, (conversation.created,))
        file.execute(_DROP_ORPHANS)
        while file.execute(_SIZE).fetchone()[0] > self._most_bytes:
            file.execute(_DROP_OLDEST)
            file.execute(_DROP_ORPHANS)
