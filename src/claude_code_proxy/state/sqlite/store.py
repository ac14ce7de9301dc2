"""What stores of content in SQLite share: reads and writes that end in time, and raise `StoreFailed`."""

import sqlite3
from collections.abc import Callable
from typing import TypeVar

from claude_code_proxy.state.reply_store import StoreFailed
from claude_code_proxy.state.sealing import Sealer
from claude_code_proxy.state.sqlite.database import Database, DatabaseFailed

_SECONDS = 5.0  # that a request waits for the file at most
_T = TypeVar("_T")


class SqliteContentStore:
    """One kind of content in a file, sealed by `_sealer`."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer

    async def _read(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        try:
            return await self._database.read(work, seconds=_SECONDS)
        except DatabaseFailed as error:
            raise StoreFailed(str(error)) from error

    async def _write(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        try:
            return await self._database.write(work, seconds=_SECONDS)
        except DatabaseFailed as error:
            raise StoreFailed(str(error)) from error
