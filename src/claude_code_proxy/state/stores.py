"""The stores of one engine, one for each kind of state, and the choice of the engine."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from msgspec import Struct

from claude_code_proxy.state.memory import MemoryThinkingStore
from claude_code_proxy.state.thinking_store import ThinkingStore


class Stores(Struct, frozen=True):
    """`close` writes what is still to be written, within a few seconds, and lets the engine go."""

    thinking: ThinkingStore
    close: Callable[[], Awaitable[None]]


def open_stores(directory: Path | None) -> Stores:
    """Return stores in the file `state.db` of `directory`, or in memory without one.

    Raise `OSError` with words for the owner if the file cannot be used.
    """
    if directory is None:
        return Stores(MemoryThinkingStore(), _nothing_to_close)
    from claude_code_proxy.state.sqlite.database import Database  # noqa: PLC0415 - most starts need no SQLite
    from claude_code_proxy.state.sqlite.thinking import SqliteThinkingStore  # noqa: PLC0415

    database = Database(directory / "state.db")
    return Stores(SqliteThinkingStore(database), database.close)


async def _nothing_to_close() -> None:
    """Do nothing: memory is freed with its store."""
