"""Conversations that callers keep here: the pages about them, and what responses read from them and add to them."""

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import parse_qs

import msgspec
from msgspec import Raw

from claude_code_proxy.endpoints.responses.kept_conversations import (
    decode_added,
    decode_changed,
    decode_new,
    render_conversation,
    render_deleted,
    shown,
)
from claude_code_proxy.endpoints.responses.stored import check_limit, item_id, render_page
from claude_code_proxy.errors import InvalidRequest
from claude_code_proxy.http1.server.request import Request
from claude_code_proxy.server.exchange.reply.headers import JSON
from claude_code_proxy.server.routes import Page, Reply
from claude_code_proxy.server.state_access import or_unavailable
from claude_code_proxy.state.conversation_store import ConversationItem, ConversationStore, StoredConversation

_BYTES = 16  # of randomness in an id


class Conversations:
    """`owner_of` names the caller of a request by its headers; `keep_seconds` counts from the last use."""

    def __init__(
        self, store: ConversationStore, *, owner_of: Callable[[Mapping[bytes, bytes]], str], keep_seconds: float
    ) -> None:
        self._store = store
        self._owner_of = owner_of
        self._keep_seconds = keep_seconds

    async def find(self, id: str, owner: str) -> bytes | None:
        """Return the items of a conversation as a list; None where there is no such conversation."""
        if await or_unavailable(self._store.get(id, owner=owner, now=time.time())) is None:
            return None
        items = await or_unavailable(self._store.items(id, owner=owner))
        return b"[" + b",".join([item.item for item in items]) + b"]"

    async def add(self, id: str, items: Sequence[bytes], *, owner: str) -> bool:
        """Add items at the end; return whether there is such a conversation. Raise `StoreFailed`."""
        kept = [ConversationItem(item_id(Raw(item)), item) for item in items]
        return await self._store.append(id, kept, owner=owner, until=time.time() + self._keep_seconds)

    def pages(self) -> Mapping[str, Page]:
        return {
            "POST /conversations": self._create,
            "GET /conversations/{id}": self._get,
            "POST /conversations/{id}": self._update,
            "DELETE /conversations/{id}": self._delete,
            "GET /conversations/{id}/items": self._items,
            "POST /conversations/{id}/items": self._add_items,
            "GET /conversations/{id}/items/{item}": self._item,
            "DELETE /conversations/{id}/items/{item}": self._delete_item,
        }

    async def _create(self, request: Request, _: Mapping[str, str]) -> Reply:
        number, now, owner = secrets.token_hex(_BYTES), time.time(), self._owner_of(request.headers)
        metadata, items = decode_new(request.body, number)
        made = StoredConversation(f"conv_{number}", owner, now, now + self._keep_seconds, metadata)
        await or_unavailable(self._store.put(made))
        if items:
            await or_unavailable(self.add(made.id, items, owner=owner))
        return _shown(made)

    async def _get(self, request: Request, parameters: Mapping[str, str]) -> Reply:
        return _shown(await self._found(request, parameters))

    async def _update(self, request: Request, parameters: Mapping[str, str]) -> Reply:
        found = await self._found(request, parameters)
        changed = msgspec.structs.replace(
            found, metadata=decode_changed(request.body), until=time.time() + self._keep_seconds
        )
        await or_unavailable(self._store.put(changed))
        return _shown(changed)

    async def _delete(self, request: Request, parameters: Mapping[str, str]) -> Reply:
        found = await self._found(request, parameters)
        await or_unavailable(self._store.delete(found.id, owner=found.owner))
        return 200, [JSON], render_deleted(found.id)

    async def _items(self, request: Request, parameters: Mapping[str, str]) -> Reply:
        query = parse_qs(request.query)
        limit = check_limit(query.get("limit", [None])[-1])
        found = await self._found(request, parameters)
        include = _include(query)
        items = await or_unavailable(self._store.items(found.id, owner=found.owner))
        page = render_page(
            [shown(item.item, include) for item in items],
            limit=limit,
            after=query.get("after", [""])[-1],
            ascending=query.get("order", [""])[-1] == "asc",
        )
        return 200, [JSON], page

    async def _add_items(self, request: Request, parameters: Mapping[str, str]) -> Reply:
        found = await self._found(request, parameters)
        items = decode_added(request.body, secrets.token_hex(_BYTES))
        if not await or_unavailable(self.add(found.id, items, owner=found.owner)):
            raise _unknown(found.id)
        include = _include(parse_qs(request.query))
        page = render_page([shown(item, include) for item in items], limit=len(items), after="", ascending=True)
        return 200, [JSON], page

    async def _item(self, request: Request, parameters: Mapping[str, str]) -> Reply:
        found = await self._found(request, parameters)
        for item in await or_unavailable(self._store.items(found.id, owner=found.owner)):
            if item.id == parameters["item"]:
                return 200, [JSON], bytes(shown(item.item, _include(parse_qs(request.query))))
        raise _unknown_item(parameters)

    async def _delete_item(self, request: Request, parameters: Mapping[str, str]) -> Reply:
        found = await self._found(request, parameters)
        if not await or_unavailable(self._store.delete_item(found.id, parameters["item"], owner=found.owner)):
            raise _unknown_item(parameters)
        return _shown(found)

    async def _found(self, request: Request, parameters: Mapping[str, str]) -> StoredConversation:
        id, owner = parameters["id"], self._owner_of(request.headers)
        found = await or_unavailable(self._store.get(id, owner=owner, now=time.time()))
        if found is None:
            raise _unknown(id)
        return found


def _shown(conversation: StoredConversation) -> Reply:
    body = render_conversation(conversation.id, created=conversation.created, metadata=conversation.metadata)
    return 200, [JSON], body


def _include(query: Mapping[str, Sequence[str]]) -> list[str]:
    """Return what is to be included; clients write lists with and without brackets."""
    return [*query.get("include", ()), *query.get("include[]", ())]


def _unknown(id: str) -> InvalidRequest:
    return InvalidRequest(f"Conversation with id '{id}' not found.", status=404)


def _unknown_item(parameters: Mapping[str, str]) -> InvalidRequest:
    return InvalidRequest(
        f"Item with id '{parameters['item']}' not found in conversation with id '{parameters['id']}'.", status=404
    )
