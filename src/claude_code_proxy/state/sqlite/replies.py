"""Kept replies in SQLite, with their content sealed: a `ReplyStore` that several processes share."""

import sqlite3
from collections.abc import Sequence

from msgspec.structs import replace

from claude_code_proxy.state.reply_store import StoredReply
from claude_code_proxy.state.sealing import Sealer
from claude_code_proxy.state.sqlite.database import Database
from claude_code_proxy.state.sqlite.store import SqliteContentStore

_COLUMNS = "id, kind, owner, created, until, previous, metadata, reply, input, turns"
_INSERT = f"insert or replace into replies ({_COLUMNS}) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
_SELECT = f"select {_COLUMNS} from replies where owner = ? and id = ? and until > ?"  # noqa: S608
_CHAIN_COLUMNS = ", ".join(f"replies.{name}" for name in _COLUMNS.split(", "))
_CHAIN = (
    "with recursive chain (id, previous, depth) as ("  # noqa: S608
    "select id, previous, 0 from replies where owner = :owner and id = :id and until > :now "
    "union all select replies.id, replies.previous, depth + 1 from replies join chain on replies.id = chain.previous "
    "where owner = :owner and until > :now and depth < 100000) "
    f"select {_CHAIN_COLUMNS} "
    "from chain join replies on replies.owner = :owner and replies.id = chain.id order by depth desc"
)
_DELETE = "delete from replies where owner = ? and id = ?"
_EXPIRE = "delete from replies where until <= ?"
_SIZE = "select coalesce(sum(length(metadata) + length(reply) + length(input) + length(turns)), 0) from replies"
_DROP_OLDEST = (
    "delete from replies where rowid in (select rowid from replies order by created limit max(1, (select count(*) / 10 "
    "from replies)))"
)
_SWEEP_EVERY = 64  # puts


class SqliteReplyStore(SqliteContentStore):
    """At most about `most_bytes` of content; the oldest tenth goes when there is more."""

    def __init__(self, database: Database, sealer: Sealer, *, most_bytes: int = 4 * 1024 * 1024 * 1024) -> None:
        super().__init__(database, sealer)
        self._most_bytes = most_bytes
        self._puts = 0

    async def get(self, id: str, *, owner: str, now: float) -> StoredReply | None:
        row = await self._read(lambda file: file.execute(_SELECT, (owner, id, now)).fetchone())
        return None if row is None else self._opened(StoredReply(*row))

    async def chain(self, id: str, *, owner: str, now: float) -> Sequence[StoredReply]:
        values = {"owner": owner, "id": id, "now": now}
        rows = await self._read(lambda file: file.execute(_CHAIN, values).fetchall())
        replies = [self._opened(StoredReply(*row)) for row in rows]
        if not replies or replies[0] is None or replies[0].previous:
            return ()  # what the first one continues is gone
        whole = [reply for reply in replies if reply is not None]
        return whole if len(whole) == len(replies) else ()

    async def put(self, reply: StoredReply) -> None:
        sealed = self._sealed(reply)
        self._puts += 1
        sweeps = self._puts % _SWEEP_EVERY == 1
        await self._write(lambda file: self._put(file, sealed, sweeps=sweeps))

    async def delete(self, id: str, *, owner: str) -> bool:
        return await self._write(lambda file: file.execute(_DELETE, (owner, id)).rowcount > 0)

    def _put(self, file: sqlite3.Connection, reply: StoredReply, *, sweeps: bool) -> None:
        file.execute(_INSERT, tuple(getattr(reply, name) for name in StoredReply.__struct_fields__))
        if not sweeps:
            return
        file.execute(_EXPIRE, (reply.created,))
        while file.execute(_SIZE).fetchone()[0] > self._most_bytes:
            file.execute(_DROP_OLDEST)

    def _sealed(self, reply: StoredReply) -> StoredReply:
        seal = self._sealer.seal_bytes
        return replace(
            reply,
            metadata=seal(reply.metadata),
            reply=seal(reply.reply),
            input=seal(reply.input),
            turns=seal(reply.turns),
        )

    def _opened(self, reply: StoredReply) -> StoredReply | None:
        """Return the reply as it was; None if its key is no longer among ours."""
        opened = [self._sealer.open_bytes(value) for value in (reply.metadata, reply.reply, reply.input, reply.turns)]
        metadata, body, given, turns = opened
        if metadata is None or body is None or given is None or turns is None:
            return None
        return replace(reply, metadata=metadata, reply=body, input=given, turns=turns)
