"""What the server keeps beyond a request, opened as the settings say: stores, the seal, and the replies of callers.

Content of requests and replies is written to `STATE_DIR` only with `STORE_CONTENT`. Otherwise it is in memory, or, if
several workers share it, in a directory that is removed at the end.
"""

from pathlib import Path

from msgspec import Struct

from claude_code_proxy.errors import Misconfigured
from claude_code_proxy.server.conversations import Conversations
from claude_code_proxy.server.state_access import owner_by_key
from claude_code_proxy.server.stored_replies import StoredReplies
from claude_code_proxy.settings import Settings
from claude_code_proxy.state.sealing import Sealer, open_sealer
from claude_code_proxy.state.stores import ContentPlace, Stores, open_stores

_DAY = 86400.0


class OpenedState(Struct, frozen=True):
    stores: Stores
    sealer: Sealer
    replies: StoredReplies
    conversations: Conversations


def open_state(settings: Settings, shared: Path | None) -> OpenedState:
    """Open everything. `shared` is a temporary directory of several workers. Raise `Misconfigured`."""
    directory = settings.state_dir or shared
    content = settings.state_dir if settings.store_content else shared
    try:
        sealer = open_sealer([key.reveal().encode() for key in settings.state_key], directory)
        stores = open_stores(directory, ContentPlace(content, sealer))
    except OSError as error:
        raise Misconfigured(f"STATE_DIR: {directory} cannot be used: {error.strerror or error}.") from error
    keep_seconds = settings.responses_keep_days * _DAY
    conversations = Conversations(stores.conversations, owner_of=owner_by_key, keep_seconds=keep_seconds)
    replies = StoredReplies(
        stores.replies,
        conversations,
        owner_of=owner_by_key,
        keep_seconds=keep_seconds,
        temporary=settings.state_dir is None or not settings.store_content,
    )
    return OpenedState(stores, sealer, replies, conversations)
