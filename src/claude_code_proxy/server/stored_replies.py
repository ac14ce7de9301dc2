"""Replies that callers want kept: kept as they end, found by later requests, and the pages about them.

Each caller sees only what its own key has made.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import parse_qs

from claude_code_proxy.endpoints.endpoint import KeptReply
from claude_code_proxy.endpoints.responses.stored import (
    check_continues,
    check_limit,
    decode_kept_items,
    find_item,
    join_turns,
    render_page,
    response_id_of,
    split_items,
)
from claude_code_proxy.errors import InvalidRequest
from claude_code_proxy.http1.server.request import Request
from claude_code_proxy.server.conversations import Conversations
from claude_code_proxy.server.exchange.reply.headers import JSON
from claude_code_proxy.server.routes import Page, Reply
from claude_code_proxy.server.state_access import or_unavailable
from claude_code_proxy.state.reply_store import ReplyStore, StoredReply, StoreFailed

_log = logging.getLogger(__name__)
_RESPONSE = "response"
_RESPONSE_PREFIX, _CONVERSATION_PREFIX = "resp_", "conv_"


class StoredReplies:
    """`owner_of` names the caller of a request by its headers; `keep_seconds` is how long replies are kept."""

    def __init__(
        self,
        store: ReplyStore,
        conversations: Conversations,
        *,
        owner_of: Callable[[Mapping[bytes, bytes]], str],
        keep_seconds: float,
        temporary: bool = False,
    ) -> None:
        self.temporary = temporary
        self._store = store
        self._conversations = conversations
        self.owner_of = owner_of
        self._keep_seconds = keep_seconds

    async def find(self, ids: Sequence[str], headers: Mapping[bytes, bytes]) -> Mapping[str, bytes]:
        """Return what a request names: the turns of a response and all that it continues, a conversation, or one item.

        What is not found is left out. Raise `StateUnavailable`.
        """
        return await self.find_for(self.owner_of(headers), ids)

    async def find_for(self, owner: str, ids: Sequence[str]) -> Mapping[str, bytes]:
        """Return what a request of this owner names."""
        found: dict[str, bytes] = {}
        for id in ids:
            if id.startswith(_RESPONSE_PREFIX):
                value = await self._turns(id, owner)
            elif id.startswith(_CONVERSATION_PREFIX):
                value = await self._conversations.find(id, owner)
            else:
                value = await self._item(id, owner)
            if value is not None:
                found[id] = value
        return found

    async def keep(self, replies: Sequence[KeptReply], headers: Mapping[bytes, bytes]) -> None:
        """Keep replies before their callers learn that they are complete. A failure costs no caller its answer."""
        await self.keep_for(self.owner_of(headers), replies)

    async def keep_for(self, owner: str, replies: Sequence[KeptReply]) -> None:
        """Keep replies of this owner."""
        for reply in replies:
            try:
                if reply.conversation:
                    await self._conversations.add(reply.conversation, split_items(reply.items), owner=owner)
                await self.put(reply, owner)
            except StoreFailed as error:
                _log.warning("a response could not be kept: %s", error)

    def of(self, owner: str) -> "OwnedReplies":
        """Return the replies of one owner, whatever the headers of a request are."""
        return OwnedReplies(self, owner)

    async def put(self, reply: KeptReply, owner: str) -> None:
        """Keep a reply. Raise `StoreFailed`."""
        now = time.time()
        stored = StoredReply(
            id=reply.id,
            kind=_RESPONSE,
            owner=owner,
            created=now,
            until=now + self._keep_seconds,
            previous=reply.previous,
            metadata=reply.metadata,
            reply=reply.reply,
            input=reply.input,
            turns=reply.turns,
        )
        await self._store.put(stored)

    async def read(self, id: str, owner: str) -> StoredReply | None:
        """Return a reply that is kept. Raise `StoreFailed`."""
        return await self._store.get(id, owner=owner, now=time.time())

    async def write(self, reply: StoredReply) -> None:
        """Keep a reply that was changed. Raise `StoreFailed`."""
        await self._store.put(reply)

    async def forget(self, id: str, owner: str) -> None:
        """Forget a reply. Raise `StoreFailed`."""
        await self._store.delete(id, owner=owner)

    async def response(self, id: str, owner: str) -> StoredReply:
        """Return a response. Raise `InvalidRequest` if there is none, or `StateUnavailable`."""
        found = await or_unavailable(self.read(id, owner))
        if found is None:
            raise InvalidRequest(f"Response with id '{id}' not found.", status=404)
        return found

    def pages(self) -> Mapping[str, Page]:
        return {"GET /responses/{id}/input_items": self._input_items}

    async def _input_items(self, request: Request, parameters: Mapping[str, str]) -> Reply:
        query = {name: values[-1] for name, values in parse_qs(request.query).items()}
        limit = check_limit(query.get("limit"))
        response = await self._response(parameters["id"], request)
        items = decode_kept_items(response.input)
        ascending = query.get("order") == "asc"
        return 200, [JSON], render_page(items, limit=limit, after=query.get("after", ""), ascending=ascending)

    async def _response(self, id: str, request: Request) -> StoredReply:
        return await self.response(id, self.owner_of(request.headers))

    async def _turns(self, id: str, owner: str) -> bytes | None:
        chain = await or_unavailable(self._store.chain(id, owner=owner, now=time.time()))
        for reply in chain:
            check_continues(reply.id, reply.turns, reply=reply.reply)
        return join_turns(reply.turns for reply in chain) if chain else None

    async def _item(self, id: str, owner: str) -> bytes | None:
        found = await or_unavailable(self._store.get(response_id_of(id), owner=owner, now=time.time()))
        return find_item(id, reply=found.reply, given=found.input) if found is not None else None


class OwnedReplies:
    """The replies of one owner, for requests that do not tell their caller."""

    temporary = False  # nobody reads the headers of what is made in the background

    def __init__(self, replies: StoredReplies, owner: str) -> None:
        self._replies = replies
        self._owner = owner

    async def find(self, ids: Sequence[str], headers: Mapping[bytes, bytes]) -> Mapping[str, bytes]:
        del headers
        return await self._replies.find_for(self._owner, ids)

    async def keep(self, replies: Sequence[KeptReply], headers: Mapping[bytes, bytes]) -> None:
        del headers
        await self._replies.keep_for(self._owner, replies)
