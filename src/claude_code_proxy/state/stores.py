"""The stores of one engine, one for each kind of state, and the choice of the engine."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from claude_code_proxy.state.background_store import BackgroundStore
from claude_code_proxy.state.conversation_store import ConversationStore
from claude_code_proxy.state.memory import MemoryThinkingStore
from claude_code_proxy.state.memory_background import MemoryBackgroundStore
from claude_code_proxy.state.memory_conversations import MemoryConversationStore
from claude_code_proxy.state.memory_replies import MemoryReplyStore
from claude_code_proxy.state.reply_store import ReplyStore
from claude_code_proxy.state.sealing import Sealer
from claude_code_proxy.state.thinking_store import ThinkingStore

if TYPE_CHECKING:
    from claude_code_proxy.state.sqlite.database import Database


class Stores(Struct, frozen=True):
    """The stores of one engine. `close` writes what is pending, within a few seconds, and closes the engine."""

    thinking: ThinkingStore
    replies: ReplyStore
    conversations: ConversationStore
    background: BackgroundStore
    close: Callable[[], Awaitable[None]]


class ContentPlace(Struct, frozen=True):
    """Where the content of requests and replies is kept, and what seals it there; in memory without a directory."""

    directory: Path | None
    sealer: Sealer


def open_stores(directory: Path | None, content: ContentPlace | None = None) -> Stores:
    """Return stores in the file `state.db` of each directory, or in memory without one.

    Raise `OSError` with words for the owner if a file cannot be used.
    """
    kept = content.directory if content is not None else None
    databases = {place: _open(place) for place in {directory, kept} if place is not None}

    async def close() -> None:
        for database in databases.values():
            await database.close()

    thinking: ThinkingStore = MemoryThinkingStore()
    replies: ReplyStore = MemoryReplyStore()
    conversations: ConversationStore = MemoryConversationStore()
    background: BackgroundStore = MemoryBackgroundStore()
    if directory is not None:
        from claude_code_proxy.state.sqlite.thinking import SqliteThinkingStore  # noqa: PLC0415 - few need SQLite

        thinking = SqliteThinkingStore(databases[directory])
    if kept is not None and content is not None:
        from claude_code_proxy.state.sqlite.background import SqliteBackgroundStore  # noqa: PLC0415
        from claude_code_proxy.state.sqlite.conversations import SqliteConversationStore  # noqa: PLC0415
        from claude_code_proxy.state.sqlite.replies import SqliteReplyStore  # noqa: PLC0415

        replies = SqliteReplyStore(databases[kept], content.sealer)
        conversations = SqliteConversationStore(databases[kept], content.sealer)
        background = SqliteBackgroundStore(databases[kept], content.sealer)
    return Stores(thinking, replies, conversations, background, close)


def _open(directory: Path) -> "Database":
    from claude_code_proxy.state.sqlite.database import Database  # noqa: PLC0415

    return Database(directory / "state.db")
