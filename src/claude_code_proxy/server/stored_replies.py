"""Replies that callers want kept: kept as they end, found by later requests, and the pages about them.

Each caller sees only what its own key has made.
"""

import hashlib
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar
from urllib.parse import parse_qs

import msgspec

from claude_code_proxy.endpoints.endpoint import KeptReply
from claude_code_proxy.endpoints.responses.stored import (
    check_limit,
    decode_kept_items,
    find_item,
    join_turns,
    render_page,
    response_id_of,
)
from claude_code_proxy.errors import InvalidRequest, ProxyError
from claude_code_proxy.http1.server.request import Request
from claude_code_proxy.server.access.api_keys import keys_in
from claude_code_proxy.server.exchange.reply.headers import JSON
from claude_code_proxy.server.routes import Page, Reply
from claude_code_proxy.state.reply_store import ReplyStore, StoredReply, StoreFailed

_log = logging.getLogger(__name__)
_RESPONSE = "response"
_PREFIX = "resp_"
_T = TypeVar("_T")


class StateUnavailable(ProxyError):
    """What is kept cannot be read just now."""

    status = 503


class StoredReplies:
    """`owner_of` names the caller of a request by its headers; `keep_seconds` is how long replies are kept."""

    def __init__(
        self, store: ReplyStore, *, owner_of: Callable[[Mapping[bytes, bytes]], str], keep_seconds: float
    ) -> None:
        self._store = store
        self._owner_of = owner_of
        self._keep_seconds = keep_seconds

    async def find(self, ids: Sequence[str], headers: Mapping[bytes, bytes]) -> Mapping[str, bytes]:
        """Return what a request names: the turns of a response and all that it continues, or one item.

        What is not found is left out. Raise `StateUnavailable`.
        """
        owner = self._owner_of(headers)
        found: dict[str, bytes] = {}
        for id in ids:
            value = await (self._turns(id, owner) if id.startswith(_PREFIX) else self._item(id, owner))
            if value is not None:
                found[id] = value
        return found

    async def keep(self, replies: Sequence[KeptReply], headers: Mapping[bytes, bytes]) -> None:
        """Keep replies before their callers learn that they are complete. A failure costs no caller its answer."""
        now, owner = time.time(), self._owner_of(headers)
        for reply in replies:
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
            try:
                await self._store.put(stored)
            except StoreFailed as error:
                _log.warning("a response could not be kept: %s", error)

    def pages(self) -> Mapping[str, Page]:
        return {
            "GET /responses/{id}": self._get,
            "DELETE /responses/{id}": self._delete,
            "GET /responses/{id}/input_items": self._input_items,
            "POST /responses/{id}/cancel": self._cancel,
        }

    async def _get(self, request: Request, parameters: Mapping[str, str]) -> Reply:
        return 200, [JSON], (await self._response(parameters["id"], request)).reply

    async def _delete(self, request: Request, parameters: Mapping[str, str]) -> Reply:
        id = (await self._response(parameters["id"], request)).id
        await _or_unavailable(self._store.delete(id, owner=self._owner_of(request.headers)))
        return 200, [JSON], msgspec.json.encode({"id": id, "object": "response", "deleted": True})

    async def _input_items(self, request: Request, parameters: Mapping[str, str]) -> Reply:
        query = {name: values[-1] for name, values in parse_qs(request.query).items()}
        limit = check_limit(query.get("limit"))
        response = await self._response(parameters["id"], request)
        items = decode_kept_items(response.input)
        ascending = query.get("order") == "asc"
        return 200, [JSON], render_page(items, limit=limit, after=query.get("after", ""), ascending=ascending)

    async def _cancel(self, request: Request, parameters: Mapping[str, str]) -> Reply:
        await self._response(parameters["id"], request)
        raise InvalidRequest("Only responses that were created with 'background' set to true can be cancelled.")

    async def _response(self, id: str, request: Request) -> StoredReply:
        found = await _or_unavailable(self._store.get(id, owner=self._owner_of(request.headers), now=time.time()))
        if found is None:
            raise InvalidRequest(f"Response with id '{id}' not found.", status=404)
        return found

    async def _turns(self, id: str, owner: str) -> bytes | None:
        chain = await _or_unavailable(self._store.chain(id, owner=owner, now=time.time()))
        return join_turns(reply.turns for reply in chain) if chain else None

    async def _item(self, id: str, owner: str) -> bytes | None:
        found = await _or_unavailable(self._store.get(response_id_of(id), owner=owner, now=time.time()))
        return find_item(id, reply=found.reply, given=found.input) if found is not None else None


async def _or_unavailable(answer: Awaitable[_T]) -> _T:
    try:
        return await answer
    except StoreFailed as error:
        raise StateUnavailable(f"What was kept cannot be read just now: {error}.") from error


def owner_by_key(headers: Mapping[bytes, bytes]) -> str:
    """Return a short digest of the caller's API key, so that each key has an owner of its own."""
    key = b"\0".join(keys_in(headers))
    return hashlib.blake2b(key, digest_size=12).hexdigest() if key else ""
